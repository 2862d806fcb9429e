//! Block and allow entries, and the records that all sites share, in memory.

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
        Ok(self.state()?.sites.get(site).map(|site_state| site_state.list_entries.clone()).unwrap_or_default())
    }

    pub fn update_list_entries(
        &self,
        site: &Site,
        update: &RecordsUpdate,
        versions: &SiteVersions,
    ) -> Result<Option<usize>, Error> {
        let mut state = self.state()?;
        let site_state = site_state(&mut state.sites, site);
        let removed = apply_update(&mut site_state.list_entries, update, versions.get(site));
        act_of(update, removed).into_iter().for_each(|act| site_state.append_audit(act));
        versions.bump(site);
        Ok(removed)
    }

    pub fn records(&self, kind: RecordKind) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        Ok(self.state()?.records.get(&kind).cloned().unwrap_or_default())
    }

    pub fn update_records(
        &self,
        kind: RecordKind,
        update: &RecordsUpdate,
        versions: &Versions,
    ) -> Result<Option<usize>, Error> {
        let mut state = self.state()?;
        let removed = apply_update(state.records.entry(kind).or_default(), update, versions.records_version());
        act_of(update, removed).into_iter().for_each(|act| site_state(&mut state.sites, &Site::server()).append_audit(act));
        versions.records.fetch_add(1, Ordering::Relaxed);
        Ok(removed)
    }
}

/// Applies an update. Returns how many records were removed, or `None` if the version is not the expected one.
fn apply_update(records: &mut BTreeMap<String, Vec<u8>>, update: &RecordsUpdate, version: u64) -> Option<usize> {
    if update.version.is_some_and(|expected| expected != version) {
        return None;
    }
    records.extend(update.put.iter().cloned());
    let removed = update.remove.iter().filter(|name| records.remove(*name).is_some()).count();
    Some(removed)
}

/// Returns the act of an update that removed `removed` records, or `None` if it changed nothing or has no act.
fn act_of(update: &RecordsUpdate, removed: Option<usize>) -> Option<Vec<u8>> {
    update.act.clone().filter(|_| removed.is_some_and(|removed| removed + update.put.len() > 0))
}
