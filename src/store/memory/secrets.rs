//! The sites' secrets in memory.

use super::Memory;
use super::site::site_state;
use crate::comment::Site;
use crate::error::Error;
use crate::store::secrets::Secrets;

impl Memory {
    /// Returns the site's secrets. A site without secrets gets `ours`.
    pub fn secrets(&self, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        let mut state = self.state()?;
        let site_state = site_state(&mut state.sites, site);
        Ok(site_state.secrets.get_or_insert_with(|| ours.clone()).clone())
    }

    /// Replaces a site's secrets if they are still `old`. Returns whether they were replaced.
    pub fn swap_secrets(&self, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        let mut state = self.state()?;
        let site_state = site_state(&mut state.sites, site);
        let same = site_state.secrets.as_ref() == Some(old);
        if same {
            site_state.secrets = Some(new.clone());
            site_state.append_audit(act.to_vec());
        }
        Ok(same)
    }
}
