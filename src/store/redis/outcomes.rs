//! A site's log of outcomes on Redis: one hash in the site's slot, so that an act teaches in the script that does it.

use std::collections::HashMap;
use std::sync::Arc;

use ::redis::{Cmd, Pipeline};
use tokio::time::timeout;
use uuid::Uuid;

use super::Redis;
use super::millis::millis;
use super::script::call;
use crate::comment::Site;
use crate::error::Error;
use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};

/// Records asked for at once.
const CHUNK: u64 = 256;
/// Numbers that lie between the first and the newest record at most: what is trimmed moves the first. More is not ours.
const MAX_SPAN: u64 = 1 << 20;

impl Redis {
    /// Read on the way of a comment now and then, and waits no longer than anything there.
    pub async fn outcome_head(&self, site: &Site) -> Result<OutcomeLogState, Error> {
        self.check_reachable(site)?;
        let mut ask = ::redis::cmd("HMGET");
        ask.arg(self.keys(site).outcomes()).arg(&["born", "newest", "gone", "from", "to"]);
        let answer = timeout(self.timeout, ask.query_async(&mut self.connection.clone())).await;
        type Fields = (Option<String>, Option<u64>, Option<u64>, Option<u64>, Option<u64>);
        let (born, newest, gone, from, to): Fields = answer.map_err(|_| Error::store("no answer"))??;
        let number = |number: Option<u64>| number.unwrap_or_default();
        Ok(OutcomeLogState {
            log_id: born.unwrap_or_default(),
            newest: number(newest),
            removed: number(gone),
            from: number(from),
            to,
        })
    }

    pub async fn outcomes(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let key = self.keys(site).outcomes();
        let mut first = ::redis::cmd("HGET");
        first.arg(&key).arg("first");
        let first: Option<u64> = self.within_answer_timeout(first.query_async(&mut self.connection.clone())).await?;
        let mut after = after.max(first.unwrap_or_default().saturating_sub(1));
        if until.saturating_sub(after) > MAX_SPAN {
            return Err(Error::store(format!("the log of outcomes of {:?} is damaged: remove its key", site.as_str())));
        }
        let mut all = Vec::new();
        while after < until {
            let last = until.min(after + CHUNK);
            let numbers: Vec<u64> = (after + 1..=last).collect();
            let mut ask = ::redis::cmd("HMGET");
            ask.arg(&key).arg(&numbers);
            let records: Vec<Option<Vec<u8>>> =
                self.within_answer_timeout(ask.query_async(&mut self.connection.clone())).await?;
            all.extend(numbers.into_iter().zip(records).filter_map(|(number, record)| Some((number, record?))));
            after = last;
        }
        Ok(all)
    }

    pub async fn outcome_named(&self, site: &Site, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = self.keys(site).outcomes();
        let mut number = ::redis::cmd("HGET");
        number.arg(&key).arg(name);
        let number: Option<u64> = self.within_answer_timeout(number.query_async(&mut self.connection.clone())).await?;
        let Some(number) = number else { return Ok(None) };
        let mut record = ::redis::cmd("HGET");
        record.arg(&key).arg(number);
        self.within_answer_timeout(record.query_async(&mut self.connection.clone())).await
    }

    pub async fn update_outcomes(
        self: &Arc<Self>,
        site: &Site,
        teaching: &OutcomeUpdate,
        act: Option<Vec<u8>>,
    ) -> Result<(), Error> {
        self.check_reachable(site)?;
        let keys = self.keys(site);
        let mut ask = call(&self.scripts.outcome, &[keys.outcomes(), keys.unsealed()]);
        self.add_outcome_update(&mut ask, site, teaching);
        ask.arg(act.as_deref().unwrap_or_default()).arg(self.audit_lifetime(site));
        let reply = self.run_within_answer_timeout(&self.scripts.outcome, &ask).await?;
        if reply.word() != "taught" {
            return Err(reply.unexpected());
        }
        if act.is_some() {
            self.schedule_seal(site);
        }
        Ok(())
    }

    /// `first`: the number of the first record that is left, where the caller has seen all of them.
    pub async fn remove_outcomes(&self, site: &Site, records: &[(u64, String)], first: Option<u64>) -> Result<(), Error> {
        let key = self.keys(site).outcomes();
        // A name may stand for a newer record by now.
        let names: Vec<&str> = records.iter().map(|(_, name)| name.as_str()).collect();
        let mut look = ::redis::cmd("HMGET");
        look.arg(&key).arg(&names);
        let stands: Vec<Option<u64>> = self.within_answer_timeout(look.query_async(&mut self.connection.clone())).await?;
        let stands: HashMap<&str, u64> =
            names.into_iter().zip(stands).filter_map(|(name, number)| Some((name, number?))).collect();
        let mut forget = Pipeline::with_capacity(2 * records.len() + 1);
        forget.atomic().cmd("HINCRBY").arg(&key).arg("gone").arg(records.len()).ignore();
        for (number, name) in records {
            forget.cmd("HDEL").arg(&key).arg(number).ignore();
            if stands.get(name.as_str()) == Some(number) {
                forget.cmd("HDEL").arg(&key).arg(name).ignore();
            }
        }
        if let Some(first) = first {
            forget.cmd("HSET").arg(&key).arg("first").arg(first).ignore();
        }
        self.within_answer_timeout(forget.query_async(&mut self.connection.clone())).await
    }

    pub async fn set_outcome_range(
        self: &Arc<Self>,
        site: &Site,
        from: u64,
        to: Option<u64>,
        act: Vec<u8>,
    ) -> Result<(), Error> {
        let (key, unsealed) = (self.keys(site).outcomes(), self.keys(site).unsealed());
        let mut bound = Pipeline::with_capacity(4);
        bound.atomic().cmd("HSET").arg(&key).arg("from").arg(from).ignore();
        match to {
            Some(to) => bound.cmd("HSET").arg(&key).arg("to").arg(to).ignore(),
            None => bound.cmd("HDEL").arg(&key).arg("to").ignore(),
        };
        bound.cmd("RPUSH").arg(&unsealed).arg(act).ignore();
        bound.cmd("PEXPIRE").arg(&unsealed).arg(self.audit_lifetime(site)).ignore();
        let () = self.within_answer_timeout(bound.query_async(&mut self.connection.clone())).await?;
        self.schedule_seal(site);
        Ok(())
    }

    /// Adds what `teach.lua` asks for.
    pub(super) fn add_outcome_update(&self, ask: &mut Cmd, site: &Site, teaching: &OutcomeUpdate) {
        let (added, record) = teaching.added.as_ref().map_or(("", &[][..]), |(name, record)| (name, record));
        let lifetime = millis(self.retention.for_site(site).outcomes);
        ask.arg(teaching.removed.as_deref().unwrap_or_default()).arg(added).arg(record).arg(lifetime);
        ask.arg(Uuid::now_v7().to_string());
    }
}
