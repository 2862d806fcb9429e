//! Connections beside the load that must not slow a server down: idle ones, half-open ones, and slow readers of long
//! answers.

mod behaviour;
mod kind;
mod target;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use behaviour::{connect, run};

pub use kind::ConnectionKind;
pub use target::BackgroundTarget;

/// Maximum number of connections being opened at once; more could overflow the accept backlog of the server.
const MAX_CONCURRENT_CONNECTS: usize = 64;
/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The outcome of the connections of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct BackgroundReport {
    /// Their behaviour.
    pub kind: ConnectionKind,
    /// Number of connections that were to be opened.
    pub wanted: usize,
    /// Number of connections that were opened.
    pub opened: usize,
    /// Number of connections that the server closed before the end of the load.
    pub closed: usize,
    /// Seconds after which the server closed the first connection, or `None` if it closed none.
    pub first_closed_s: Option<f64>,
    /// Median of the seconds after which the server closed connections, or `None` if it closed none.
    pub median_closed_s: Option<f64>,
    /// Seconds after which the server closed the last connection, or `None` if it closed none.
    pub last_closed_s: Option<f64>,
    /// Why one of the connections could not be opened, or `None` if all were.
    pub problem: Option<String>,
}

/// How one connection ended.
enum ConnectionEnd {
    /// The connection could not be opened, with the reason.
    NotOpened(String),
    /// The connection was opened, and the server closed it after this time, or never.
    Opened(Option<Duration>),
}

/// Connections of one kind that are open while the load runs.
pub struct BackgroundConnections {
    kind: ConnectionKind,
    wanted: usize,
    tasks: JoinSet<ConnectionEnd>,
}

impl BackgroundConnections {
    /// Opens `wanted` connections and waits until each of them is open or has failed. They end when `over` becomes true.
    pub async fn open(
        kind: ConnectionKind,
        wanted: usize,
        targets: &[Arc<BackgroundTarget>],
        over: &watch::Receiver<bool>,
    ) -> Self {
        let (attempted, mut all_attempted) = mpsc::channel::<()>(1);
        let permits = Arc::new(Semaphore::new(MAX_CONCURRENT_CONNECTS));
        let mut tasks = JoinSet::new();
        for (number, target) in (0..wanted).zip(targets.iter().cycle()) {
            let (target, over) = (Arc::clone(target), over.clone());
            let (attempted, permits) = (attempted.clone(), Arc::clone(&permits));
            tasks.spawn(async move {
                let opened = {
                    // The semaphore is never closed.
                    let _permit = permits.acquire().await;
                    tokio::time::timeout(CONNECT_TIMEOUT, connect(kind, number, &target)).await
                };
                drop(attempted);
                match opened {
                    Ok(Ok(stream)) => ConnectionEnd::Opened(run(kind, number, stream, over).await),
                    Ok(Err(error)) => ConnectionEnd::NotOpened(error.to_string()),
                    Err(_) => ConnectionEnd::NotOpened("no connection in time".to_owned()),
                }
            });
        }
        drop(attempted);
        // Nothing is ever sent on this channel: it ends when every task has dropped its sender.
        let _ = all_attempted.recv().await;
        Self { kind, wanted, tasks }
    }

    /// Waits until all connections have ended and returns their outcome. `over` must have become true before.
    pub async fn finish(self) -> BackgroundReport {
        let (mut opened, mut closed, mut problem) = (0, Vec::new(), None);
        for end in self.tasks.join_all().await {
            match end {
                ConnectionEnd::NotOpened(why) => problem = problem.or(Some(why)),
                ConnectionEnd::Opened(after) => {
                    opened += 1;
                    closed.extend(after.map(|after| (after.as_secs_f64() * 10.0).round() / 10.0));
                }
            }
        }
        closed.sort_by(f64::total_cmp);
        BackgroundReport {
            kind: self.kind,
            wanted: self.wanted,
            opened,
            closed: closed.len(),
            first_closed_s: closed.first().copied(),
            median_closed_s: closed.get(closed.len() / 2).copied(),
            last_closed_s: closed.last().copied(),
            problem,
        }
    }
}
