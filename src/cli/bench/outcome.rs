//! How calls end.

use std::time::{Duration, Instant};

use tonic::Code;

use super::codec::CountedVerdict;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// With a verdict, in time.
    Answered,
    /// Without one.
    Failed,
    /// It never began: too many others were on their way.
    NotSent,
}

/// Why a call, or one attempt at it, has no verdict.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// The status.
    pub code: Code,
    /// The server's word for it, or one of this program's in lower case. May be empty.
    pub reason: String,
    /// The same for people.
    pub message: String,
    /// When the server wants to be asked again.
    pub retry_after: Option<Duration>,
}

/// A call that was made.
#[derive(Debug)]
pub struct CompletedCall {
    /// When it was due.
    pub due: Instant,
    /// When it was sent first.
    pub sent: Instant,
    /// How often it was sent.
    pub attempts: u32,
    /// Which server was asked last.
    pub server: usize,
    /// What came of it.
    pub result: Result<CountedVerdict, CallFailure>,
}
