//! The inputs and outputs of the screen: events, server replies, and effects.

use std::time::SystemTime;

use crossterm::event::KeyEvent;

use super::act::PendingAct;
use super::row::{CommentDetails, CommentRow};
use crate::cli::failure::Failure;
use crate::cli::text;
use crate::pb;

/// An input of the screen.
#[derive(Debug)]
pub enum Event {
    Key(KeyEvent),
    Tick,
    /// A signal or the end of the input asks the program to end.
    Stop,
    Reply(ServerReply),
}

/// The reply to an [`Effect`].
#[derive(Debug)]
pub enum ServerReply {
    Listed {
        ticket: u64,
        listed: Result<(Vec<CommentRow>, String), RequestFailure>,
    },
    Claims {
        claim: Option<String>,
        leased: Result<ClaimResult, RequestFailure>,
        released: Vec<String>,
    },
    Details {
        id: String,
        details: Result<Box<CommentDetails>, RequestFailure>,
    },
    /// The results of an act, and why there are none for the remaining comments.
    Acted {
        number: u64,
        results: Vec<pb::ReviewResult>,
        problem: Option<RequestFailure>,
    },
    Similar {
        id: String,
        alike: Result<Vec<(String, u32)>, RequestFailure>,
    },
    Blocked {
        name: String,
        blocked: Result<(), RequestFailure>,
    },
}

/// The result of a request for a claim.
#[derive(Debug)]
pub enum ClaimResult {
    Granted {
        row: Box<CommentRow>,
        until: SystemTime,
    },
    Refused(pb::ItemError),
    /// Nothing was claimed.
    NotClaimed,
}

/// The failure of a request.
#[derive(Debug)]
pub struct RequestFailure {
    pub failure: Failure,
    /// Whether a retry may succeed.
    pub is_retryable: bool,
    /// Whether the server does not implement the method.
    pub is_unimplemented: bool,
}

impl RequestFailure {
    /// Returns the message for the screen: one line, without control characters.
    pub fn message(&self) -> String {
        text::escape_line(self.failure.message(), 300)
    }
}

/// A request that the screen wants sent to the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Fetch at least `rows` rows from a page token on.
    List {
        ticket: u64,
        filter: String,
        order: &'static str,
        token: String,
        rows: usize,
    },
    UpdateClaims {
        release: Vec<String>,
        claim: Option<String>,
    },
    Details {
        id: String,
    },
    Act(Box<PendingAct>),
    /// Fetch the held near-duplicates of a comment.
    FindSimilar {
        id: String,
    },
    Block {
        id: String,
        name: String,
        note: String,
    },
}
