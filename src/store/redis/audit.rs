//! The audit log in Redis. A script that performs an act adds its record to a list of unsealed records in the same step.
//! Scripts have no SHA-256, so a server adds the records to the hash chain afterwards: either shortly after the act, or when
//! the audit is read.

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

/// Delay before new records are sealed, so that several are sealed together.
const SEAL_DELAY: Duration = Duration::from_millis(200);
/// Maximum number of records sealed, or checked for expiry, at once.
const CHUNK: usize = 256;
/// Maximum number of chunks searched for a record with a time, because erased records have none.
const MAX_CUT_CHUNKS: usize = 40;
/// Maximum number of attempts when other servers change the chain concurrently.
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
        let limit = u64::try_from(count).unwrap_or(u64::MAX);
        let mut ends = self.chain_ends(&keys).await?;
        for _ in 0..MAX_ATTEMPTS {
            let (forgotten, newest) = ends;
            let numbers: Vec<u64> = if backwards {
                let above = from.min(newest.number.saturating_add(1));
                (forgotten.number + 1..above).rev().take(count).collect()
            } else {
                let first = from.max(forgotten.number).saturating_add(1);
                (first..=newest.number.min(first.saturating_add(limit).saturating_sub(1))).collect()
            };
            // Missing records are left out, so the requested numbers, not the records found, determine the end.
            let last = numbers.last().copied();
            let end = match last {
                None => count > 0 || newest.number == 0,
                Some(last) if backwards => last <= forgotten.number + 1,
                Some(last) => last >= newest.number,
            };
            let records = self.rows(&keys, &numbers).await?.into_iter().flatten().collect();
            // Another server may have dropped some of the records in the meantime.
            ends = self.chain_ends(&keys).await?;
            if ends.0 == forgotten {
                return Ok(AuditPage { records, forgotten, newest, end, next: last });
            }
        }
        Err(Error::store("the audit changes faster than it can be read; try again"))
    }

    pub async fn redact_audit(&self, site: &Site, numbers: &[u64]) -> Result<(), Error> {
        let keys = self.keys(site);
        let mut write = Pipeline::with_capacity(numbers.len());
        for entry in self.rows(&keys, numbers).await?.into_iter().flatten() {
            let erased = AuditRecord { record: Vec::new(), ..entry };
            write.cmd("HSET").arg(keys.audit()).arg(erased.position.number).arg(erased.to_bytes()).ignore();
        }
        self.within_answer_timeout(write.query_async(&mut self.connection.clone())).await
    }

    /// Schedules sealing of a site's new records after [`SEAL_DELAY`], unless it is scheduled already.
    pub(super) fn schedule_seal(self: &Arc<Self>, site: &Site) {
        let is_new =
            self.sealing.lock().is_ok_and(|mut sealing: std::sync::MutexGuard<'_, HashSet<Site>>| sealing.insert(site.clone()));
        if !is_new {
            return;
        }
        let (redis, site) = (Arc::clone(self), site.clone());
        tokio::spawn(async move {
            tokio::time::sleep(SEAL_DELAY).await;
            // Remove the entry before sealing, so that records that arrive meanwhile schedule another run.
            if let Ok(mut sealing) = redis.sealing.lock() {
                sealing.remove(&site);
            }
            // On failure, the next act or the next read of the audit seals the records.
            if redis.seal(&site).await.is_ok() {
                let _ = redis.cut_audit(&site).await;
            }
        });
    }

    /// Returns the retention period of a site's audit, in milliseconds.
    pub(super) fn audit_lifetime(&self, site: &Site) -> u64 {
        millis(self.retention.for_site(site).audit)
    }

    /// Moves all unsealed records into the chain.
    async fn seal(&self, site: &Site) -> Result<(), Error> {
        let keys = self.keys(site);
        for _ in 0..MAX_ATTEMPTS {
            // Read both in one transaction, so that the unsealed records follow the end of the chain that was read.
            let mut pipeline = Pipeline::with_capacity(2);
            pipeline.atomic().cmd("HGET").arg(keys.audit()).arg("newest");
            pipeline.cmd("LRANGE").arg(keys.unsealed()).arg(0).arg(CHUNK - 1);
            let (end, unsealed): (Option<String>, Vec<Vec<u8>>) =
                self.within_answer_timeout(pipeline.query_async(&mut self.connection.clone())).await?;
            if unsealed.is_empty() {
                return Ok(());
            }
            let end = end.unwrap_or_default();
            let (mut newest, count) = (parse_position(&end)?, unsealed.len());
            let mut rows = Vec::with_capacity(count);
            for record in unsealed {
                let next = AuditRecord::following(&newest, record);
                newest = next.position;
                rows.push(next);
            }
            let mut command = call(&self.scripts.seal, &[keys.unsealed(), keys.audit()]);
            let lifetime = self.audit_lifetime(site);
            // Keep the chain longer than any record, so that it continues after a period without records.
            command.arg(end).arg(newest.to_text()).arg(count).arg(lifetime.saturating_mul(4));
            for row in rows {
                command.arg(row.position.number).arg(row.to_bytes());
            }
            let reply = run(&self.connection, &self.scripts.seal, &command).await?;
            match reply.word() {
                // Another server sealed records first, or there may be more records.
                "moved" | "sealed" => {}
                _ => return Err(reply.unexpected()),
            }
        }
        Ok(())
    }

    /// Drops records whose retention period has ended.
    async fn cut_audit(&self, site: &Site) -> Result<(), Error> {
        let keys = self.keys(site);
        let (forgotten, newest) = self.chain_ends(&keys).await?;
        let lifetime = self.retention.for_site(site).audit;
        let mut cut = None;
        let mut from = forgotten.number;
        // Erased records have no time: they are dropped together with the next record that has one.
        for _ in 0..MAX_CUT_CHUNKS {
            let numbers: Vec<u64> = (from + 1..=newest.number).take(CHUNK).collect();
            let Some(last) = numbers.last() else { break };
            from = *last;
            let mut has_time = false;
            for entry in self.rows(&keys, &numbers).await?.into_iter().flatten() {
                let Some(at) = entry.event().at.and_then(|at| SystemTime::try_from(at).ok()) else { continue };
                has_time = true;
                if at.elapsed().unwrap_or_default() <= lifetime {
                    break;
                }
                cut = Some(entry.position);
            }
            if has_time {
                break;
            }
        }
        let Some(cut) = cut else { return Ok(()) };
        let mut command = call(&self.scripts.cut, &[keys.audit()]);
        command.arg(if forgotten == ChainPosition::default() { String::new() } else { forgotten.to_text() }).arg(cut.to_text());
        command.arg(forgotten.number + 1).arg(cut.number);
        let reply = run(&self.connection, &self.scripts.cut, &command).await?;
        // Another server may have dropped records first.
        if matches!(reply.word(), "cut" | "moved") { Ok(()) } else { Err(reply.unexpected()) }
    }

    /// Returns the positions of the newest dropped record and of the newest record.
    async fn chain_ends(&self, keys: &Keys) -> Result<(ChainPosition, ChainPosition), Error> {
        let mut command = ::redis::cmd("HMGET");
        command.arg(keys.audit()).arg("forgotten").arg("newest");
        let (forgotten, newest): (Option<String>, Option<String>) =
            self.within_answer_timeout(command.query_async(&mut self.connection.clone())).await?;
        Ok((parse_position(&forgotten.unwrap_or_default())?, parse_position(&newest.unwrap_or_default())?))
    }

    async fn rows(&self, keys: &Keys, numbers: &[u64]) -> Result<Vec<Option<AuditRecord>>, Error> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = ::redis::cmd("HMGET");
        command.arg(keys.audit()).arg(numbers);
        let rows: Vec<Option<Vec<u8>>> = self.within_answer_timeout(command.query_async(&mut self.connection.clone())).await?;
        Ok(numbers.iter().zip(rows).map(|(number, row)| AuditRecord::from_bytes(*number, &row?)).collect())
    }
}

/// Parses a stored position. An empty text is the position before the first record.
fn parse_position(text: &str) -> Result<ChainPosition, Error> {
    if text.is_empty() {
        return Ok(ChainPosition::default());
    }
    ChainPosition::from_text(text).ok_or_else(|| Error::store("the stored end of the audit chain is damaged"))
}
