//! Connects to Redis when the server starts, and reconnects after failures.
//!
//! The [`Connection`] reports every failed command, no matter which task sent it; the server's ping sends one every second. A
//! task then probes whether Redis still accepts writes. If not, the circuit breaker opens, and new connections are made until
//! one reaches a server that accepts writes. Each attempt resolves names again, and asks the Sentinels for the master or the
//! cluster's nodes for the slots again.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::part::Part;
use super::{ANSWER_TIMEOUT, Redis, durability};
use crate::error::Error;
use crate::store::breaker::{self, FailureEffect};

/// Interval at which a task checks whether the store is still in use.
const OWNER_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Connects, or starts a background task that connects as soon as possible. Also starts the task that probes Redis after
/// failures.
///
/// # Errors
/// Returns an error that waiting cannot fix.
pub(super) async fn start(redis: &Arc<Redis>) -> RedisResult<()> {
    match redis.connect().await {
        Ok(()) => {}
        Err(error) if is_configuration_error(&error) => return Err(error),
        Err(error) => {
            tracing::warn!(cause = %error, "redis does not answer yet: nothing is served until it does");
            tokio::spawn(connect_in_background(Arc::downgrade(redis), error.to_string()));
        }
    }
    tokio::spawn(probe_after_failures(Arc::downgrade(redis), redis.connection.clone()));
    Ok(())
}

/// Returns whether an error is a mistake in the settings. Cluster connections report their causes as text only.
fn is_configuration_error(error: &RedisError) -> bool {
    let settings = [ErrorKind::AuthenticationFailed, ErrorKind::InvalidClientConfig, ErrorKind::EmptySentinelList];
    let refused = ErrorKind::Server(ServerErrorKind::NoPerm);
    let text = error.to_string();
    let causes = ["AuthenticationFailed", "NOAUTH", "WRONGPASS", "NOPERM", "invalid peer certificate", "switch database"];
    settings.contains(&error.kind()) || error.kind() == refused || causes.iter().any(|cause| text.contains(cause))
}

/// Retries until the first connection to Redis succeeds.
async fn connect_in_background(redis: Weak<Redis>, mut cause: String) {
    loop {
        sleep(breaker::probe_interval()).await;
        let Some(redis) = redis.upgrade() else { return };
        match redis.connect().await {
            Ok(()) => {
                tracing::info!("redis answers");
                return;
            }
            Err(error) => {
                let new_cause = error.to_string();
                if new_cause != cause {
                    tracing::warn!(cause = new_cause, "redis still does not answer");
                    cause = new_cause;
                }
            }
        }
    }
}

/// Probes after each reported failure whether Redis still accepts writes.
async fn probe_after_failures(redis: Weak<Redis>, connection: Connection) {
    let failures = connection.trouble();
    loop {
        let has_failed = timeout(OWNER_CHECK_INTERVAL, failures.notified()).await.is_ok();
        let Some(redis) = redis.upgrade() else { return };
        if has_failed {
            join_all(redis.parts.iter().map(|part| redis.probe_until_settled(part))).await;
        }
    }
}

impl Redis {
    /// Connects, and adopts the connection if Redis answers commands. A server that is still loading its data, or a replica
    /// without its master, accepts connections too but does not answer.
    async fn connect(&self) -> RedisResult<()> {
        let connecting = async {
            let fresh = self.connector.connect(self.connections).await?;
            let fresh_replica = match self.replica_connection {
                Some(_) => Some(self.connector.connect(1).await?),
                None => None,
            };
            let mut answer = Ok(());
            for part in &self.parts {
                let result = ::redis::cmd("GET").arg(&part.probe).query_async::<Option<u8>>(&mut fresh.clone()).await;
                answer = result.map(drop);
                // One reachable part of a cluster is enough to start.
                if answer.is_ok() {
                    break;
                }
            }
            answer.map(|()| (fresh, fresh_replica))
        };
        let no_answer = || RedisError::from((ErrorKind::Io, "redis did not answer in time"));
        let (fresh, fresh_replica) = timeout(ANSWER_TIMEOUT, connecting).await.map_err(|_| no_answer())??;
        if let Some((replica_connection, fresh)) = self.replica_connection.as_ref().zip(fresh_replica) {
            replica_connection.adopt(&fresh);
        }
        self.connection.adopt(&fresh);
        durability::warn(&self.connection).await;
        Ok(())
    }

