//! Block and allow entries in memory.

use std::collections::BTreeMap;

use super::{Memory, shelf};
use crate::comment::Site;
use crate::error::Error;

impl Memory {
    pub fn listed(&self, site: &Site) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        Ok(self.state()?.sites.get(site).map(|shelf| shelf.listed.clone()).unwrap_or_default())
    }

    pub fn put_listed(&self, site: &Site, entries: &[(String, Vec<u8>)]) -> Result<(), Error> {
        shelf(&mut self.state()?.sites, site).listed.extend(entries.iter().cloned());
        Ok(())
    }

    pub fn remove_listed(&self, site: &Site, name: &str) -> Result<bool, Error> {
        Ok(self.state()?.sites.get_mut(site).is_some_and(|shelf| shelf.listed.remove(name).is_some()))
    }
}
