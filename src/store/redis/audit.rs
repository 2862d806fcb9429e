//! The audit in Redis. A script that does something adds its record to a list in the same step; hashing it into the chain
//! is left to whoever looks, or to the server that did it, a moment later: SHA-256 is not to be had in a script.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::redis::Pipeline;

use super::Redis;
use super::keys::Keys;
use super::millis::millis;
use super::script::{call, run};
use crate::comment::Site;
use crate::error::Error;
use crate::store::audit::{AuditPage, AuditRecord, ChainPosition};

/// How long a server waits for more before it seals what was done.
const SEAL_DELAY: Duration = Duration::from_millis(200);
/// Most records sealed, or looked at for being old, at once.
const CHUNK: usize = 256;
/// How many chunks are looked at for a time, past erased records.
const MAX_CUT_CHUNKS: usize = 40;
/// How often a race for the end of the chain is run.
const MAX_ATTEMPTS: usize = 64;

impl Redis {
    pub async fn append_audit(self: &Arc<Self>, site: &Site, record: Vec<u8>) -> Result<(), Error> {
        self.check_reachable(site)?;
        let mut push = ::redis::cmd("RPUSH");
        push.arg(self.keys(site).unsealed()).arg(record);
        let _: u64 = self.within_answer_timeout(push.query_async(&mut self.connection.clone())).await?;
        self.seal(site).await
    }

    pub async fn audit(&self, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
        self.check_reachable(site)?;
        self.seal(site).await?;
        let keys = self.keys(site);
        let most = u64::try_from(count).unwrap_or(u64::MAX);
        let mut ends = self.chain_ends(&keys).await?;
        for _ in 0..MAX_ATTEMPTS {
            let (forgotten, newest) = ends;
            let numbers: Vec<u64> = if backwards {
                let above = from.min(newest.number.saturating_add(1));
                (forgotten.number + 1..above).rev().take(count).collect()
            } else {
                let first = from.max(forgotten.number).saturating_add(1);
                (first..=newest.number.min(first.saturating_add(most).saturating_sub(1))).collect()
            };
            // One that is not there is left out: the gap in the numbers shows it. So the numbers tell where it ends.
            let last = numbers.last().copied();
            let end = match last {
                None => count > 0 || newest.number == 0,
                Some(last) if backwards => last <= forgotten.number + 1,
                Some(last) => last >= newest.number,
            };
            let records = self.rows(&keys, &numbers).await?.into_iter().flatten().collect();
            // Another server may have forgotten some of them in between.
            ends = self.chain_ends(&keys).await?;
            if ends.0 == forgotten {
                return Ok(AuditPage { records, forgotten, newest, end, next: last });
            }
        }
        Err(Error::store("the audit changes faster than it can be read"))
    }

    pub async fn redact_audit(&self, site: &Site, numbers: &[u64]) -> Result<(), Error> {
        let keys = self.keys(site);
        let mut write = Pipeline::with_capacity(numbers.len());
        for logged in self.rows(&keys, numbers).await?.into_iter().flatten() {
            let erased = AuditRecord { record: Vec::new(), ..logged };
            write.cmd("HSET").arg(keys.audit()).arg(erased.position.number).arg(erased.to_bytes()).ignore();
        }
        self.within_answer_timeout(write.query_async(&mut self.connection.clone())).await
    }

