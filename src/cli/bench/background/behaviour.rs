//! What a connection of each kind sends and reads.

use std::time::{Duration, Instant};

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;

use super::super::frames;
use super::kind::ConnectionKind;
use super::target::BackgroundTarget;
use crate::pb;

/// Who does not read keeps little room, so that the server notices soon.
const SMALL_RECV_BUFFER: u32 = 4 * 1024;
/// How much a slow reader reads at a time, and how often.
const SLOW_READ_BYTES: usize = 64;
const SLOW_READ_INTERVAL: Duration = Duration::from_secs(1);
/// How often one who does not read looks whether the connection still stands.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Numbers of comments that the load does not come to.
const FIRST_BACKGROUND_CALL: u64 = 9_000_000_000;
/// Calls that a slow reader makes at once.
const CALLS_PER_CONNECTION: u32 = 8;

/// Connects and says what its kind says.
pub async fn connect(kind: ConnectionKind, number: usize, door: &BackgroundTarget) -> std::io::Result<TcpStream> {
    let socket = if door.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if kind == ConnectionKind::SlowReaders {
        socket.set_recv_buffer_size(SMALL_RECV_BUFFER)?;
    }
    let mut stream = socket.connect(door.address).await?;
    match kind {
        ConnectionKind::Idle => {
            stream.write_all(&frames::preface_and_settings(u32::try_from(frames::DEFAULT_WINDOW).unwrap_or_default())).await?
        }
        ConnectionKind::HalfOpen if number % 2 == 1 => stream.write_all(&frames::PREFACE[..frames::PREFACE.len() / 2]).await?,
        ConnectionKind::HalfOpen => {}
        ConnectionKind::SlowReaders => stream.write_all(&slow_reader_requests(number, door)).await?,
    }
    Ok(stream)
}

/// A hello that invites any amount, and calls whose answers are long.
fn slow_reader_requests(number: usize, door: &BackgroundTarget) -> Vec<u8> {
    let mut bytes = frames::preface_and_settings(frames::MAX_FLOW_WINDOW);
    bytes.extend(frames::connection_window_update(
        frames::MAX_FLOW_WINDOW - u32::try_from(frames::DEFAULT_WINDOW).unwrap_or_default(),
    ));
    match number % 3 {
        0 => {
            let (site, filter) = (door.site.clone(), "decision=any".to_owned());
            let request = pb::ListCommentsRequest { site, filter, page_size: 1_000, ..Default::default() };
            bytes.extend(calls("/gatepost.v1.ReviewService/ListComments", &request, door));
        }
        1 => {
            let request = pb::WatchVerdictsRequest { site: door.site.clone(), after_cursor: None };
            bytes.extend(calls("/gatepost.v1.ModerationService/WatchVerdicts", &request, door));
        }
        _ => bytes.extend(stream_of_comments(number, door)),
    }
    bytes
}

fn head(stream: u32, path: &str, door: &BackgroundTarget) -> Vec<u8> {
    frames::request_headers(stream, path, &door.authority, door.bearer.as_deref())
}

/// Returns several calls with the same request.
fn calls(path: &str, request: &impl Message, door: &BackgroundTarget) -> Vec<u8> {
    let message = request.encode_to_vec();
    let streams = (0..CALLS_PER_CONNECTION).map(|call| call * 2 + 1);
    streams.flat_map(|stream| [head(stream, path, door), frames::grpc_message(stream, &message, true)].concat()).collect()
}

/// Returns one call with as many comments as may be sent before the server says that it takes more.
fn stream_of_comments(number: usize, door: &BackgroundTarget) -> Vec<u8> {
    let mut bytes = head(1, "/gatepost.v1.ModerationService/CheckComments", door);
    // The messages of CheckComment and CheckComments are alike.
    let (mut sent, mut comment) = (0, Vec::new());
    for call in FIRST_BACKGROUND_CALL + number as u64 * 1_000.. {
        comment.clear();
        door.comments.encode(call, &mut comment);
        sent += comment.len() + 5;
        if sent > frames::DEFAULT_WINDOW {
            break;
        }
        bytes.extend(frames::grpc_message(1, &comment, false));
    }
    bytes
}

/// Behaves as its kind does, until the server closes it or all is over.
pub async fn run(
    kind: ConnectionKind,
    number: usize,
    mut stream: TcpStream,
    mut over: watch::Receiver<bool>,
) -> Option<Duration> {
    let opened = Instant::now();
    let closed = async {
        match kind {
            // How it was closed does not matter.
            ConnectionKind::Idle => drop(frames::answer_settings_and_pings(&mut stream).await),
            ConnectionKind::HalfOpen => read_to_end(&mut stream).await,
            ConnectionKind::SlowReaders => read_slowly(&mut stream, number % 2 == 1).await,
        }
    };
    tokio::select! {
        () = closed => Some(opened.elapsed()),
        _ = over.wait_for(|over| *over) => None,
    }
}

/// Reads what comes until nothing does any more.
async fn read_to_end(stream: &mut TcpStream) {
    let mut bytes = [0; 1_024];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

/// Reads a sip now and then, or nothing at all.
async fn read_slowly(stream: &mut TcpStream, sips: bool) {
    let mut next = Instant::now() + SLOW_READ_INTERVAL;
    let open = |done: std::io::Result<usize>| match done {
        Ok(bytes) => bytes > 0,
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    };
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        match stream.ready(Interest::READABLE | Interest::WRITABLE).await {
            Ok(ready) if !ready.is_read_closed() && !ready.is_write_closed() => {}
            _ => return,
        }
        if Instant::now() >= next {
            next += SLOW_READ_INTERVAL;
            // The end of a connection waits behind all that was not read. To a word that comes after it, the server's
            // system answers that there is nobody any more.
            if !open(stream.try_write(&frames::priority())) || sips && !open(stream.try_read(&mut [0; SLOW_READ_BYTES])) {
                return;
            }
        }
    }
}
