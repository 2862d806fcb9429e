//! For how long the data of each site is kept, as the policy says.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use crate::comment::Site;
use crate::error::Error;
use crate::retention::{Retention, RetentionLookup};

/// For how long the data of sites is kept, by their numbers.
pub(super) struct SiteRetentions<'a> {
    pub connection: &'a Connection,
    retention: &'a RetentionLookup,
    sites: HashMap<i64, Retention>,
}

impl<'a> SiteRetentions<'a> {
    pub fn new(connection: &'a Connection, retention: &'a RetentionLookup) -> Self {
        Self { connection, retention, sites: HashMap::new() }
    }

    /// Returns for how long the data of a site is kept.
    pub fn get(&mut self, site: i64) -> Result<Retention, Error> {
        if let Some(known) = self.sites.get(&site) {
            return Ok(*known);
        }
        let mut select = self.connection.prepare_cached("SELECT name FROM site WHERE key = ?1")?;
        let name = select.query_row([site], |row| row.get::<_, String>(0)).optional()?;
        // What belongs to no site that could be named is kept, rather than lost by a mistake.
        let site_named = name.and_then(|name| match name.as_str() {
            Site::SERVER => Some(Site::server()),
            name => Site::parse("site", name).ok(),
        });
        let retention = site_named.map_or(Retention::uniform(36_500), |site| self.retention.for_site(&site));
        self.sites.insert(site, retention);
        Ok(retention)
    }
}
