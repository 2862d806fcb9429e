//! The sites' secrets in the embedded store.

use rusqlite::params;

use super::Embedded;
use super::engine::Database;
use crate::comment::Site;
use crate::error::Error;
use crate::store::secrets::Secrets;

impl Embedded {
    /// Returns the site's secrets. A site without secrets gets `ours`.
    pub async fn secrets(&self, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        let (site, ours) = (site.clone(), ours.to_bytes());
        let bytes = self.writer.run(move |database| database.secrets(&site, &ours)).await?;
        Secrets::from_bytes(&bytes).ok_or_else(|| Error::store("a site's secrets are damaged"))
    }

    /// Replaces a site's secrets if they are still `old`. Returns whether they were replaced.
    pub async fn swap_secrets(&self, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        let (site, old, new, act) = (site.clone(), old.to_bytes(), new.to_bytes(), act.to_vec());
        let swap = self.writer.run(move |database| {
            let swapped = database.swap_secrets(&site, &old, &new)?;
            if swapped {
                database.append_audit(&site, act.clone())?;
            }
            Ok(swapped)
        });
        swap.await
    }
}

impl Database {
    pub fn secrets(&mut self, site: &Site, ours: &[u8]) -> Result<Vec<u8>, Error> {
        let mut insert = self.connection().prepare_cached("INSERT OR IGNORE INTO site (name, secret) VALUES (?1, ?2)")?;
        insert.execute(params![site.as_str(), ours])?;
        let mut select = self.connection().prepare_cached("SELECT secret FROM site WHERE name = ?1")?;
        Ok(select.query_row([site.as_str()], |row| row.get(0))?)
    }

    pub fn swap_secrets(&mut self, site: &Site, old: &[u8], new: &[u8]) -> Result<bool, Error> {
        let mut update = self.connection().prepare_cached("UPDATE site SET secret = ?3 WHERE name = ?1 AND secret = ?2")?;
        Ok(update.execute(params![site.as_str(), old, new])? > 0)
    }
}
