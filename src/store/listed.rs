//! A site's block and allow entries as they are kept: by name, with a version that rises with every change.

use std::sync::atomic::Ordering;

use prost::Message;

use super::person::{Identity, Person};
use super::records::Records;
use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::pb;

impl Store {
    /// The version of all sites' entries, where only this process writes them. `None`: others may, and
    /// [`admit`](Self::admit) tells whether they did.
    pub fn listed_version(&self) -> Option<u64> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Some(self.version.load(Ordering::Relaxed)),
            Engine::Redis(_) => None,
        }
    }

    /// A site's entries.
    pub async fn listed(&self, site: &Site) -> Result<Records, Error> {
        // Before the entries: what changes meanwhile is read again.
        let version = self.version.load(Ordering::Relaxed);
        match &self.engine {
            Engine::Memory(engine) => Ok(Records { version, all: engine.listed(site)? }),
            Engine::Embedded(engine) => Ok(Records { version, all: engine.records_in(space(site)).await? }),
            Engine::Redis(engine) => engine.listed(site).await,
        }
    }

    /// Puts entries in the place of those of the same names.
    pub async fn put_listed(&self, site: &Site, entries: &[(String, Vec<u8>)]) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.put_listed(site, entries)?,
            Engine::Embedded(engine) => engine.put_records_in(space(site), entries).await?,
            Engine::Redis(engine) => engine.put_listed(site, entries).await?,
        }
        self.version.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Removes an entry. Tells whether it was there.
    pub async fn remove_listed(&self, site: &Site, name: &str) -> Result<bool, Error> {
        let removed = match &self.engine {
            Engine::Memory(engine) => engine.remove_listed(site, name),
            Engine::Embedded(engine) => engine.remove_record_in(space(site), name).await,
            Engine::Redis(engine) => engine.remove_listed(site, name).await,
        };
        self.version.fetch_add(1, Ordering::Relaxed);
        removed
    }

    /// Removes the entries that are for a person. Returns how many there were.
    pub(super) async fn unlist_person(&self, site: &Site, person: &Person) -> Result<u64, Error> {
        let (entries, secrets) = (self.listed(site).await?.all, self.secrets(site).await?);
        let hash = format!("#{person}");
        let mut removed = 0;
        for (name, bytes) in entries {
            // A damaged one matches nobody, and must not keep the rest from being erased.
            let Ok(entry) = pb::ListEntry::decode(&*bytes) else { continue };
            let theirs = match entry.target() {
                pb::ListTarget::Author => secrets.known_by(Identity::User(&entry.value)).contains(person),
                _ => entry.value == hash,
            };
            if theirs && self.remove_listed(site, &name).await? {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Where the file keeps a site's entries. No site holds a blank.
fn space(site: &Site) -> String {
    format!("listed {}", site.as_str())
}
