//! What comes in and what goes out: keys, answers, and questions to the server.

use std::time::SystemTime;

use crossterm::event::KeyEvent;

use super::act::PendingAct;
use super::row::{CommentDetails, CommentRow};
use crate::cli::failure::Failure;
use crate::cli::text;
use crate::pb;

/// What happens.
#[derive(Debug)]
pub enum Event {
    Key(KeyEvent),
    Tick,
    /// The system wants the program to end.
    Stop,
    Reply(ServerReply),
}

/// What the server says.
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
    /// What became of an act's comments, and why nothing is known of the rest.
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

/// What came of a claim.
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

/// Why there is no answer.
#[derive(Debug)]
pub struct RequestFailure {
    pub failure: Failure,
    /// Trying again may help.
    pub is_retryable: bool,
    /// The server does not know how.
    pub is_unimplemented: bool,
}

impl RequestFailure {
    /// Returns the message for the screen: one line, without control characters.
    pub fn message(&self) -> String {
        text::escape_line(self.failure.message(), 300)
    }
}

/// What shall be asked of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Rows from a page on.
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
    /// Which other held comments are nearly the same.
    FindSimilar {
        id: String,
    },
    Block {
        id: String,
        name: String,
        note: String,
    },
}
