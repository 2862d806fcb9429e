//! The port: accepts a limited number of connections, performs TLS handshakes, and closes silent connections.
//!
//! This drives hyper directly and does not use tonic's server, which lacks renewable certificates, a limit on connections, and
//! a timeout for silent ones.

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

/// Maximum time of the TLS handshake, and then of the client's first bytes.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Length of the HTTP/2 preface, in bytes. HTTP/1 connections are timed by their header.
const PREFACE_BYTES: u64 = 24;
/// Interval of HTTP/2 pings on idle connections, so that half-open connections do not accumulate.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Time after which a connection without a ping response is closed. A client that does not read does not respond either.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of concurrent calls on one connection. Clients queue further calls.
const MAX_STREAMS: u32 = 256;
/// Maximum number of calls per connection that are reset before they are accepted. A host that gives up on a full connection
/// resets all its calls at once and must not lose the connection for it. More is an attack (CVE-2023-44487).
const MAX_RESET_STREAMS: usize = MAX_STREAMS as usize;
/// Maximum size of a call's headers, in bytes.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// Maximum size of buffered responses per call, in bytes.
const MAX_SEND_BUFFER: usize = 64 * 1024;
/// Flow-control window of a call, in bytes.
const STREAM_WINDOW: u32 = 64 * 1024;
/// Flow-control window of a connection, in bytes. h2 closes a connection with many small unread messages, in proportion to this
/// window: a few streams of comments of any length stay below that.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// Pause after the system could not accept a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Maximum time that a connection may go on after it was asked to close for another one.
const MAKE_ROOM_TIMEOUT: Duration = Duration::from_millis(250);

/// The listening socket with its settings.
pub struct Port {
    /// The socket.
    pub listener: TcpListener,
    /// TLS, or `None` for plain text.
    pub tls: Option<Arc<Tls>>,
    /// Maximum number of concurrent connections.
    pub max_connections: u32,
}

impl Port {
    /// Serves until `leaving` becomes true. Then accepts no more connections, lets calls finish until the drain timeout, and
    /// closes. Returns whether all connections were closed in time.
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
                    // Usually out of file descriptors, which closing connections frees.
                    tracing::warn!(%error, "cannot accept a connection");
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
                let closing = async {
                    tokio::select! {
                        _ = leaving.wait_for(|leaving| *leaving) => CloseReason::Drain,
                        () = place.close_requested() => CloseReason::MakeRoom,
                    }
                };
                connection(stream, tls.as_ref(), router, &builder, &place, closing).await;
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

/// Why the server closes a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CloseReason {
    /// The server shuts down: calls may finish until the drain timeout.
    Drain,
    /// Another connection needs the place, and no authorized call is open on this one.
    MakeRoom,
}

/// Serves a connection until it is closed. When `closing` resolves, lets its calls finish and closes it.
async fn connection(
    stream: TcpStream,
    tls: Option<&Arc<Tls>>,
    router: Router,
    builder: &Builder<TokioExecutor>,
    place: &ConnectionPlace,
    closing: impl Future<Output = CloseReason>,
) {
    // Responses are small and clients wait for them.
    let _ = stream.set_nodelay(true);
    let mut closing = pin!(closing);
    let Some(tls) = tls else { return serve(stream, None, router, builder, place, closing).await };
    let acceptor = tls.acceptor();
    let handshake = tokio::select! {
        handshake = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => handshake,
        _ = &mut closing => return,
    };
    match handshake {
        Ok(Ok(stream)) => {
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| tls.certificate(chain));
            serve(stream, certificate, router, builder, place, closing).await;
        }
        Ok(Err(error)) => {
            METRICS.connection_refused("handshake");
            tracing::debug!(%error, "a TLS handshake failed");
        }
        Err(_) => METRICS.connection_refused("silent"),
    }
}

/// Serves HTTP on a connection, after the TLS handshake if there is one.
async fn serve<S>(
    stream: S,
    certificate: Option<Certificate>,
    router: Router,
    builder: &Builder<TokioExecutor>,
    place: &ConnectionPlace,
    mut closing: Pin<&mut impl Future<Output = CloseReason>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let received = Arc::new(AtomicU64::new(0));
    let io = TokioIo::new(CountingStream { stream, bytes: Arc::clone(&received) });
    let state = place.connection();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimedBody::new(Body::new(body))));
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        request.extensions_mut().insert(state.clone());
        // An axum router is always ready.
        router.clone().call(request)
    });
    let mut serving = pin!(builder.serve_connection(io, service));
    let preface_timeout = tokio::time::sleep(HANDSHAKE_TIMEOUT);
    let mut preface_timeout = pin!(preface_timeout);
    let mut silent = true;
    let mut close_reason = None;
    loop {
        tokio::select! {
            // A client that disconnects early is not an error.
            _ = &mut serving => return,
            () = &mut preface_timeout, if silent => {
                if received.load(Ordering::Relaxed) < PREFACE_BYTES {
                    METRICS.connection_refused("silent");
                    return;
                }
                silent = false;
            }
            reason = &mut closing, if close_reason.is_none() => {
                serving.as_mut().graceful_shutdown();
                close_reason = Some(reason);
            }
            () = tokio::time::sleep(MAKE_ROOM_TIMEOUT), if close_reason == Some(CloseReason::MakeRoom) => return,
        }
    }
}

/// A stream that counts the bytes read from it.
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
