//! A request to moderate one comment: its origin, and whether the verdict is recorded.

use std::time::SystemTime;

use crate::comment::Comment;
use crate::telemetry::METRICS;
use crate::verdict::Decision;

/// The origin of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The author has just sent it.
    Author,
    /// It comes from an archive of older comments. No limit counts, holds or rejects it.
    Archive {
        /// The archive's decision. `None` if the comment is to be judged.
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
    /// Whether counting, recording and queueing are disabled.
    pub dry_run: bool,
    /// Time at which the request was received.
    pub now: SystemTime,
}

impl Request<'_> {
    /// Returns whether the author has just sent the comment, and this is not a dry run.
    pub fn is_live(&self) -> bool {
        self.origin == Origin::Author && !self.dry_run
    }

    /// Counts a live comment's client address that no limit can use in the metrics, and logs the first one of the process.
    /// The usual cause is a host that sends the address of its own proxy.
    pub fn note_address(&self) {
        if !self.is_live() {
            return;
        }
        let comment = self.comment;
        let (reason, advice) = if comment.has_malformed_ip() {
            ("malformed", "send the visitor's address alone, without a list of proxies")
        } else if comment.ip().is_some() && comment.public_ip().is_none() {
            ("not_public", "send the visitor's address, not the proxy's; private addresses are ignored")
        } else {
            return;
        };
        if METRICS.ignored_address(reason) {
            tracing::warn!(
                site = comment.site().as_str(),
                why = reason,
                advice,
                "client.ip counts for no limit; logged once per process"
            );
        }
    }
}
