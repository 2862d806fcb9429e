//! Records that all sites share, and the sites' block and allow entries, in the embedded store.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Embedded;
use super::engine::Database;
use super::readers::ReadSize;
use crate::comment::Site;
use crate::error::Error;
use crate::store::records::{RecordKind, RecordsUpdate};

impl Embedded {
    pub async fn records(&self, kind: RecordKind) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.records_in(kind.as_str().to_owned()).await
    }

    pub async fn update_records(&self, kind: RecordKind, update: RecordsUpdate) -> Result<Option<usize>, Error> {
        let update = self.writer.run(move |database| {
            if update.version.is_some_and(|expected| expected != database.records_version()) {
                return Ok(None);
            }
            database.touch_records();
            database.update_records(kind.as_str(), &Site::server(), &update).map(Some)
        });
        update.await
    }

    /// Returns a site's block and allow entries by name.
    pub async fn list_entries(&self, site: &Site) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.records_in(list_entries_space(site)).await
    }

    pub async fn update_list_entries(&self, site: &Site, update: RecordsUpdate) -> Result<Option<usize>, Error> {
        let site = site.clone();
        let update = self.writer.run(move |database| {
            database.touch_lists(&site);
            database.update_records(&list_entries_space(&site), &site, &update).map(Some)
        });
        update.await
    }

    async fn records_in(&self, space: String) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.read(ReadSize::Short, move |connection| {
            let mut select = connection.prepare_cached("SELECT name, bytes FROM record WHERE space = ?1")?;
            let rows = select.query_map([space], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

impl Database {
    /// Applies an update, and appends its act to the audit log of `site`. Returns how many records were removed.
    fn update_records(&mut self, space: &str, site: &Site, update: &RecordsUpdate) -> Result<usize, Error> {
        let RecordsUpdate { put, remove, act, .. } = update;
        let mut insert =
            self.connection().prepare_cached("INSERT OR REPLACE INTO record (space, name, bytes) VALUES (?1, ?2, ?3)")?;
        for (name, bytes) in put {
            insert.execute(params![space, name, bytes])?;
        }
        drop(insert);
        let mut delete = self.connection().prepare_cached("DELETE FROM record WHERE space = ?1 AND name = ?2")?;
        let mut removed = 0;
        for name in remove {
            removed += delete.execute(params![space, name])?;
        }
        drop(delete);
        if let Some(act) = act.as_ref().filter(|_| removed + put.len() > 0) {
            self.append_audit(site, act.clone())?;
        }
        Ok(removed)
    }
}

/// Returns the name under which the database keeps a site's entries. Unique, since site names contain no space.
fn list_entries_space(site: &Site) -> String {
    format!("listed {}", site.as_str())
}
