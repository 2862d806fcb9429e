//! The behaviour of each kind of connection: what it sends and reads.

use std::time::{Duration, Instant};

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;

use super::super::frames;
use super::kind::ConnectionKind;
use super::target::BackgroundTarget;
use crate::pb;

/// Receive buffer of a slow reader, in bytes. It is small so that the server soon notices that nothing is read.
const SMALL_RECV_BUFFER: u32 = 4 * 1024;
/// Bytes that a slow reader reads at a time.
const SLOW_READ_BYTES: usize = 64;
/// Time between two reads of a slow reader.
const SLOW_READ_INTERVAL: Duration = Duration::from_secs(1);
/// How often a slow reader checks whether the connection is still open.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// First call number of slow readers, beyond the numbers that the load reaches.
const FIRST_BACKGROUND_CALL: u64 = 9_000_000_000;
/// Number of calls that a slow reader makes at once.
const CALLS_PER_CONNECTION: u32 = 8;

/// Connects to the target and sends the first bytes of a connection of this kind.
pub async fn connect(kind: ConnectionKind, number: usize, target: &BackgroundTarget) -> std::io::Result<TcpStream> {
    let socket = if target.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if kind == ConnectionKind::SlowReaders {
        socket.set_recv_buffer_size(SMALL_RECV_BUFFER)?;
    }
    let mut stream = socket.connect(target.address).await?;
    match kind {
        ConnectionKind::Idle => {
            stream.write_all(&frames::preface_and_settings(u32::try_from(frames::DEFAULT_WINDOW).unwrap_or_default())).await?
        }
        ConnectionKind::HalfOpen if number % 2 == 1 => stream.write_all(&frames::PREFACE[..frames::PREFACE.len() / 2]).await?,
        ConnectionKind::HalfOpen => {}
        ConnectionKind::SlowReaders => stream.write_all(&slow_reader_requests(number, target)).await?,
    }
    Ok(stream)
}

/// Returns a preface that opens the flow-control window fully, and calls whose answers are long.
fn slow_reader_requests(number: usize, target: &BackgroundTarget) -> Vec<u8> {
    let mut bytes = frames::preface_and_settings(frames::MAX_FLOW_WINDOW);
    bytes.extend(frames::connection_window_update(
        frames::MAX_FLOW_WINDOW - u32::try_from(frames::DEFAULT_WINDOW).unwrap_or_default(),
    ));
    match number % 3 {
        0 => {
            let (site, filter) = (target.site.clone(), "decision=any".to_owned());
            let request = pb::ListCommentsRequest { site, filter, page_size: 1_000, ..Default::default() };
            bytes.extend(calls("/gatepost.v1.ReviewService/ListComments", &request, target));
        }
        1 => {
            let request = pb::WatchVerdictsRequest { site: target.site.clone(), after_cursor: None };
            bytes.extend(calls("/gatepost.v1.ModerationService/WatchVerdicts", &request, target));
        }
        _ => bytes.extend(stream_of_comments(number, target)),
    }
    bytes
}

/// Returns the request headers of a call.
fn head(stream: u32, path: &str, target: &BackgroundTarget) -> Vec<u8> {
    frames::request_headers(stream, path, &target.authority, target.bearer.as_deref())
}

/// Returns several calls with the same request.
fn calls(path: &str, request: &impl Message, target: &BackgroundTarget) -> Vec<u8> {
    let message = request.encode_to_vec();
    let streams = (0..CALLS_PER_CONNECTION).map(|call| call * 2 + 1);
    streams.flat_map(|stream| [head(stream, path, target), frames::grpc_message(stream, &message, true)].concat()).collect()
}

/// Returns one streaming call with as many comments as fit in the initial flow-control window.
fn stream_of_comments(number: usize, target: &BackgroundTarget) -> Vec<u8> {
    let mut bytes = head(1, "/gatepost.v1.ModerationService/CheckComments", target);
    // The requests of CheckComment and CheckComments have the same encoding.
    let (mut sent, mut comment) = (0, Vec::new());
    for call in FIRST_BACKGROUND_CALL + number as u64 * 1_000.. {
        comment.clear();
        target.comments.encode(call, &mut comment);
        sent += comment.len() + 5;
        if sent > frames::DEFAULT_WINDOW {
            break;
        }
        bytes.extend(frames::grpc_message(1, &comment, false));
    }
    bytes
}

/// Runs a connection until the server closes it or `over` becomes true.
///
/// Returns the time after which the server closed it, or `None` if it did not.
pub async fn run(
    kind: ConnectionKind,
    number: usize,
    mut stream: TcpStream,
    mut over: watch::Receiver<bool>,
) -> Option<Duration> {
    let opened = Instant::now();
    let closed = async {
        match kind {
            // It does not matter how the server closed the connection.
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

/// Reads and discards bytes until the connection ends.
async fn read_to_end(stream: &mut TcpStream) {
    let mut bytes = [0; 1_024];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

/// Reads a few bytes every second if `reads` is true, and otherwise nothing, until the connection ends.
async fn read_slowly(stream: &mut TcpStream, reads: bool) {
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
            // The end of the connection is queued behind the bytes that were not read, so that reading does not show it.
            // A frame sent to a closed connection is answered with a reset, which does.
            if !open(stream.try_write(&frames::priority())) || reads && !open(stream.try_read(&mut [0; SLOW_READ_BYTES])) {
                return;
            }
        }
    }
}
