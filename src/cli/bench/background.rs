//! Connections beside the load that a server must not suffer from: idle, half open, and such as ask for much and do not
//! read it.

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

/// Connections opened at once; more would be lost in the server's backlog.
const MAX_CONCURRENT_CONNECTS: usize = 64;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What became of the connections of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct BackgroundReport {
    /// How they behaved.
    pub kind: ConnectionKind,
    /// How many there should have been.
    pub wanted: usize,
    /// How many stood.
    pub opened: usize,
    /// How many the server closed before the end.
    pub closed: usize,
    /// After how many seconds it closed the first of them. Absent: none.
    pub first_closed_s: Option<f64>,
    /// The median of those seconds.
    pub median_closed_s: Option<f64>,
    /// After how many seconds it closed the last of them.
    pub last_closed_s: Option<f64>,
    /// Why one could not be opened. Absent: all could.
    pub problem: Option<String>,
}

/// How one connection ended.
enum ConnectionEnd {
    NotOpened(String),
    /// Closed by the server after so long, or never.
    Opened(Option<Duration>),
}

/// Connections of one kind that stand while the load runs.
pub struct BackgroundConnections {
    kind: ConnectionKind,
    wanted: usize,
    tasks: JoinSet<ConnectionEnd>,
}

impl BackgroundConnections {
    /// Opens so many and waits until they stand or have failed. They are left when `over` says so.
    pub async fn open(
        kind: ConnectionKind,
        wanted: usize,
        doors: &[Arc<BackgroundTarget>],
        over: &watch::Receiver<bool>,
    ) -> Self {
        let (standing, mut stand) = mpsc::channel::<()>(1);
        let turns = Arc::new(Semaphore::new(MAX_CONCURRENT_CONNECTS));
        let mut tasks = JoinSet::new();
        for (number, door) in (0..wanted).zip(doors.iter().cycle()) {
            let (door, standing, turns, over) = (Arc::clone(door), standing.clone(), Arc::clone(&turns), over.clone());
            tasks.spawn(async move {
                let opened = {
                    // It is never closed.
                    let _turn = turns.acquire().await;
                    tokio::time::timeout(CONNECT_TIMEOUT, connect(kind, number, &door)).await
                };
                drop(standing);
                match opened {
                    Ok(Ok(stream)) => ConnectionEnd::Opened(run(kind, number, stream, over).await),
                    Ok(Err(error)) => ConnectionEnd::NotOpened(error.to_string()),
                    Err(_) => ConnectionEnd::NotOpened("no connection in time".to_owned()),
                }
            });
        }
        drop(standing);
        // Nobody sends anything; it ends when all have let go of it.
        let _ = stand.recv().await;
        Self { kind, wanted, tasks }
    }

    /// Tells what became of them. They must have been told to leave.
    pub async fn finish(self) -> BackgroundReport {
        let (mut opened, mut closed, mut problem) = (0, Vec::new(), None);
        for fate in self.tasks.join_all().await {
            match fate {
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
