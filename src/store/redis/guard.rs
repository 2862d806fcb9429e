//! Bounds how long anybody waits for Redis, and lets nobody wait while it is away.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, RedisError};
use tokio::time::timeout;

use super::script::{Reply, Script, run};
use super::{ANSWER_TIMEOUT, Redis};
use crate::comment::Site;
use crate::error::{Error, StoreUnavailable};

/// How long a ping waits at least.
const MIN_PING_TIMEOUT: Duration = Duration::from_secs(1);

impl Redis {
    /// Does work that a comment waits for: not at all while Redis is away, and no longer than the deadline.
    pub(super) async fn with_breaker<T>(
        self: &Arc<Self>,
        site: &Site,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.check_reachable(site)?;
        let part = self.part(site);
        let outcome = timeout(self.timeout, work).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Error::store(format!("redis took longer than {:?}", self.timeout))));
        match &outcome {
            Ok(_) => self.breaker.succeeded(&part.circuit),
            Err(error) => self.count_failure(part, error),
        }
        outcome
    }

    /// Fails at once while Redis is away, or has not been there yet.
    pub(super) fn check_reachable(&self, site: &Site) -> Result<(), Error> {
        let away = !self.connection.is_connected() || self.breaker.is_open(&self.part(site).circuit);
        if away { Err(Error::store(StoreUnavailable)) } else { Ok(()) }
    }

    /// Waits for an answer for as long as somebody may who is not on the way of a comment.
    pub(super) async fn within_answer_timeout<T>(
        &self,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Error> {
        if !self.connection.is_connected() || self.breaker.is_open("") {
            return Err(Error::store(StoreUnavailable));
        }
        let answer = timeout(ANSWER_TIMEOUT, answer).await;
        if answer.is_err() {
            self.connection.report_failure();
        }
        Ok(answer.map_err(|_| Error::store("no answer"))??)
    }

    /// Succeeds when Redis answers and takes writes. In a cluster the former must do for all masters.
    pub async fn ping(&self) -> Result<(), Error> {
        match self.parts.as_slice() {
            [all] if self.connection.is_connected() && !self.breaker.is_open(&all.circuit) => {
                self.probe(&self.connection, all, self.timeout.max(MIN_PING_TIMEOUT)).await
            }
            [_] => Err(Error::store(StoreUnavailable)),
            _ => self.within_answer_timeout(::redis::cmd("PING").query_async(&mut self.connection.clone())).await,
        }
    }

    /// Calls a script that no comment waits for.
    pub(super) async fn run_within_answer_timeout(&self, script: &Script, ask: &Cmd) -> Result<Reply, Error> {
        timeout(ANSWER_TIMEOUT, run(&self.connection, script, ask)).await.map_err(|_| Error::store("no answer"))?
    }
}
