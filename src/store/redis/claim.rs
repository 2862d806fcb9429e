//! Claims in Redis: one key per claim, which expires with it.

use std::time::{Duration, SystemTime};

use ::redis::Pipeline;

use super::Redis;
use super::millis::millis;
use super::script::{call, run};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::claims::{Claim, ClaimOutcome, ClaimRequest, MAX_CLAIMS};

impl Redis {
    pub async fn claim(&self, site: &Site, id: &CommentId, request: &ClaimRequest<'_>) -> Result<ClaimOutcome, Error> {
        self.check_reachable(site)?;
        let keys = self.keys(site);
        let mut command = call(&self.scripts.claim, &[keys.claim(id), keys.claims_of(request.moderator)]);
        command.arg(request.moderator).arg(millis(request.lease).max(1)).arg(u8::from(request.renew));
        command.arg(id.as_str()).arg(MAX_CLAIMS).arg(keys.claims_of(""));
        let mut reply = run(&self.connection, &self.scripts.claim, &command).await?;
        match reply.word() {
            "granted" => {
                Ok(ClaimOutcome::Granted(Claim { moderator: request.moderator.to_owned(), until: from_now(reply.number()?) }))
            }
            "full" => Ok(ClaimOutcome::Full),
            "taken" => {
                let moderator = reply.text()?;
                Ok(ClaimOutcome::Taken(Claim { moderator, until: from_now(reply.number()?) }))
            }
            _ => Err(reply.unexpected()),
        }
    }

    pub async fn release(&self, site: &Site, id: &CommentId, moderator: Option<&str>) -> Result<(), Error> {
        self.check_reachable(site)?;
        let (keys, moderator) = (self.keys(site), moderator.unwrap_or_default());
        let mut command = call(&self.scripts.claim, &[keys.claim(id), keys.claims_of(moderator)]);
        command.arg(moderator).arg(0).arg(0).arg(id.as_str()).arg(MAX_CLAIMS).arg(keys.claims_of(""));
        let reply = run(&self.connection, &self.scripts.claim, &command).await?;
        if reply.word() == "free" { Ok(()) } else { Err(reply.unexpected()) }
    }

    pub async fn claims(&self, site: &Site, ids: &[CommentId]) -> Result<Vec<Option<Claim>>, Error> {
        self.check_reachable(site)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys(site);
        let (mut names, mut times) = (Pipeline::with_capacity(ids.len()), Pipeline::with_capacity(ids.len()));
        for id in ids {
            names.cmd("GET").arg(keys.claim(id));
            times.cmd("PTTL").arg(keys.claim(id));
        }
        let names: Vec<Option<String>> = names.query_async(&mut self.connection.clone()).await?;
        if names.iter().all(Option::is_none) {
            return Ok(names.into_iter().map(|_| None).collect());
        }
        let times: Vec<i64> = times.query_async(&mut self.connection.clone()).await?;
        // A claim that expired between the two pipelines has no time left.
        let claim = |(name, time): (Option<String>, i64)| {
            name.filter(|_| time > 0).map(|moderator| Claim { moderator, until: from_now(time) })
        };
        Ok(names.into_iter().zip(times).map(claim).collect())
    }
}

/// Returns the time `millis` milliseconds from now. A negative number counts as 0.
fn from_now(millis: i64) -> SystemTime {
    SystemTime::now() + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
