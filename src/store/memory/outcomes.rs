//! Reads and changes the sites' outcome logs in memory.

use super::Memory;
use super::site::site_state;
use crate::comment::Site;
use crate::error::Error;
use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};

impl Memory {
    pub fn outcome_head(&self, site: &Site) -> Result<OutcomeLogState, Error> {
        Ok(self.state()?.sites.get(site).map(|site_state| site_state.outcomes.head.clone()).unwrap_or_default())
    }

    pub fn outcomes(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let state = self.state()?;
        let Some(site_state) = state.sites.get(site) else { return Ok(Vec::new()) };
        if after >= until {
            return Ok(Vec::new());
        }
        let records = site_state.outcomes.records.range(after + 1..=until);
        Ok(records.map(|(number, (_, record))| (*number, record.clone())).collect())
    }

    pub fn outcome_named(&self, site: &Site, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let state = self.state()?;
        let mut records = state.sites.get(site).into_iter().flat_map(|site_state| site_state.outcomes.records.values());
        Ok(records.find(|(known, _)| known == name).map(|(_, record)| record.clone()))
    }

    pub fn update_outcomes(&self, site: &Site, update: &OutcomeUpdate, act: Option<Vec<u8>>) -> Result<(), Error> {
        let mut state = self.state()?;
        let site_state = site_state(&mut state.sites, site);
        site_state.outcomes.update(update);
        act.into_iter().for_each(|act| site_state.append_audit(act));
        Ok(())
    }

    pub fn remove_outcomes(&self, site: &Site, records: &[(u64, String)]) -> Result<(), Error> {
        let mut state = self.state()?;
        let outcomes = &mut site_state(&mut state.sites, site).outcomes;
        for (number, _) in records {
            outcomes.head.removed += u64::from(outcomes.records.remove(number).is_some());
        }
        Ok(())
    }

    pub fn set_outcome_range(&self, site: &Site, from: u64, to: Option<u64>, act: Vec<u8>) -> Result<(), Error> {
        let mut state = self.state()?;
        let site_state = site_state(&mut state.sites, site);
        (site_state.outcomes.head.from, site_state.outcomes.head.to) = (from, to);
        site_state.append_audit(act);
        Ok(())
    }
}
