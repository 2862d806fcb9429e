//! Connections beside the load that a server must not suffer from: idle, half open, and such as ask for much and do not
//! read it.

mod behaviour;
mod door;
mod kind;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use behaviour::{connect, stand_there};

pub use door::Door;
pub use kind::Kind;

/// Connections opened at once; more would be lost in the server's backlog.
const AT_ONCE: usize = 64;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What became of the connections of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct Beside {
    /// How they behaved.
    pub kind: Kind,
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
enum Fate {
    NotOpened(String),
    /// Closed by the server after so long, or never.
    Opened(Option<Duration>),
}

/// Connections of one kind that stand while the load runs.
pub struct Crowd {
    kind: Kind,
    wanted: usize,
    tasks: JoinSet<Fate>,
}

impl Crowd {
    /// Opens so many and waits until they stand or have failed. They are left when `over` says so.
    pub async fn open(kind: Kind, wanted: usize, doors: &[Arc<Door>], over: &watch::Receiver<bool>) -> Self {
        let (standing, mut stand) = mpsc::channel::<()>(1);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
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
                    Ok(Ok(stream)) => Fate::Opened(stand_there(kind, number, stream, over).await),
                    Ok(Err(error)) => Fate::NotOpened(error.to_string()),
                    Err(_) => Fate::NotOpened("no connection in time".to_owned()),
                }
            });
        }
        drop(standing);
        // Nobody sends anything; it ends when all have let go of it.
        let _ = stand.recv().await;
        Self { kind, wanted, tasks }
    }

    /// Tells what became of them. They must have been told to leave.
    pub async fn fate(self) -> Beside {
        let (mut opened, mut closed, mut problem) = (0, Vec::new(), None);
        for fate in self.tasks.join_all().await {
            match fate {
                Fate::NotOpened(why) => problem = problem.or(Some(why)),
                Fate::Opened(after) => {
                    opened += 1;
                    closed.extend(after.map(|after| (after.as_secs_f64() * 10.0).round() / 10.0));
                }
            }
        }
        closed.sort_by(f64::total_cmp);
        Beside {
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