    /// Seals what was done on a site a moment from now, once for all that is done until then.
    pub(super) fn schedule_seal(self: &Arc<Self>, site: &Site) {
        let fresh =
            self.sealing.lock().is_ok_and(|mut sealing: std::sync::MutexGuard<'_, HashSet<Site>>| sealing.insert(site.clone()));
        if !fresh {
            return;
        }
        let (redis, site) = (Arc::clone(self), site.clone());
        tokio::spawn(async move {
            tokio::time::sleep(SEAL_DELAY).await;
            // Before sealing: what comes meanwhile is sealed by the next.
            if let Ok(mut sealing) = redis.sealing.lock() {
                sealing.remove(&site);
            }
            // What could not be sealed now is by whoever looks at the audit, or does the next act.
            if redis.seal(&site).await.is_ok() {
                let _ = redis.cut_audit(&site).await;
            }
        });
    }

    /// For how many milliseconds a site's audit is kept.
    pub(super) fn audit_lifetime(&self, site: &Site) -> u64 {
        millis(self.retention.for_site(site).audit)
    }

    /// Moves all acts that wait into the chain.
    async fn seal(&self, site: &Site) -> Result<(), Error> {
        let keys = self.keys(site);
        for _ in 0..MAX_ATTEMPTS {
            // At one moment: what waits must be what comes behind the end that is seen.
            let mut look = Pipeline::with_capacity(2);
            look.atomic().cmd("HGET").arg(keys.audit()).arg("newest");
            look.cmd("LRANGE").arg(keys.unsealed()).arg(0).arg(CHUNK - 1);
            let (seen, waiting): (Option<String>, Vec<Vec<u8>>) =
                self.within_answer_timeout(look.query_async(&mut self.connection.clone())).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let seen = seen.unwrap_or_default();
            let (mut newest, count) = (parse_position(&seen)?, waiting.len());
            let mut rows = Vec::with_capacity(count);
            for record in waiting {
                let next = AuditRecord::following(&newest, record);
                newest = next.position;
                rows.push(next);
            }
            let mut ask = call(&self.scripts.seal, &[keys.unsealed(), keys.audit()]);
            let kept = self.audit_lifetime(site);
            // Longer than any record: a site that is quiet for a while goes on with its chain.
            ask.arg(seen).arg(newest.to_text()).arg(count).arg(kept.saturating_mul(4));
            for row in rows {
                ask.arg(row.position.number).arg(row.to_bytes());
            }
            let reply = run(&self.connection, &self.scripts.seal, &ask).await?;
            match reply.word() {
                // Another server was quicker, or there may be more.
                "moved" | "sealed" => {}
                _ => return Err(reply.unexpected()),
            }
        }
        Ok(())
    }

    /// Forgets records that are old enough.
    async fn cut_audit(&self, site: &Site) -> Result<(), Error> {
        let keys = self.keys(site);
        let (forgotten, newest) = self.chain_ends(&keys).await?;
        let kept = self.retention.for_site(site).audit;
        let mut cut = None;
        let mut from = forgotten.number;
        // Erased ones tell no time: they go with the next that does.
        for _ in 0..MAX_CUT_CHUNKS {
            let numbers: Vec<u64> = (from + 1..=newest.number).take(CHUNK).collect();
            let Some(last) = numbers.last() else { break };
            from = *last;
            let mut told = false;
            for logged in self.rows(&keys, &numbers).await?.into_iter().flatten() {
                let Some(at) = logged.event().at.and_then(|at| SystemTime::try_from(at).ok()) else { continue };
                told = true;
                if at.elapsed().unwrap_or_default() <= kept {
                    break;
                }
                cut = Some(logged.position);
            }
            if told {
                break;
            }
        }
        let Some(cut) = cut else { return Ok(()) };
        let mut ask = call(&self.scripts.cut, &[keys.audit()]);
        ask.arg(if forgotten == ChainPosition::default() { String::new() } else { forgotten.to_text() }).arg(cut.to_text());
        ask.arg(forgotten.number + 1).arg(cut.number);
        let reply = run(&self.connection, &self.scripts.cut, &ask).await?;
        // Another server may have been quicker.
        if matches!(reply.word(), "cut" | "moved") { Ok(()) } else { Err(reply.unexpected()) }
    }

    /// The newest record that is not kept any more, and the newest of all.
    async fn chain_ends(&self, keys: &Keys) -> Result<(ChainPosition, ChainPosition), Error> {
        let mut ask = ::redis::cmd("HMGET");
        ask.arg(keys.audit()).arg("forgotten").arg("newest");
        let (forgotten, newest): (Option<String>, Option<String>) =
            self.within_answer_timeout(ask.query_async(&mut self.connection.clone())).await?;
        Ok((parse_position(&forgotten.unwrap_or_default())?, parse_position(&newest.unwrap_or_default())?))
    }

    async fn rows(&self, keys: &Keys, numbers: &[u64]) -> Result<Vec<Option<AuditRecord>>, Error> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = ::redis::cmd("HMGET");
        ask.arg(keys.audit()).arg(numbers);
        let rows: Vec<Option<Vec<u8>>> = self.within_answer_timeout(ask.query_async(&mut self.connection.clone())).await?;
        Ok(numbers.iter().zip(rows).map(|(number, row)| AuditRecord::from_bytes(*number, &row?)).collect())
    }
}

/// An end of the chain. Empty: none yet.
fn parse_position(text: &str) -> Result<ChainPosition, Error> {
    if text.is_empty() {
        return Ok(ChainPosition::default());
    }
    ChainPosition::from_text(text).ok_or_else(|| Error::store("the audit's end is damaged"))
}
