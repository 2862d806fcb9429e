//! What this process alone knows of the limits, for when the store is away.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use super::entry::Admission;
use super::limits::LimitCounts;
use super::person::Person;
use crate::comment::Site;
use crate::facts::Facts;

/// Of how many comments is remembered that they were counted while the store is away.
const MAX_SENT: usize = 100_000;

/// The limits as this process has counted them.
#[derive(Default)]
pub(super) struct LocalLimits {
    /// Kept warm while the store is there.
    limits: Mutex<LimitCounts>,
    /// Which comments were counted here since the store went.
    sent: Mutex<HashSet<u64>>,
}

impl LocalLimits {
    /// Counts a comment that the store admitted, so that the limits go on from there when it is away.
    pub fn count(&self, admission: &Admission<'_>) {
        if let Ok(mut limits) = self.limits.lock() {
            let weighing = limits.check(site_hash(admission.comment.site()), &admission.applied_limits());
            limits.count(&weighing);
            limits.commit();
        }
    }

    /// What is known of a comment while the store is away; counts it in its limits, if `count`.
    pub fn check(&self, admission: &Admission<'_>, count: bool) -> Facts {
        // One that is sent again was counted when it first came.
        let sent = submission_hash(admission);
        if count && self.sent.lock().is_ok_and(|mut sents| sents.len() < MAX_SENT && !sents.insert(sent)) {
            return Facts::default();
        }
        let Ok(mut limits) = self.limits.lock() else { return Facts::default() };
        let weighing = limits.check(site_hash(admission.comment.site()), &admission.applied_limits());
        if count && !weighing.refused() {
            limits.count(&weighing);
            limits.commit();
        }
        Facts { limits: weighing.states, ..Facts::default() }
    }

    /// The store is back.
    pub fn store_recovered(&self) {
        if let Ok(mut sent) = self.sent.lock() {
            sent.clear();
        }
    }

    /// Forgets what was counted for a person.
    pub fn forget(&self, site: &Site, person: Person) {
        if let Ok(mut limits) = self.limits.lock() {
            limits.forget(site_hash(site), person);
            limits.commit();
        }
    }
}

/// A number for a comment as it was sent.
fn submission_hash(admission: &Admission<'_>) -> u64 {
    let comment = admission.comment;
    let mut hasher = DefaultHasher::new();
    (comment.site().as_str(), comment.id().as_str(), comment.fingerprint()).hash(&mut hasher);
    hasher.finish()
}

/// A number for a site, as the limits of one process name it.
fn site_hash(site: &Site) -> i64 {
    let mut hasher = DefaultHasher::new();
    site.as_str().hash(&mut hasher);
    hasher.finish().cast_signed()
}
