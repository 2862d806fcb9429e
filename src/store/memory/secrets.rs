//! The sites' secrets in memory.

use super::Memory;
use super::site::site_state;
use crate::comment::Site;
use crate::error::Error;
use crate::store::secrets::Secrets;

impl Memory {
    /// The site's secrets: `ours` if it has none yet.
    pub fn secrets(&self, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        let mut state = self.state()?;
        let shelf = site_state(&mut state.sites, site);
        Ok(shelf.secrets.get_or_insert_with(|| ours.clone()).clone())
    }

    /// Puts others in the place of a site's secrets, if those are still the same.
    pub fn swap_secrets(&self, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        let mut state = self.state()?;
        let shelf = site_state(&mut state.sites, site);
        let same = shelf.secrets.as_ref() == Some(old);
        if same {
            shelf.secrets = Some(new.clone());
            shelf.append_audit(act.to_vec());
        }
        Ok(same)
    }
}
