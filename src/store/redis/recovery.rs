//! Finds Redis: when the server starts, however long that takes, and again whenever it was lost, whoever noticed.
//!
//! Each command that fails is reported by the [`Connection`], whether a comment, a moderator or a background task sent it,
//! and the server's ping sends one every second. A task then tries whether writes are still taken. If not, the breaker opens,
//! and another connection is made until one leads to a server that takes writes: the Sentinels are asked anew for the
//! master, names are resolved anew, and a cluster's nodes are asked anew for the slots.

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

/// How often a task looks whether the store is still in use.
const OWNER_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Connects, or begins to wait until that is possible; and has failures looked into from now on.
///
/// # Errors
/// What waiting cannot mend.
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

/// Returns whether an error is a mistake in the settings. A cluster's connection tells its causes as text only.
fn is_configuration_error(error: &RedisError) -> bool {
    let settings = [ErrorKind::AuthenticationFailed, ErrorKind::InvalidClientConfig, ErrorKind::EmptySentinelList];
    let refused = ErrorKind::Server(ServerErrorKind::NoPerm);
    let said = error.to_string();
    let causes = ["AuthenticationFailed", "NOAUTH", "WRONGPASS", "NOPERM", "invalid peer certificate", "switch database"];
    settings.contains(&error.kind()) || error.kind() == refused || causes.iter().any(|cause| said.contains(cause))
}

/// Connects as soon as Redis answers for the first time.
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
                let now = error.to_string();
                if now != cause {
                    tracing::warn!(cause = now, "redis still does not answer");
                    cause = now;
                }
            }
        }
    }
}

/// Tries, after each reported failure, whether Redis still takes writes.
async fn probe_after_failures(redis: Weak<Redis>, connection: Connection) {
    let trouble = connection.trouble();
    loop {
        let troubled = timeout(OWNER_CHECK_INTERVAL, trouble.notified()).await.is_ok();
        let Some(redis) = redis.upgrade() else { return };
        if troubled {
            join_all(redis.parts.iter().map(|part| redis.probe_until_settled(part))).await;
        }
    }
}

impl Redis {
    /// Connects, and uses the connection if Redis answers: a server that is still loading its data, or that lost its master,
    /// accepts connections too.
    async fn connect(&self) -> RedisResult<()> {
        let connecting = async {
            let fresh = self.connector.connect(self.connections).await?;
            let confirming = match self.replica_connection {
                Some(_) => Some(self.connector.connect(1).await?),
                None => None,
            };
            let mut answer = Ok(());
            for part in &self.parts {
                let asked = ::redis::cmd("GET").arg(&part.probe).query_async::<Option<u8>>(&mut fresh.clone()).await;
                answer = asked.map(drop);
                // Of a cluster a part is enough to begin with.
                if answer.is_ok() {
                    break;
                }
            }
            answer.map(|()| (fresh, confirming))
        };
        let no_answer = || RedisError::from((ErrorKind::Io, "no answer"));
        let (fresh, confirming) = timeout(ANSWER_TIMEOUT, connecting).await.map_err(|_| no_answer())??;
        if let Some((ours, fresh)) = self.replica_connection.as_ref().zip(confirming) {
            ours.adopt(&fresh);
        }
        self.connection.adopt(&fresh);
        durability::warn(&self.connection).await;
        Ok(())
    }

    /// Tries whether a part takes writes, until it does or the breaker opens.
    async fn probe_until_settled(self: &Arc<Self>, part: &Part) {
        while self.connection.is_connected() && !self.breaker.is_open(&part.circuit) {
            match self.probe(&self.connection, part, self.timeout).await {
                Ok(()) => return self.breaker.succeeded(&part.circuit),
                Err(error) => self.count_failure(part, &error),
            }
            sleep(breaker::probe_interval()).await;
        }
    }

    /// Counts a failure. One too many opens the breaker, and Redis is waited for.
    pub(super) fn count_failure(self: &Arc<Self>, part: &Part, error: &Error) {
        if self.breaker.failed(&part.circuit) == FailureEffect::Opened {
            self.wait_until_back(part.clone(), error);
        }
    }

    /// Logs that Redis is away, waits until it is back, and logs that too: one line each, however many calls come.
    fn wait_until_back(self: &Arc<Self>, part: Part, error: &Error) {
        let cause = std::error::Error::source(error).unwrap_or(error);
        let circuit = &part.circuit;
        tracing::error!(circuit, %cause, "redis is away: until it is back limits count here, and nothing is recorded");
        let redis = Arc::downgrade(self);
        tokio::spawn(async move {
            let redis = loop {
                sleep(breaker::probe_interval()).await;
                let Some(redis) = redis.upgrade() else { return };
                if redis.is_back(&part).await {
                    break redis;
                }
            };
            if let Some(confirming) = &redis.replica_connection
                && let Ok(Ok(fresh)) = timeout(ANSWER_TIMEOUT, redis.connector.connect(1)).await
            {
                confirming.adopt(&fresh);
            }
            redis.connection.bump_generation();
            redis.local_limits.store_recovered();
            let away = redis.breaker.close(&part.circuit);
            tracing::info!(circuit = part.circuit, away = ?away, "redis is back");
        });
    }

    /// Returns whether a part takes writes again, over the connection at hand or else over a new one, which then takes its
    /// place: the old one may lead to a server that was cut off, or that is no longer the master.
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

    /// Succeeds when Redis takes writes: one that is full or a replica answers everything else.
    pub(super) async fn probe(&self, connection: &Connection, part: &Part, patience: Duration) -> Result<(), Error> {
        let mut write = ::redis::cmd("SET");
        write.arg(&part.probe).arg(1).arg("PX").arg(1_000);
        let answer = timeout(patience, write.query_async(&mut connection.clone())).await;
        if answer.is_err() {
            connection.report_failure();
        }
        Ok(answer.map_err(|_| Error::store("no answer"))??)
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
