//! Connections beside the load that a server must not suffer from: idle, half open, and such as ask for much and do not
//! read it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Uri;
use prost::Message;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::comments::Comments;
use super::frames;
use crate::cli::failure::Failure;
use crate::pb;

/// Connections opened at once; more would be lost in the server's backlog.
const AT_ONCE: usize = 64;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Who does not read keeps little room, so that the server notices soon.
const LITTLE_ROOM: u32 = 4 * 1024;
/// How much a slow reader reads at a time, and how often.
const SIP: usize = 64;
const SIP_EVERY: Duration = Duration::from_secs(1);
/// How often one who does not read looks whether the connection still stands.
const LOOK: Duration = Duration::from_millis(100);
/// Numbers of comments that the load does not come to.
const OTHER_NUMBERS: u64 = 9_000_000_000;
/// Calls that a slow reader makes at once.
const CALLS: u32 = 8;

/// How a connection behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It says hello, answers pings, and asks for nothing.
    Idle,
    /// It says nothing, or half a hello.
    HalfOpen,
    /// It asks for long answers and reads them hardly or not at all.
    SlowReaders,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::HalfOpen => "half open",
            Self::SlowReaders => "slow readers",
        }
    }
}

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

/// Where connections lead and what is asked on them.
pub struct Door {
    address: SocketAddr,
    authority: String,
    bearer: Option<String>,
    site: String,
    comments: Arc<Comments>,
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

impl Door {
    /// To a server.
    ///
    /// # Errors
    /// An address that is none, or that these connections cannot speak to.
    pub async fn to(
        server: &str,
        bearer: Option<String>,
        site: String,
        comments: Arc<Comments>,
        kinds: &[Kind],
    ) -> Result<Self, Failure> {
        let no_address = || Failure::usage(format!("{server} is no address of a server; give --server http://HOST:PORT"));
        let uri: Uri = server.parse().map_err(|_| no_address())?;
        let tls = uri.scheme_str() == Some("https");
        if tls && kinds.iter().any(|kind| *kind != Kind::HalfOpen) {
            return Err(Failure::usage("--idle and --slow-readers speak plain HTTP/2 only; give --server http://HOST:PORT"));
        }
        let authority = uri.authority().ok_or_else(no_address)?;
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let found = lookup_host((host, port)).await.map_err(|error| Failure::unreachable(server, &error))?;
        let address = found.into_iter().next().ok_or_else(no_address)?;
        Ok(Self { address, authority: authority.as_str().to_owned(), bearer, site, comments })
    }
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

/// Connects and says what its kind says.
async fn connect(kind: Kind, number: usize, door: &Door) -> std::io::Result<TcpStream> {
    let socket = if door.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if kind == Kind::SlowReaders {
        socket.set_recv_buffer_size(LITTLE_ROOM)?;
    }
    let mut stream = socket.connect(door.address).await?;
    match kind {
        Kind::Idle => stream.write_all(&frames::hello(u32::try_from(frames::WINDOW).unwrap_or_default())).await?,
        Kind::HalfOpen if number % 2 == 1 => stream.write_all(&frames::PREFACE[..frames::PREFACE.len() / 2]).await?,
        Kind::HalfOpen => {}
        Kind::SlowReaders => stream.write_all(&demands(number, door)).await?,
    }
    Ok(stream)
}

/// A hello that invites any amount, and calls whose answers are long.
fn demands(number: usize, door: &Door) -> Vec<u8> {
    let mut bytes = frames::hello(frames::WIDEST);
    bytes.extend(frames::widen(frames::WIDEST - u32::try_from(frames::WINDOW).unwrap_or_default()));
    let head = |stream, path: &str| frames::head(stream, path, &door.authority, door.bearer.as_deref());
    let streams = (0..CALLS).map(|call| call * 2 + 1);
    match number % 3 {
        0 => {
            let filter = "decision=any".to_owned();
            let request = pb::ListCommentsRequest { site: door.site.clone(), filter, page_size: 1_000, ..Default::default() };
            for stream in streams {
                bytes.extend(head(stream, "/gatepost.v1.ReviewService/ListComments"));
                bytes.extend(frames::message(stream, &request.encode_to_vec(), true));
            }
        }
        1 => {
            let request = pb::WatchVerdictsRequest { site: door.site.clone(), after_cursor: None };
            for stream in streams {
                bytes.extend(head(stream, "/gatepost.v1.ModerationService/WatchVerdicts"));
                bytes.extend(frames::message(stream, &request.encode_to_vec(), true));
            }
        }
        _ => {
            bytes.extend(head(1, "/gatepost.v1.ModerationService/CheckComments"));
            // As much as may be sent before the server says that it takes more. The messages of both calls are alike.
            let (mut sent, mut comment) = (0, Vec::new());
            for call in OTHER_NUMBERS + number as u64 * 1_000.. {
                comment.clear();
                door.comments.write(call, &mut comment);
                sent += comment.len() + 5;
                if sent > frames::WINDOW {
                    break;
                }
                bytes.extend(frames::message(1, &comment, false));
            }
        }
    }
    bytes
}

/// Behaves as its kind does, until the server closes it or all is over.
async fn stand_there(kind: Kind, number: usize, mut stream: TcpStream, mut over: watch::Receiver<bool>) -> Option<Duration> {
    let opened = Instant::now();
    let closed = async {
        match kind {
            // How it was closed does not matter.
            Kind::Idle => drop(frames::behave(&mut stream).await),
            Kind::HalfOpen => swallow(&mut stream).await,
            Kind::SlowReaders => hardly_read(&mut stream, number % 2 == 1).await,
        }
    };
    tokio::select! {
        () = closed => Some(opened.elapsed()),
        _ = over.wait_for(|over| *over) => None,
    }
}

/// Reads what comes until nothing does any more.
async fn swallow(stream: &mut TcpStream) {
    let mut bytes = [0; 1_024];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

/// Reads a sip now and then, or nothing at all.
async fn hardly_read(stream: &mut TcpStream, sips: bool) {
    let mut next = Instant::now() + SIP_EVERY;
    let open = |done: std::io::Result<usize>| match done {
        Ok(bytes) => bytes > 0,
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    };
    loop {
        tokio::time::sleep(LOOK).await;
        match stream.ready(Interest::READABLE | Interest::WRITABLE).await {
            Ok(ready) if !ready.is_read_closed() && !ready.is_write_closed() => {}
            _ => return,
        }
        if Instant::now() >= next {
            next += SIP_EVERY;
            // The end of a connection waits behind all that was not read. To a word that comes after it, the server's
            // system answers that there is nobody any more.
            if !open(stream.try_write(&frames::nothing())) || sips && !open(stream.try_read(&mut [0; SIP])) {
                return;
            }
        }
    }
}
