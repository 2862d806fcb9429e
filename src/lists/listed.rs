//! A site's entries, compiled for comparison with comments.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::entry::{has_expired, kind, target};
use crate::comment::Comment;
use crate::pb;
use crate::policy::{Entries, SenderHashes};
use crate::store::{Persons, Secrets};

/// A site's entries, compiled for comparison with comments.
#[derive(Default)]
pub struct SiteLists {
    /// Entries that had not expired when they were compiled.
    pub entries: Entries,
    /// Version of the entries; `None` if they were never read from the store.
    pub version: Option<u64>,
    /// Whether another server has changed the entries since.
    stale: AtomicBool,
    /// Time at which the next of the entries expires.
    next_expiry: Option<SystemTime>,
    /// All entries, expired ones included.
    pub(super) all: Vec<pb::ListEntry>,
}

impl SiteLists {
    /// Compiles the entries of a version.
    pub(super) fn compile(all: Vec<pb::ListEntry>, version: u64, now: SystemTime) -> Self {
        let mut until = None;
        let in_force = all.iter().filter(|entry| !has_expired(entry, now)).filter_map(|entry| {
            let end = entry.expires_at.and_then(|end| SystemTime::try_from(end).ok());
            until = [until, end].into_iter().flatten().min();
            Some((kind(entry)?, target(entry)?, entry.value.clone()))
        });
        let entries = Entries::new(in_force);
        Self { entries, version: Some(version), stale: AtomicBool::new(false), next_expiry: until, all }
    }

    /// Returns whether no entry has expired since the entries were compiled.
    pub(super) fn is_in_force(&self, now: SystemTime) -> bool {
        self.next_expiry.is_none_or(|until| now < until)
    }

    /// Returns whether another server has changed the entries since.
    pub(super) fn is_outdated(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Marks the entries as changed by another server. They stay in use if the store is unavailable.
    pub(super) fn mark_outdated(&self) {
        self.stale.store(true, Ordering::Relaxed);
    }

    /// Returns the hashes of a comment's sender in the form in which entries name persons. Empty if no entry is for a person.
    pub fn senders(&self, secrets: Option<&Secrets>, comment: &Comment) -> SenderHashes {
        if !self.entries.have_person_entries() {
            return SenderHashes::default();
        }
        let all = secrets.into_iter().flat_map(|secrets| secrets.all().map(|secret| Persons::of_comment(secret, comment)));
        let mut senders = SenderHashes::default();
        for persons in all {
            let (verified, unverified) = if persons.verified { (persons.email, None) } else { (None, persons.email) };
            senders.verified.extend([verified, persons.ip].into_iter().flatten().map(|it| format!("#{it}")));
            senders.unverified.extend(unverified.map(|person| format!("#{person}")));
        }
        senders
    }
}
