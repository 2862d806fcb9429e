//! A site's block and allow entries as they are kept: by name, with a version that rises with every change.

use prost::Message;

use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::person::{Identity, Person};
use crate::store::records::{Records, RecordsUpdate};

impl Store {
    /// Returns the version of a site's entries, or `None` where other processes may write them, and
    /// [`admit`](Self::admit) tells whether they did.
    pub fn list_version(&self, site: &Site) -> Option<u64> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Some(self.versions.lists.get(site)),
            Engine::Redis(_) => None,
        }
    }

    /// Returns the version of a site's entries as the store has it now. 0: there are none, or they were lost.
    pub async fn current_list_version(&self, site: &Site) -> Result<u64, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Ok(self.versions.lists.get(site)),
            Engine::Redis(engine) => engine.list_version(site).await,
        }
    }

    /// A site's entries.
    pub async fn list_entries(&self, site: &Site) -> Result<Records, Error> {
        // Before the entries: what changes meanwhile is read again.
        let version = self.versions.lists.get(site);
        match &self.engine {
            Engine::Memory(engine) => Ok(Records { version, all: engine.list_entries(site)? }),
            Engine::Embedded(engine) => Ok(Records { version, all: engine.list_entries(site).await? }),
            Engine::Redis(engine) => engine.list_entries(site).await,
        }
    }

    /// Changes a site's entries, and adds the act to the site's audit. Returns how many were removed.
    pub async fn update_list_entries(&self, site: &Site, amendment: RecordsUpdate) -> Result<usize, Error> {
        let amended = match &self.engine {
            Engine::Memory(engine) => engine.update_list_entries(site, &amendment, &self.versions.lists),
            Engine::Embedded(engine) => engine.update_list_entries(site, amendment).await,
            Engine::Redis(engine) => engine.update_list_entries(site, &amendment).await,
        };
        Ok(amended?.unwrap_or_default())
    }

    /// Removes the entries that are for a person. Returns how many there were.
    pub(super) async fn remove_list_entries_of(&self, site: &Site, person: &Person) -> Result<u64, Error> {
        let (entries, secrets) = (self.list_entries(site).await?.all, self.secrets(site).await?);
        let hash = format!("#{person}");
        let mut names = Vec::new();
        for (name, bytes) in entries {
            // A damaged one matches nobody, and must not keep the rest from being erased.
            let Ok(entry) = pb::ListEntry::decode(&*bytes) else { continue };
            let theirs = match entry.target() {
                pb::ListTarget::Author => secrets.hashes_of(Identity::User(&entry.value)).contains(person),
                _ => entry.value == hash,
            };
            if theirs {
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
