//! What comes in and what goes out: keys, answers, and questions to the server.

use std::time::SystemTime;

use crossterm::event::KeyEvent;

use super::act::Act;
use super::row::{Details, Row};
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
    Reply(Answer),
}

/// What the server says.
#[derive(Debug)]
pub enum Answer {
    Listed {
        ticket: u64,
        listed: Result<(Vec<Row>, String), Problem>,
    },
    Claims {
        claim: Option<String>,
        leased: Result<Leased, Problem>,
        released: Vec<String>,
    },
    Details {
        id: String,
        details: Result<Box<Details>, Problem>,
    },
    /// What became of an act's comments, and why nothing is known of the rest.
    Acted {
        number: u64,
        results: Vec<pb::ReviewResult>,
        problem: Option<Problem>,
    },
    Similar {
        id: String,
        alike: Result<Vec<(String, u32)>, Problem>,
    },
    Blocked {
        name: String,
        blocked: Result<(), Problem>,
    },
}

/// What came of a claim.
#[derive(Debug)]
pub enum Leased {
    Granted {
        row: Box<Row>,
        until: SystemTime,
    },
    Refused(pb::ItemError),
    /// Nothing was claimed.
    NotClaimed,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Problem {
    pub failure: Failure,
    /// Trying again may help.
    pub is_retryable: bool,
    /// The server does not know how.
    pub is_unimplemented: bool,
}

impl Problem {
    /// Returns the message for the screen: one line, without control characters.
    pub fn message(&self) -> String {
        text::line(self.failure.message(), 300)
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
    Act(Box<Act>),
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
