//! The retention periods of each site, as set by the policy.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use crate::comment::Site;
use crate::error::Error;
use crate::retention::{Retention, RetentionLookup};

/// The retention periods of sites, cached by site id.
pub(super) struct SiteRetentions<'a> {
    pub connection: &'a Connection,
    retention: &'a RetentionLookup,
    sites: HashMap<i64, Retention>,
}

impl<'a> SiteRetentions<'a> {
    pub fn new(connection: &'a Connection, retention: &'a RetentionLookup) -> Self {
        Self { connection, retention, sites: HashMap::new() }
    }

    /// Returns the retention periods of a site.
    pub fn get(&mut self, site: i64) -> Result<Retention, Error> {
        if let Some(known) = self.sites.get(&site) {
            return Ok(*known);
        }
        let mut select = self.connection.prepare_cached("SELECT name FROM site WHERE key = ?1")?;
        let name = select.query_row([site], |row| row.get::<_, String>(0)).optional()?;
        // A site without a valid name keeps its data for 100 years: a mistake must not delete it.
        let parsed = name.and_then(|name| match name.as_str() {
            Site::SERVER => Some(Site::server()),
            name => Site::parse("site", name).ok(),
        });
        let retention = parsed.map_or(Retention::uniform(36_500), |site| self.retention.for_site(&site));
        self.sites.insert(site, retention);
        Ok(retention)
    }
}
