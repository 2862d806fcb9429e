//! Operations on a site's entries: list, put and remove.

use std::time::SystemTime;

use prost::Message;

use super::cache::ListCache;
use super::entry::{audit_event, has_expired, masked, person_identity, storage_key, validate};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::policy::EntryTarget;
use crate::store::{RecordsUpdate, Store};

/// Maximum number of entries of a site. Each comment is compared with all of them, and each server caches them.
const MAX_ENTRIES: usize = 10_000;
/// Maximum size of a site's entries together, in bytes. After each change, each server reads all of them again.
const MAX_ENTRIES_BYTES: usize = 1 << 20;

/// An editor of the entries in a store.
pub struct ListEditor {
    store: Store,
    lists: ListCache,
}

impl ListEditor {
    /// Creates an editor of the entries in a store. `lists` is this server's cache of them.
    pub fn new(store: Store, lists: ListCache) -> Self {
        Self { store, lists }
    }

    /// Returns the entries in force, newest first.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn list(&self, site: &Site) -> Result<Vec<pb::ListEntry>, Error> {
        let now = SystemTime::now();
        let listed = self.lists.read_current(site, now).await?;
        let mut entries: Vec<_> = listed.all.iter().filter(|entry| !has_expired(entry, now)).cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.created_at.map(|at| (at.seconds, at.nanos))));
        Ok(entries)
    }

    /// Adds an entry, or replaces the one with the same kind, target and value. Returns the entry as it is stored.
    ///
    /// # Errors
    /// Returns an error if the entry is not valid, if the site has too many entries, or if the store is unavailable.
    pub async fn put(&self, site: &Site, entry: pb::ListEntry, (by, source): (&str, &str)) -> Result<pb::ListEntry, Error> {
        let now = SystemTime::now();
        if has_expired(&entry, now) {
            return Err(Error::invalid("entry.expires_at", "must lie in the future"));
        }
        let present = self.lists.read_current(site, now).await?;
        let (target, entry) = validate(entry)?;
        let stored = self.hash_address(site, target, entry).await?;
        let stored = pb::ListEntry { by: by.to_owned(), created_at: Some(now.into()), ..stored };
        let mut ended = Vec::new();
        let bytes: usize = present.all.iter().map(Message::encoded_len).sum();
        let new = storage_key(&stored);
        if (present.all.len() >= MAX_ENTRIES || bytes > MAX_ENTRIES_BYTES)
            && !present.all.iter().any(|entry| storage_key(entry) == new)
        {
            // Expired entries make room.
            ended.extend(present.all.iter().filter(|entry| has_expired(entry, now)).map(storage_key));
            if ended.is_empty() {
                return Err(Error::invalid(
                    "entry",
                    format!(
                        "is one too many: a site may have {MAX_ENTRIES} entries of {MAX_ENTRIES_BYTES} bytes in all; remove \
                         some first"
                    ),
                ));
            }
        }
        let put = vec![(storage_key(&stored), stored.encode_to_vec())];
        let update = RecordsUpdate { put, ..RecordsUpdate::remove(ended) };
        let result =
            self.store.update_list_entries(site, update.with_act(&audit_event(&stored, "LISTED", (by, source), now))).await;
        // Also on an error: the store may have written the entry before it failed to answer.
        self.lists.mark_outdated(site);
        result?;
        Ok(stored)
    }

    /// Removes an entry. Returns whether it existed.
    ///
    /// # Errors
    /// Returns an error if the entry is not valid or the store is unavailable.
    pub async fn remove(&self, site: &Site, entry: pb::ListEntry, (by, source): (&str, &str)) -> Result<bool, Error> {
        self.lists.read_current(site, SystemTime::now()).await?;
        let (target, entry) = validate(entry)?;
        let mut stored = self.hash_address(site, target, entry.clone()).await?;
        let mut names = vec![storage_key(&stored)];
        // The entry may have been hashed with an earlier secret of the site.
        if let Some(identity) = person_identity(target, &entry.value) {
            for hash in self.store.secrets(site).await?.hashes_of(identity) {
                stored.value = format!("#{hash}");
                names.push(storage_key(&stored));
            }
        }
        let act = audit_event(&stored, "UNLISTED", (by, source), SystemTime::now());
        let removed = self.store.update_list_entries(site, RecordsUpdate::remove(names).with_act(&act)).await;
        self.lists.mark_outdated(site);
        Ok(removed? > 0)
    }

    /// Returns target, value and description of an entry for the author of a comment, by user id or else by e-mail address.
    ///
    /// # Errors
    /// Returns an error if there is no such comment, if its author has neither, or if the store is unavailable.
    pub async fn target_of_author(&self, site: &Site, id: &CommentId) -> Result<(pb::ListTarget, String, String), Error> {
        let not_found = || Error::NotFound { site: site.as_str().to_owned(), comment_id: id.as_str().to_owned() };
        let stored = self.store.get(site, id).await?.ok_or_else(not_found)?;
        let user_id = stored.comment.author.as_ref().map(|author| author.user_id.clone()).unwrap_or_default();
        if !user_id.is_empty() {
            return Ok((pb::ListTarget::Author, user_id, String::new()));
        }
        match stored.email() {
            Some(person) => Ok((pb::ListTarget::Address, format!("#{person}"), "an author's e-mail address".to_owned())),
            None => Err(Error::invalid(
                "author_of",
                "names a comment whose author is known neither by user id nor by e-mail address; list a domain or a word",
            )),
        }
    }

    /// Returns an entry as it is stored, with a person's address replaced by its keyed hash.
    async fn hash_address(&self, site: &Site, target: EntryTarget, mut entry: pb::ListEntry) -> Result<pb::ListEntry, Error> {
        if let Some(identity) = person_identity(target, &entry.value) {
            let secrets = self.store.secrets(site).await?;
            let hash = secrets.hashes_of(identity).first().map(|person| format!("#{person}")).unwrap_or_default();
            entry.shown = masked(&entry.value);
            entry.value = hash;
        }
        Ok(entry)
    }
}
