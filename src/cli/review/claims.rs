//! Claims on comments: those of colleagues, and the ones that this screen holds.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::cli::text;
use crate::pb;

/// How long a claim lasts; it is renewed after a third of that.
pub const CLAIM_LEASE: Duration = Duration::from_secs(600);

/// A colleague's claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Empty: the server did not say who.
    pub holder: String,
    pub until: SystemTime,
}

impl Claim {
    /// A claim of the wire.
    pub fn from_wire(claim: &pb::Claim) -> Option<Self> {
        let until = SystemTime::try_from(claim.until?).ok()?;
        Some(Self { holder: text::escape_line(&claim.moderator, 128), until })
    }

    /// Returns a claim whose holder is not known yet. The next answer to a list request names the holder.
    pub fn by_unknown(now: SystemTime) -> Self {
        Self { holder: String::new(), until: now + CLAIM_LEASE }
    }

    /// Who, for people.
    pub fn holder_name(&self) -> &str {
        if self.holder.is_empty() { "a colleague" } else { &self.holder }
    }
}

/// Claims: one question at a time, so that giving back never overtakes claiming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaims {
    /// Whether the server knows claims.
    pub supported: bool,
    pub in_flight: bool,
    /// What is ours, until when, and when to say so again.
    pub held: BTreeMap<String, HeldClaim>,
    /// Given back by hand: not claimed again until the cursor comes back to it.
    pub released_by_hand: Option<String>,
}

impl Default for HeldClaims {
    fn default() -> Self {
        Self { supported: true, in_flight: false, held: BTreeMap::new(), released_by_hand: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldClaim {
    pub until: SystemTime,
    pub renew_at: SystemTime,
}
