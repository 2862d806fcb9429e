//! The audit in memory, of which only the newest records are kept.

use super::{Memory, Shelf, shelf};
use crate::comment::Site;
use crate::error::Error;
use crate::store::audit::{AuditPage, Link, Logged};

/// How many records of a site are kept.
const MOST: usize = 10_000;

impl Memory {
    pub fn log(&self, site: &Site, record: Vec<u8>) -> Result<(), Error> {
        shelf(&mut self.state()?.sites, site).log(record);
        Ok(())
    }

    pub fn audit(&self, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
        let state = self.state()?;
        let Some(shelf) = state.sites.get(site) else { return Ok(AuditPage { end: true, ..AuditPage::default() }) };
        let all = shelf.audit.iter();
        let records = match backwards {
            true => all.rev().filter(|logged| logged.link.number < from).take(count).cloned().collect(),
            false => all.filter(|logged| logged.link.number > from).take(count).cloned().collect(),
        };
        Ok(AuditPage::of(records, count, shelf.audit_forgotten, shelf.newest_act()))
    }

    pub fn blank(&self, site: &Site, numbers: &[u64]) -> Result<(), Error> {
        let mut state = self.state()?;
        let records = state.sites.get_mut(site).into_iter().flat_map(|shelf| &mut shelf.audit);
        records.filter(|logged| numbers.contains(&logged.link.number)).for_each(|logged| logged.record.clear());
        Ok(())
    }
}

impl Shelf {
    /// Adds a record to the audit.
    pub(super) fn log(&mut self, record: Vec<u8>) {
        let next = Logged::after(&self.newest_act(), record);
        self.audit.push_back(next);
        if self.audit.len() > MOST {
            self.audit_forgotten = self.audit.pop_front().map_or(self.audit_forgotten, |oldest| oldest.link);
        }
    }

    fn newest_act(&self) -> Link {
        self.audit.back().map_or(self.audit_forgotten, |newest| newest.link)
    }
}
