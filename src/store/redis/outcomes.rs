//! A site's outcome log in Redis: one hash in the site's slot, so that the script that performs an act can update the log too.

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

/// Number of records read at once.
const CHUNK: u64 = 256;
/// Maximum difference between the first and the newest record number. A larger one means that the log is damaged, because
/// trimming advances the first number.
const MAX_SPAN: u64 = 1 << 20;

impl Redis {
    /// Returns the state of the log. Comments sometimes wait for it, so it has the timeout of their commands.
    pub async fn outcome_head(&self, site: &Site) -> Result<OutcomeLogState, Error> {
        self.check_reachable(site)?;
        let mut command = ::redis::cmd("HMGET");
        command.arg(self.keys(site).outcomes()).arg(&["born", "newest", "gone", "from", "to"]);
        let answer = timeout(self.timeout, command.query_async(&mut self.connection.clone())).await;
        type Fields = (Option<String>, Option<u64>, Option<u64>, Option<u64>, Option<u64>);
        let (born, newest, gone, from, to): Fields = answer.map_err(|_| Error::store("redis did not answer in time"))??;
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
            let mut command = ::redis::cmd("HMGET");
            command.arg(&key).arg(&numbers);
            let records: Vec<Option<Vec<u8>>> =
                self.within_answer_timeout(command.query_async(&mut self.connection.clone())).await?;
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
        update: &OutcomeUpdate,
        act: Option<Vec<u8>>,
    ) -> Result<(), Error> {
        self.check_reachable(site)?;
        let keys = self.keys(site);
        let mut command = call(&self.scripts.outcome, &[keys.outcomes(), keys.unsealed()]);
        self.add_outcome_update(&mut command, site, update);
        command.arg(act.as_deref().unwrap_or_default()).arg(self.audit_lifetime(site));
        let reply = self.run_within_answer_timeout(&self.scripts.outcome, &command).await?;
        if reply.word() != "taught" {
            return Err(reply.unexpected());
        }
        if act.is_some() {
            self.schedule_seal(site);
        }
        Ok(())
    }

    /// Removes records. `first` is the number of the first remaining record, if the caller has read them all.
    pub async fn remove_outcomes(&self, site: &Site, records: &[(u64, String)], first: Option<u64>) -> Result<(), Error> {
        let key = self.keys(site).outcomes();
        // A name may refer to a newer record by now.
        let names: Vec<&str> = records.iter().map(|(_, name)| name.as_str()).collect();
        let mut lookup = ::redis::cmd("HMGET");
        lookup.arg(&key).arg(&names);
        let current: Vec<Option<u64>> = self.within_answer_timeout(lookup.query_async(&mut self.connection.clone())).await?;
        let current: HashMap<&str, u64> =
            names.into_iter().zip(current).filter_map(|(name, number)| Some((name, number?))).collect();
        let mut pipeline = Pipeline::with_capacity(2 * records.len() + 1);
        pipeline.atomic().cmd("HINCRBY").arg(&key).arg("gone").arg(records.len()).ignore();
        for (number, name) in records {
            pipeline.cmd("HDEL").arg(&key).arg(number).ignore();
            if current.get(name.as_str()) == Some(number) {
                pipeline.cmd("HDEL").arg(&key).arg(name).ignore();
            }
        }
        if let Some(first) = first {
            pipeline.cmd("HSET").arg(&key).arg("first").arg(first).ignore();
        }
        self.within_answer_timeout(pipeline.query_async(&mut self.connection.clone())).await
    }

    pub async fn set_outcome_range(
        self: &Arc<Self>,
        site: &Site,
        from: u64,
        to: Option<u64>,
        act: Vec<u8>,
    ) -> Result<(), Error> {
        let (key, unsealed) = (self.keys(site).outcomes(), self.keys(site).unsealed());
        let mut pipeline = Pipeline::with_capacity(4);
        pipeline.atomic().cmd("HSET").arg(&key).arg("from").arg(from).ignore();
        match to {
            Some(to) => pipeline.cmd("HSET").arg(&key).arg("to").arg(to).ignore(),
            None => pipeline.cmd("HDEL").arg(&key).arg("to").ignore(),
        };
        pipeline.cmd("RPUSH").arg(&unsealed).arg(act).ignore();
        pipeline.cmd("PEXPIRE").arg(&unsealed).arg(self.audit_lifetime(site)).ignore();
        let () = self.within_answer_timeout(pipeline.query_async(&mut self.connection.clone())).await?;
        self.schedule_seal(site);
        Ok(())
    }

    /// Adds the arguments of `teach.lua` to a script call.
    pub(super) fn add_outcome_update(&self, command: &mut Cmd, site: &Site, update: &OutcomeUpdate) {
        let (added, record) = update.added.as_ref().map_or(("", &[][..]), |(name, record)| (name, record));
        let lifetime = millis(self.retention.for_site(site).outcomes);
        command.arg(update.removed.as_deref().unwrap_or_default()).arg(added).arg(record).arg(lifetime);
        command.arg(Uuid::now_v7().to_string());
    }
}
