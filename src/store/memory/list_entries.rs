//! Block and allow entries, and the small shared things, in memory.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::Memory;
use super::site::site_state;
use crate::comment::Site;
use crate::error::Error;
use crate::store::records::{RecordKind, RecordsUpdate};
use crate::store::versions::{SiteVersions, Versions};

impl Memory {
    pub fn list_entries(&self, site: &Site) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        Ok(self.state()?.sites.get(site).map(|shelf| shelf.list_entries.clone()).unwrap_or_default())
    }

    pub fn update_list_entries(
        &self,
        site: &Site,
        amendment: &RecordsUpdate,
        versions: &SiteVersions,
    ) -> Result<Option<usize>, Error> {
        let mut state = self.state()?;
        let shelf = site_state(&mut state.sites, site);
        let removed = update(&mut shelf.list_entries, amendment, versions.get(site));
        act_of(amendment, removed).into_iter().for_each(|act| shelf.append_audit(act));
        versions.bump(site);
        Ok(removed)
    }

    pub fn records(&self, space: RecordKind) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        Ok(self.state()?.records.get(&space).cloned().unwrap_or_default())
    }

    pub fn update_records(
        &self,
        space: RecordKind,
        amendment: &RecordsUpdate,
        versions: &Versions,
    ) -> Result<Option<usize>, Error> {
        let mut state = self.state()?;
        let removed = update(state.records.entry(space).or_default(), amendment, versions.records_version());
        act_of(amendment, removed).into_iter().for_each(|act| site_state(&mut state.sites, &Site::server()).append_audit(act));
        versions.records.fetch_add(1, Ordering::Relaxed);
        Ok(removed)
    }
}

/// Does what an amendment says. Returns how many were removed, or `None` if the version is another.
fn update(records: &mut BTreeMap<String, Vec<u8>>, amendment: &RecordsUpdate, version: u64) -> Option<usize> {
    if amendment.version.is_some_and(|expected| expected != version) {
        return None;
    }
    records.extend(amendment.put.iter().cloned());
    let removed = amendment.remove.iter().filter(|name| records.remove(*name).is_some()).count();
    Some(removed)
}

/// Returns the record of an amendment that has removed so many, or `None` if it changed nothing or is no act.
fn act_of(amendment: &RecordsUpdate, removed: Option<usize>) -> Option<Vec<u8>> {
    amendment.act.clone().filter(|_| removed.is_some_and(|removed| removed + amendment.put.len() > 0))
}
