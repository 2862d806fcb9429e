//! The outcomes of calls.

use std::time::{Duration, Instant};

use tonic::Code;

use super::codec::CountedVerdict;

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The call got a verdict in time.
    Answered,
    /// The call was sent and got no verdict in time.
    Failed,
    /// The call was not sent, because too many others were in flight.
    NotSent,
}

/// The reason why a call, or one attempt at it, got no verdict.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// The gRPC status code.
    pub code: Code,
    /// The reason code of the server, or one of this program in lower case. It may be empty.
    pub reason: String,
    /// The message for people.
    pub message: String,
    /// The delay after which the server allows a retry, or `None` if it gave none.
    pub retry_after: Option<Duration>,
}

/// A call that was sent and has ended.
#[derive(Debug)]
pub struct CompletedCall {
    /// When it was due.
    pub due: Instant,
    /// When it was first sent.
    pub sent: Instant,
    /// Number of attempts.
    pub attempts: u32,
    /// Index of the server that the last attempt went to.
    pub server: usize,
    /// The verdict, or why there is none.
    pub result: Result<CountedVerdict, CallFailure>,
}
