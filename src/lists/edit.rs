//! What moderators do to a site's entries: list, put, remove.

use std::time::SystemTime;

use prost::Message;

use super::cache::ListCache;
use super::entry::{audit_event, has_expired, masked, person_identity, storage_key, validate};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::policy::EntryTarget;
use crate::store::{RecordsUpdate, Store};

/// Most entries of a site: each comment is held to all of them, and each server keeps them.
const MAX_ENTRIES: usize = 10_000;
/// How many bytes they may take together: each change has each server read them again.
const MAX_ENTRIES_BYTES: usize = 1 << 20;

/// Edits the entries that a store keeps.
pub struct ListEditor {
    store: Store,
    lists: ListCache,
}

impl ListEditor {
    /// Edits the entries of a store. `lists` is what this server knows of them.
    pub fn new(store: Store, lists: ListCache) -> Self {
        Self { store, lists }
    }

    /// The entries in force, newest first.
    ///
    /// # Errors
    /// The store being away.
    pub async fn list(&self, site: &Site) -> Result<Vec<pb::ListEntry>, Error> {
        let now = SystemTime::now();
        let listed = self.lists.read_current(site, now).await?;
        let mut entries: Vec<_> = listed.all.iter().filter(|entry| !has_expired(entry, now)).cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.created_at.map(|at| (at.seconds, at.nanos))));
        Ok(entries)
    }

    /// Puts an entry in the place of one that is for the same. Returns it as it is kept.
    ///
    /// # Errors
    /// What is wrong with it; too many of them; the store being away.
    pub async fn put(&self, site: &Site, entry: pb::ListEntry, (by, source): (&str, &str)) -> Result<pb::ListEntry, Error> {
        let now = SystemTime::now();
        if has_expired(&entry, now) {
            return Err(Error::invalid("entry.expires_at", "must lie in the future"));
        }
        let present = self.lists.read_current(site, now).await?;
        let (target, entry) = validate(entry)?;
        let kept = self.hash_address(site, target, entry).await?;
        let kept = pb::ListEntry { by: by.to_owned(), created_at: Some(now.into()), ..kept };
        let mut ended = Vec::new();
        let bytes: usize = present.all.iter().map(Message::encoded_len).sum();
        let new = storage_key(&kept);
        if (present.all.len() >= MAX_ENTRIES || bytes > MAX_ENTRIES_BYTES)
            && !present.all.iter().any(|entry| storage_key(entry) == new)
        {
            // Those that have ended are of no use any more.
            ended.extend(present.all.iter().filter(|entry| has_expired(entry, now)).map(storage_key));
            if ended.is_empty() {
                return Err(Error::invalid(
                    "entry",
                    format!(
                        "is one too many: a site may have {MAX_ENTRIES}, of {MAX_ENTRIES_BYTES} bytes together; remove some"
                    ),
                ));
            }
        }
        let put = vec![(storage_key(&kept), kept.encode_to_vec())];
        let amendment = RecordsUpdate { put, ..RecordsUpdate::remove(ended) };
        let amended =
            self.store.update_list_entries(site, amendment.with_act(&audit_event(&kept, "LISTED", (by, source), now))).await;
        // Also where the store gave no answer: it may have done it.
        self.lists.mark_outdated(site);
        amended?;
        Ok(kept)
    }

    /// Removes an entry. Tells whether it was there.
    ///
    /// # Errors
    /// What is wrong with it; the store being away.
    pub async fn remove(&self, site: &Site, entry: pb::ListEntry, (by, source): (&str, &str)) -> Result<bool, Error> {
        self.lists.read_current(site, SystemTime::now()).await?;
        let (target, entry) = validate(entry)?;
        let mut kept = self.hash_address(site, target, entry.clone()).await?;
        let mut names = vec![storage_key(&kept)];
        // It may have been put there under an earlier secret of the site.
        if let Some(identity) = person_identity(target, &entry.value) {
            for hash in self.store.secrets(site).await?.hashes_of(identity) {
                kept.value = format!("#{hash}");
                names.push(storage_key(&kept));
            }
        }
        let act = audit_event(&kept, "UNLISTED", (by, source), SystemTime::now());
        let removed = self.store.update_list_entries(site, RecordsUpdate::remove(names).with_act(&act)).await;
        self.lists.mark_outdated(site);
        Ok(removed? > 0)
    }

    /// An entry for the author of a comment: by user id, else by e-mail address.
    ///
    /// # Errors
    /// There is no such comment, or nothing is known of its author.
    pub async fn target_of_author(&self, site: &Site, id: &CommentId) -> Result<(pb::ListTarget, String, String), Error> {
        let not_found = || Error::NotFound { site: site.as_str().to_owned(), comment_id: id.as_str().to_owned() };
        let kept = self.store.get(site, id).await?.ok_or_else(not_found)?;
        let user_id = kept.comment.author.as_ref().map(|author| author.user_id.clone()).unwrap_or_default();
        if !user_id.is_empty() {
            return Ok((pb::ListTarget::Author, user_id, String::new()));
        }
        match kept.email() {
            Some(person) => Ok((pb::ListTarget::Address, format!("#{person}"), "an author's e-mail address".to_owned())),
            None => Err(Error::invalid(
                "author_of",
                "names a comment whose author is known neither by user id nor by e-mail address; block a domain or a word",
            )),
        }
    }

    /// Returns an entry as it is kept: a person's address as a hash.
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
