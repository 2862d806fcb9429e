//! Rate limits counted by this process alone, used while the store is unavailable.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use super::entry::Admission;
use super::limits::LimitCounts;
use super::person::Person;
use crate::comment::Site;
use crate::facts::Facts;

/// Maximum number of comments remembered as already counted while the store is unavailable.
const MAX_SENT: usize = 100_000;

/// The rate limits as counted by this process.
#[derive(Default)]
pub(super) struct LocalLimits {
    /// Counts, kept up to date while the store is available.
    limits: Mutex<LimitCounts>,
    /// Hashes of the comments that were counted here since the store became unavailable.
    sent: Mutex<HashSet<u64>>,
}

impl LocalLimits {
    /// Counts a comment that the store admitted, so that the limits continue from there if the store becomes unavailable.
    pub fn count(&self, admission: &Admission<'_>) {
        if let Ok(mut limits) = self.limits.lock() {
            let check = limits.check(site_hash(admission.comment.site()), &admission.applied_limits());
            limits.count(&check);
            limits.commit();
        }
    }

    /// Returns the facts about a comment that this process knows by itself. Counts the comment in its limits if `count` is set.
    pub fn check(&self, admission: &Admission<'_>, count: bool) -> Facts {
        let (Ok(mut limits), Ok(mut sent)) = (self.limits.lock(), self.sent.lock()) else { return Facts::default() };
        let hash = submission_hash(admission);
        // A comment that is sent again is not counted again. One that exceeded a limit was not counted, and is checked anew.
        if count && sent.contains(&hash) {
            return Facts::default();
        }
        let check = limits.check(site_hash(admission.comment.site()), &admission.applied_limits());
        if count && !check.refused() {
            limits.count(&check);
            limits.commit();
            if sent.len() < MAX_SENT {
                sent.insert(hash);
            }
        }
        Facts { limits: check.states, ..Facts::default() }
    }

    /// Reports that the store is available again.
    pub fn store_recovered(&self) {
        if let Ok(mut sent) = self.sent.lock() {
            sent.clear();
        }
    }

    /// Removes the counts of a person.
    pub fn forget(&self, site: &Site, person: Person) {
        if let Ok(mut limits) = self.limits.lock() {
            limits.forget(site_hash(site), person);
            limits.commit();
        }
    }
}

/// Returns a hash of a comment's site, id and fingerprint.
fn submission_hash(admission: &Admission<'_>) -> u64 {
    let comment = admission.comment;
    let mut hasher = DefaultHasher::new();
    (comment.site().as_str(), comment.id().as_str(), comment.fingerprint()).hash(&mut hasher);
    hasher.finish()
}

/// Returns a hash that identifies a site within this process.
fn site_hash(site: &Site) -> i64 {
    let mut hasher = DefaultHasher::new();
    site.as_str().hash(&mut hasher);
    hasher.finish().cast_signed()
}
