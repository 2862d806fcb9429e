//! Request bodies with a time limit for each message and a memory limit for all unfinished messages. Without them, a client
//! that only needs to send headers could hold the memory of a half-sent message for as long as it likes.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep};

/// Maximum time of a message from its first byte to its last.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Size of all unfinished messages, in bytes, above which long ones are aborted.
const MAX_UNFINISHED_BYTES: usize = 64 << 20;
/// Size of an unfinished message, in bytes, above which it is long.
const LONG_MESSAGE: usize = 64 << 10;
/// Length of a gRPC frame header: the compression flag and the length of the message.
const FRAME_HEADER: usize = 5;

/// Size of all unfinished messages of this process, in bytes.
static UNFINISHED: AtomicUsize = AtomicUsize::new(0);

/// A body that limits the time and memory of its messages.
pub struct TimedBody {
    inner: Body,
    head: Vec<u8>,
    /// Bytes of the current message that are still missing.
    missing: usize,
    /// Bytes of the current message that have arrived.
    received: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    /// Wraps a body.
    pub fn new(inner: Body) -> Self {
        Self { inner, head: Vec::with_capacity(FRAME_HEADER), missing: 0, received: 0, deadline: None }
    }

    /// Parses the next bytes of the body, and updates the current message and its deadline.
    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.missing == 0 {
                let (head, rest) = bytes.split_at(bytes.len().min(FRAME_HEADER - self.head.len()));
                self.head.extend_from_slice(head);
                bytes = rest;
                if let Ok([_, length @ ..]) = <[u8; FRAME_HEADER]>::try_from(self.head.as_slice()) {
                    self.head.clear();
                    self.missing = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
                }
                continue;
            }
            let taken = bytes.len().min(self.missing);
            bytes = &bytes[taken..];
            self.missing -= taken;
            self.count(taken);
            if self.missing == 0 {
                self.finish_message();
            }
        }
        if self.missing == 0 && self.head.is_empty() {
            self.deadline = None;
        } else if self.deadline.is_none() {
            self.deadline = Some(Box::pin(sleep(MESSAGE_TIMEOUT)));
        }
    }

    fn count(&mut self, bytes: usize) {
        self.received += bytes;
        UNFINISHED.fetch_add(bytes, Ordering::Relaxed);
    }

    fn finish_message(&mut self) {
        UNFINISHED.fetch_sub(self.received, Ordering::Relaxed);
        self.received = 0;
        // The next message gets the full time.
        if let Some(deadline) = &mut self.deadline {
            deadline.as_mut().reset(Instant::now() + MESSAGE_TIMEOUT);
        }
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        UNFINISHED.fetch_sub(self.received, Ordering::Relaxed);
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let next = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &next
            && let Some(bytes) = frame.data_ref()
        {
            let bytes = bytes.clone();
            self.follow(&bytes);
            if self.received > LONG_MESSAGE && UNFINISHED.load(Ordering::Relaxed) > MAX_UNFINISHED_BYTES {
                return Poll::Ready(Some(Err(axum::Error::new("too many long messages are unfinished"))));
            }
        }
        if next.is_pending()
            && let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Some(Err(axum::Error::new("the message was not completed in time"))));
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt;

    use super::*;

    fn message(length: u32, sent: usize) -> Vec<u8> {
        [&[0][..], &length.to_be_bytes(), &vec![7; sent]].concat()
    }

    fn body(parts: Vec<Vec<u8>>, ends: bool) -> TimedBody {
        let parts = stream::iter(parts.into_iter().map(|part| Ok::<_, std::convert::Infallible>(Bytes::from(part))));
        match ends {
            true => TimedBody::new(Body::from_stream(parts)),
            false => TimedBody::new(Body::from_stream(futures_util::StreamExt::chain(parts, stream::pending()))),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn messages_pass_however_they_are_cut() {
        let all = [message(3, 3), message(0, 0), message(300, 300)].concat();
        for size in [1, 2, 4, 7, 1_000] {
            let mut body = body(all.chunks(size).map(<[u8]>::to_vec).collect(), true);
            let mut read = Vec::new();
            while let Some(frame) = body.frame().await {
                read.extend(frame.unwrap().into_data().unwrap());
            }
            assert_eq!(read, all);
            assert!(body.received == 0 && body.missing == 0 && body.deadline.is_none(), "{size}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_is_never_finished_ends_the_body_and_one_that_is_never_begun_does_not() {
        for part in [message(9, 4), vec![0, 0]] {
            let mut half = body(vec![message(1, 1), part], false);
            let ended = async {
                loop {
                    if let Err(error) = half.frame().await.unwrap() {
                        return error;
                    }
                }
            };
            let ended = tokio::time::timeout(MESSAGE_TIMEOUT * 2, ended).await.expect("it goes on");
            assert!(ended.to_string().contains("in time"), "{ended}");
        }
        let mut quiet = body(vec![message(1, 1)], false);
        assert!(quiet.frame().await.unwrap().is_ok());
        assert!(tokio::time::timeout(MESSAGE_TIMEOUT * 2, quiet.frame()).await.is_err());
    }
}
