//! What is asked for one comment: where it comes from, and whether the answer is kept.

use std::time::SystemTime;

use crate::comment::Comment;
use crate::telemetry::METRICS;
use crate::verdict::Decision;

/// Where a comment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its author sent it just now.
    Author,
    /// An archive, in which it stands since long ago: no limit counts it, holds it or rejects it.
    Archive {
        /// What was decided on it there. `None`: it is judged.
        decided: Option<Decision>,
    },
}

impl Origin {
    /// Returns the decision that came with the comment from an archive.
    pub(super) fn decided(self) -> Option<Decision> {
        match self {
            Self::Author => None,
            Self::Archive { decided } => decided,
        }
    }
}

/// A parsed comment, and how it is to be moderated.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub comment: &'a Comment,
    pub origin: Origin,
    /// Whether nothing may be counted, recorded or queued.
    pub dry_run: bool,
    /// When the comment came in.
    pub now: SystemTime,
}

impl Request<'_> {
    /// Returns whether the comment was just sent by its author, and counts.
    pub fn is_live(&self) -> bool {
        self.origin == Origin::Author && !self.dry_run
    }

    /// Counts the client's address of a live comment if no limit can use it, and logs the first one of the process: most often
    /// the host sends the address of its own proxy.
    pub fn note_address(&self) {
        if !self.is_live() {
            return;
        }
        let comment = self.comment;
        let (why, advice) = if comment.has_malformed_ip() {
            ("malformed", "send the visitor's address alone, without a list of proxies")
        } else if comment.ip().is_some() && comment.public_ip().is_none() {
            ("not_public", "send the visitor's address, not the proxy's; private addresses count for nobody")
        } else {
            return;
        };
        if METRICS.ignored_address(why) {
            tracing::warn!(site = comment.site().as_str(), why, advice, "client.ip counts for no limit; told only once");
        }
    }
}
