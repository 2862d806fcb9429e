//! Claims on comments: those of colleagues and those that this screen holds.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::cli::text;
use crate::pb;

/// How long a claim lasts. It is renewed after a third of this time.
pub const CLAIM_LEASE: Duration = Duration::from_secs(600);

/// A claim of a colleague.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Name of the moderator, or empty if it is not known.
    pub holder: String,
    /// When the claim lapses.
    pub until: SystemTime,
}

impl Claim {
    /// Converts a claim from the wire. Returns `None` if it has no valid expiry time.
    pub fn from_wire(claim: &pb::Claim) -> Option<Self> {
        let until = SystemTime::try_from(claim.until?).ok()?;
        Some(Self { holder: text::escape_line(&claim.moderator, 128), until })
    }

    /// Returns a claim whose holder is not known yet. The next answer to a list request names the holder.
    pub fn by_unknown(now: SystemTime) -> Self {
        Self { holder: String::new(), until: now + CLAIM_LEASE }
    }

    /// Returns the name of the holder for display, or "a colleague" if it is not known.
    pub fn holder_name(&self) -> &str {
        if self.holder.is_empty() { "a colleague" } else { &self.holder }
    }
}

/// The claims that this screen holds. At most one request about claims is in flight, so that a release never overtakes a
/// claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaims {
    /// Whether the server supports claims.
    pub supported: bool,
    /// Whether a request about claims is in flight.
    pub in_flight: bool,
    /// The claims held, by comment id.
    pub held: BTreeMap<String, HeldClaim>,
    /// Id of a comment whose claim the moderator released. It is not claimed again until the moderator asks for it or moves
    /// the cursor.
    pub released_by_hand: Option<String>,
}

impl Default for HeldClaims {
    fn default() -> Self {
        Self { supported: true, in_flight: false, held: BTreeMap::new(), released_by_hand: None }
    }
}

/// A claim that this screen holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldClaim {
    /// When the claim lapses.
    pub until: SystemTime,
    /// When to renew the claim.
    pub renew_at: SystemTime,
}
