//! Retention periods for each kind of data.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::comment::Site;
use crate::verdict::Decision;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The retention periods of a site's data, each counted from the last change. Held comments are kept until they are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Approved comments with all data that belongs to them.
    pub approved: Duration,
    /// Rejected comments with all data that belongs to them.
    pub rejected: Duration,
    /// Numbers of approved, held and rejected comments per author.
    pub authors: Duration,
    /// Changes of verdicts, for hosts that watch them.
    pub changes: Duration,
    /// The audit log.
    pub audit: Duration,
    /// What was learned from decisions.
    pub outcomes: Duration,
}

impl Retention {
    /// Returns a number of days as a duration.
    pub fn duration_from_days(days: u32) -> Duration {
        DAY * days
    }

    /// Returns the same retention period, in days, for all data.
    pub fn uniform(days: u32) -> Self {
        let span = Self::duration_from_days(days);
        Self { approved: span, rejected: span, authors: span, changes: span, audit: span, outcomes: span }
    }

    /// Returns how long a comment with a decision is kept. The period does not apply to held comments themselves.
    pub fn for_decision(&self, decision: Decision) -> Duration {
        match decision {
            Decision::Approve => self.approved,
            // The longer one, for data that is counted from a held comment and outlives it.
            Decision::Hold => self.approved.max(self.rejected),
            Decision::Reject => self.rejected,
        }
    }

    /// Returns the shortest period for which a decided comment is kept.
    pub fn shortest(&self) -> Duration {
        self.approved.min(self.rejected)
    }
}

/// Looks up the retention periods of a site in its current policy.
#[derive(Clone)]
pub struct RetentionLookup(Arc<dyn Fn(&Site) -> Retention + Send + Sync>);

impl RetentionLookup {
    /// Creates a lookup that calls `lookup` each time.
    pub fn new(lookup: impl Fn(&Site) -> Retention + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// Returns the retention periods of a site.
    pub fn for_site(&self, site: &Site) -> Retention {
        (self.0)(site)
    }
}

impl fmt::Debug for RetentionLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetentionLookup")
    }
}