    /// Probes a part until it accepts writes or its circuit opens.
    async fn probe_until_settled(self: &Arc<Self>, part: &Part) {
        while self.connection.is_connected() && !self.breaker.is_open(&part.circuit) {
            match self.probe(&self.connection, part, self.timeout).await {
                Ok(()) => return self.breaker.succeeded(&part.circuit),
                Err(error) => self.count_failure(part, &error),
            }
            sleep(breaker::probe_interval()).await;
        }
    }

    /// Counts a failure in the circuit breaker. If the circuit opens, starts waiting for the part.
    pub(super) fn count_failure(self: &Arc<Self>, part: &Part, error: &Error) {
        if self.breaker.failed(&part.circuit) == FailureEffect::Opened {
            self.wait_until_back(part.clone(), error);
        }
    }

    /// Logs that a part of Redis is unavailable, waits in the background until it is back, and logs that. Each is logged once,
    /// no matter how many calls fail.
    fn wait_until_back(self: &Arc<Self>, part: Part, error: &Error) {
        let cause = std::error::Error::source(error).unwrap_or(error);
        let circuit = &part.circuit;
        tracing::error!(
            circuit,
            %cause,
            "redis is away: until it is back, nothing is recorded and this server counts the limits"
        );
        let redis = Arc::downgrade(self);
        tokio::spawn(async move {
            let redis = loop {
                sleep(breaker::probe_interval()).await;
                let Some(redis) = redis.upgrade() else { return };
                if redis.is_back(&part).await {
                    break redis;
                }
            };
            if let Some(replica_connection) = &redis.replica_connection
                && let Ok(Ok(fresh)) = timeout(ANSWER_TIMEOUT, redis.connector.connect(1)).await
            {
                replica_connection.adopt(&fresh);
            }
            redis.connection.bump_generation();
            redis.local_limits.store_recovered();
            let away = redis.breaker.close(&part.circuit);
            tracing::info!(circuit = part.circuit, away = ?away, "redis is back");
        });
    }

    /// Returns whether a part accepts writes again. If it does only over a new connection, that one is adopted: the old one may
    /// lead to a server that is isolated or no longer the master.
    async fn is_back(&self, part: &Part) -> bool {
        if self.probe(&self.connection, part, self.timeout).await.is_ok() {
            return true;
        }
        match timeout(ANSWER_TIMEOUT, self.connector.connect(self.connections)).await {
            Ok(Ok(fresh)) if self.probe(&fresh, part, self.timeout).await.is_ok() => {
                self.connection.adopt(&fresh);
                true
            }
            _ => false,
        }
    }

    /// Checks that a part accepts writes. Reads are not enough, because a full server or a replica answers them too.
    pub(super) async fn probe(&self, connection: &Connection, part: &Part, limit: Duration) -> Result<(), Error> {
        let mut write = ::redis::cmd("SET");
        write.arg(&part.probe).arg(1).arg("PX").arg(1_000);
        let answer = timeout(limit, write.query_async(&mut connection.clone())).await;
        if answer.is_err() {
            connection.report_failure();
        }
        Ok(answer.map_err(|_| Error::store("redis did not answer in time"))??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mistakes_in_the_settings_end_the_start() {
        for lasting in [
            (ErrorKind::AuthenticationFailed, "Password authentication failed"),
            (ErrorKind::InvalidClientConfig, "wrong"),
            (ErrorKind::Extension, "NOAUTH: Authentication required."),
            (ErrorKind::Io, "invalid peer certificate: UnknownIssuer"),
        ] {
            assert!(is_configuration_error(&lasting.into()), "{lasting:?}");
        }
        for passing in [
            (ErrorKind::Io, "Connection refused"),
            (ErrorKind::Io, "failed to lookup address information"),
            (ErrorKind::MasterNameNotFoundBySentinel, "Master with given name not found in sentinel"),
            (ErrorKind::Server(ServerErrorKind::BusyLoading), "Redis is loading the dataset in memory"),
            (ErrorKind::Server(ServerErrorKind::MasterDown), "Link with MASTER is down"),
            (ErrorKind::Server(ServerErrorKind::ClusterDown), "The cluster is down"),
        ] {
            assert!(!is_configuration_error(&passing.into()), "{passing:?}");
        }
    }
}
