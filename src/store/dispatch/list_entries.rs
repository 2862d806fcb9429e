//! A site's stored block and allow entries: records by name, with a version that increases with every change.

use prost::Message;

use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::person::{Identity, Person};
use crate::store::records::{Records, RecordsUpdate};

impl Store {
    /// Returns the version of a site's entries. Returns `None` if other processes may change them; then [`admit`](Self::admit)
    /// checks the version.
    pub fn list_version(&self, site: &Site) -> Option<u64> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Some(self.versions.lists.get(site)),
            Engine::Redis(_) => None,
        }
    }

    /// Returns the version of a site's entries as currently stored, or 0 if Redis has none or lost them.
    pub async fn current_list_version(&self, site: &Site) -> Result<u64, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Ok(self.versions.lists.get(site)),
            Engine::Redis(engine) => engine.list_version(site).await,
        }
    }

    /// Returns a site's entries.
    pub async fn list_entries(&self, site: &Site) -> Result<Records, Error> {
        // Read the version before the entries, so that entries that change meanwhile are read again.
        let version = self.versions.lists.get(site);
        match &self.engine {
            Engine::Memory(engine) => Ok(Records { version, all: engine.list_entries(site)? }),
            Engine::Embedded(engine) => Ok(Records { version, all: engine.list_entries(site).await? }),
            Engine::Redis(engine) => engine.list_entries(site).await,
        }
    }

    /// Changes a site's entries and adds the audit record of the update. Returns the number of removed entries.
    pub async fn update_list_entries(&self, site: &Site, update: RecordsUpdate) -> Result<usize, Error> {
        let removed = match &self.engine {
            Engine::Memory(engine) => engine.update_list_entries(site, &update, &self.versions.lists),
            Engine::Embedded(engine) => engine.update_list_entries(site, update).await,
            Engine::Redis(engine) => engine.update_list_entries(site, &update).await,
        };
        Ok(removed?.unwrap_or_default())
    }

    /// Removes the entries for a person. Returns the number of removed entries.
    pub(super) async fn remove_list_entries_of(&self, site: &Site, person: &Person) -> Result<u64, Error> {
        let (entries, secrets) = (self.list_entries(site).await?.all, self.secrets(site).await?);
        let hash = format!("#{person}");
        let mut names = Vec::new();
        for (name, bytes) in entries {
            // A damaged entry matches nobody and must not block the erasure.
            let Ok(entry) = pb::ListEntry::decode(&*bytes) else { continue };
            let is_theirs = match entry.target() {
                pb::ListTarget::Author => secrets.hashes_of(Identity::User(&entry.value)).contains(person),
                _ => entry.value == hash,
            };
            if is_theirs {
                names.push(name);
            }
        }
        if names.is_empty() {
            return Ok(0);
        }
        let removed = self.update_list_entries(site, RecordsUpdate::remove(names)).await?;
        Ok(u64::try_from(removed).unwrap_or(u64::MAX))
    }
}
