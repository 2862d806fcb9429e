//! The audit log in memory, of which only the newest records are kept.

use super::Memory;
use super::site::site_state;
use crate::comment::Site;
use crate::error::Error;
use crate::store::audit::AuditPage;

impl Memory {
    pub fn append_audit(&self, site: &Site, record: Vec<u8>) -> Result<(), Error> {
        site_state(&mut self.state()?.sites, site).append_audit(record);
        Ok(())
    }

    pub fn audit(&self, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
        let state = self.state()?;
        let Some(site_state) = state.sites.get(site) else { return Ok(AuditPage { end: true, ..AuditPage::default() }) };
        let all = site_state.audit.iter();
        let records = match backwards {
            true => all.rev().filter(|record| record.position.number < from).take(count).cloned().collect(),
            false => all.filter(|record| record.position.number > from).take(count).cloned().collect(),
        };
        Ok(AuditPage::new(records, count, site_state.audit_forgotten, site_state.audit_end()))
    }

    pub fn redact_audit(&self, site: &Site, numbers: &[u64]) -> Result<(), Error> {
        let mut state = self.state()?;
        let records = state.sites.get_mut(site).into_iter().flat_map(|site_state| &mut site_state.audit);
        records.filter(|record| numbers.contains(&record.position.number)).for_each(|record| record.record.clear());
        Ok(())
    }
}
