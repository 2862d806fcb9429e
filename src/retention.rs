//! For how long each kind of data is kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::comment::Site;
use crate::verdict::Decision;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// For how long a site's data is kept, each kind counted from its last change. What is held is kept until it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Approved comments with all that belongs to them.
    pub approved: Duration,
    /// Rejected comments with all that belongs to them.
    pub rejected: Duration,
    /// How many comments of an author stand approved, held and rejected.
    pub authors: Duration,
    /// Changes of verdicts, for hosts that watch them.
    pub changes: Duration,
    /// What the audit tells.
    pub audit: Duration,
    /// What was learned.
    pub outcomes: Duration,
}

impl Retention {
    /// So many days.
    pub fn duration_from_days(days: u32) -> Duration {
        DAY * days
    }

    /// So many days for everything.
    pub fn uniform(days: u32) -> Self {
        let span = Self::duration_from_days(days);
        Self { approved: span, rejected: span, authors: span, changes: span, audit: span, outcomes: span }
    }

    /// For how long a comment is kept on which this was decided. A held one is not counted by it.
    pub fn for_decision(&self, decision: Decision) -> Duration {
        match decision {
            Decision::Approve => self.approved,
            // The longer one, for whatever outlives a held comment by being counted from it.
            Decision::Hold => self.approved.max(self.rejected),
            Decision::Reject => self.rejected,
        }
    }

    /// The shortest that any decided comment is kept.
    pub fn shortest(&self) -> Duration {
        self.approved.min(self.rejected)
    }
}

/// Tells how long a site's data is kept, as its policy has it at that moment.
#[derive(Clone)]
pub struct RetentionLookup(Arc<dyn Fn(&Site) -> Retention + Send + Sync>);

impl RetentionLookup {
    /// Asks this each time.
    pub fn new(of: impl Fn(&Site) -> Retention + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// For how long this site's data is kept.
    pub fn for_site(&self, site: &Site) -> Retention {
        (self.0)(site)
    }
}

impl fmt::Debug for RetentionLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Retentions")
    }
}
