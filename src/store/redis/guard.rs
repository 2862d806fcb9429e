//! Timeouts for Redis calls, and immediate failure while Redis is unavailable.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, RedisError};
use tokio::time::timeout;

use super::script::{Reply, Script, run};
use super::{ANSWER_TIMEOUT, Redis};
use crate::comment::Site;
use crate::error::{Error, StoreUnavailable};

/// Minimum timeout of a ping.
const MIN_PING_TIMEOUT: Duration = Duration::from_secs(1);

impl Redis {
    /// Runs work that a comment waits for, with the configured timeout, and reports the outcome to the circuit breaker.
    ///
    /// # Errors
    /// Returns the error of the work, or an error if Redis is unavailable or does not answer in time.
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

    /// Checks that Redis is connected and that the site's circuit is closed.
    ///
    /// # Errors
    /// Returns [`StoreUnavailable`] if not.
    pub(super) fn check_reachable(&self, site: &Site) -> Result<(), Error> {
        let away = !self.connection.is_connected() || self.breaker.is_open(&self.part(site).circuit);
        if away { Err(Error::store(StoreUnavailable)) } else { Ok(()) }
    }

    /// Waits up to [`ANSWER_TIMEOUT`] for the answer to a command that no comment waits for.
    ///
    /// # Errors
    /// Returns the error of the command, or an error if Redis is unavailable or does not answer in time.
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
        Ok(answer.map_err(|_| Error::store("redis did not answer in time"))??)
    }

    /// Checks that Redis answers and accepts writes. In a cluster, checks only that all masters answer.
    pub async fn ping(&self) -> Result<(), Error> {
        match self.parts.as_slice() {
            [all] if self.connection.is_connected() && !self.breaker.is_open(&all.circuit) => {
                self.probe(&self.connection, all, self.timeout.max(MIN_PING_TIMEOUT)).await
            }
            [_] => Err(Error::store(StoreUnavailable)),
            _ => self.within_answer_timeout(::redis::cmd("PING").query_async(&mut self.connection.clone())).await,
        }
    }

    /// Calls a script that no comment waits for, with a timeout of [`ANSWER_TIMEOUT`].
    pub(super) async fn run_within_answer_timeout(&self, script: &Script, command: &Cmd) -> Result<Reply, Error> {
        timeout(ANSWER_TIMEOUT, run(&self.connection, script, command))
            .await
            .map_err(|_| Error::store("redis did not answer in time"))?
    }
}
