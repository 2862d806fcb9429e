//! The port: takes connections, as many as there may be, shakes hands, and closes those that say nothing.
//!
//! hyper is driven here rather than by tonic's own server, because of what tonic does not offer: TLS that can be renewed, a
//! bound on connections, and an end to those that never say a word.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tower::Service;

use super::connections::{ConnectionPlace, OpenConnections};
use super::timed_body::TimedBody;
use super::tls::Tls;
use crate::keys::Certificate;
use crate::telemetry::METRICS;

/// How long shaking hands, and then saying the first word, may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a client's first word: the preface of HTTP/2. One that speaks HTTP/1 is timed by its header.
const PREFACE_BYTES: u64 = 24;
/// An idle connection is asked for a sign of life, so that half-open ones do not pile up,
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// and closed if it gives none for so long. One that does not read what it is sent gives none either.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls at once on one connection; more wait at the client.
const MAX_STREAMS: u32 = 256;
/// Calls taken back before they were begun, per connection: a host that gives up on a full connection takes back all of
/// them at once, and must not lose the connection for it. More is an attack (CVE-2023-44487).
const MAX_RESET_STREAMS: usize = MAX_STREAMS as usize;
/// Longest headers of a call in bytes.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// Most bytes of answers that wait for one call's reader.
const MAX_SEND_BUFFER: usize = 64 * 1024;
/// How many bytes a call, and a connection, may send ahead of what was read of it. h2 ends a connection on which many small
/// messages wait to be read, in proportion to the second: a few streams of comments of any length stay below that.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// How long to wait after the system had no room for another connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// For how long a connection that makes room for another may go on.
const MAKE_ROOM_TIMEOUT: Duration = Duration::from_millis(250);

/// Where connections come in, and what is served on them.
pub struct Port {
    /// The socket.
    pub listener: TcpListener,
    /// `None`: plain text.
    pub tls: Option<Arc<Tls>>,
    /// Most connections at once.
    pub max_connections: u32,
}

impl Port {
    /// Serves until told to leave; then takes no more connections, lets calls finish until the deadline, and closes.
    /// Tells whether all were finished.
    pub async fn serve(self, router: Router, mut leaving: watch::Receiver<bool>, drain: Duration) -> bool {
        let (open, builder) = (OpenConnections::new(self.max_connections), Arc::new(builder()));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = leaving.wait_for(|leaving| *leaving) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, mostly: connections that end make room.
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            let Some(place) = open.take(peer.ip()).await else {
                METRICS.connection_refused("full");
                continue;
            };
            let (tls, router, builder) = (self.tls.clone(), router.clone(), Arc::clone(&builder));
            let mut leaving = leaving.clone();
            tokio::spawn(async move {
                METRICS.connections.inc();
                let told = async {
                    tokio::select! {
                        _ = leaving.wait_for(|leaving| *leaving) => CloseReason::Drain,
                        () = place.close_requested() => CloseReason::MakeRoom,
                    }
                };
                connection(stream, tls.as_ref(), router, &builder, &place, told).await;
                METRICS.connections.dec();
            });
        }
        drop(self.listener);
        timeout(drain, open.all_closed()).await.is_ok()
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HANDSHAKE_TIMEOUT).max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_send_buf_size(MAX_SEND_BUFFER);
    builder
}

/// Why a connection ends before its client wants it to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CloseReason {
    /// The server leaves: calls may finish until its deadline.
    Drain,
    /// Another needs the place, and nobody has a call open that counts.
    MakeRoom,
}

/// One connection, from the first byte to the last. It lets its calls finish and ends when it is `told` to.
async fn connection(
    stream: TcpStream,
    tls: Option<&Arc<Tls>>,
    router: Router,
    builder: &Builder<TokioExecutor>,
    place: &ConnectionPlace,
    told: impl Future<Output = CloseReason>,
) {
    // Answers are small, and whoever asked waits.
    let _ = stream.set_nodelay(true);
    let mut told = pin!(told);
    let Some(tls) = tls else { return serve(stream, None, router, builder, place, told).await };
    let acceptor = tls.acceptor();
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => shaken,
        _ = &mut told => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| tls.certificate(chain));
            serve(stream, certificate, router, builder, place, told).await;
        }
        Ok(Err(error)) => {
            METRICS.connection_refused("handshake");
            tracing::debug!(%error, "a handshake failed");
        }
        Err(_) => METRICS.connection_refused("silent"),
    }
}

async fn serve<S>(
    stream: S,
    certificate: Option<Certificate>,
    router: Router,
    builder: &Builder<TokioExecutor>,
    place: &ConnectionPlace,
    mut told: Pin<&mut impl Future<Output = CloseReason>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let heard = Arc::new(AtomicU64::new(0));
    let io = TokioIo::new(CountingStream { stream, bytes: Arc::clone(&heard) });
    let state = place.connection();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimedBody::new(Body::new(body))));
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        request.extensions_mut().insert(state.clone());
        // A router is always ready.
        router.clone().call(request)
    });
    let mut serving = pin!(builder.serve_connection(io, service));
    let first_word = tokio::time::sleep(HANDSHAKE_TIMEOUT);
    let mut first_word = pin!(first_word);
    let mut silent = true;
    let mut leaving = None;
    loop {
        tokio::select! {
            // Whoever goes away without a word is nobody's mistake.
            _ = &mut serving => return,
            () = &mut first_word, if silent => {
                if heard.load(Ordering::Relaxed) < PREFACE_BYTES {
                    METRICS.connection_refused("silent");
                    return;
                }
                silent = false;
            }
            farewell = &mut told, if leaving.is_none() => {
                serving.as_mut().graceful_shutdown();
                leaving = Some(farewell);
            }
            () = tokio::time::sleep(MAKE_ROOM_TIMEOUT), if leaving == Some(CloseReason::MakeRoom) => return,
        }
    }
}

/// Counts what was heard.
struct CountingStream<S> {
    stream: S,
    bytes: Arc<AtomicU64>,
}

impl<S: AsyncRead + Unpin> AsyncRead for CountingStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let more = buffer.filled().len().saturating_sub(before);
        self.bytes.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountingStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
