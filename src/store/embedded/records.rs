//! The small shared things, and the sites' block and allow entries, in the file.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Embedded;
use super::engine::Database;
use super::readers::ReadSize;
use crate::comment::Site;
use crate::error::Error;
use crate::store::records::{RecordKind, RecordsUpdate};

impl Embedded {
    pub async fn records(&self, space: RecordKind) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.records_in(space.as_str().to_owned()).await
    }

    pub async fn update_records(&self, space: RecordKind, amendment: RecordsUpdate) -> Result<Option<usize>, Error> {
        let amending = self.writer.run(move |engine| {
            if amendment.version.is_some_and(|expected| expected != engine.records_version()) {
                return Ok(None);
            }
            engine.touch_records();
            engine.update_records(space.as_str(), &Site::server(), &amendment).map(Some)
        });
        amending.await
    }

    /// A site's block and allow entries.
    pub async fn list_entries(&self, site: &Site) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.records_in(listed_space(site)).await
    }

    pub async fn update_list_entries(&self, site: &Site, amendment: RecordsUpdate) -> Result<Option<usize>, Error> {
        let site = site.clone();
        let amending = self.writer.run(move |engine| {
            engine.touch_lists(&site);
            engine.update_records(&listed_space(&site), &site, &amendment).map(Some)
        });
        amending.await
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
    /// Does what an amendment says, and records the act in the audit of `site`. Returns how many were removed.
    fn update_records(&mut self, space: &str, site: &Site, amendment: &RecordsUpdate) -> Result<usize, Error> {
        let RecordsUpdate { put, remove, act, .. } = amendment;
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

/// Returns where the file keeps a site's entries. No site holds a blank.
fn listed_space(site: &Site) -> String {
    format!("listed {}", site.as_str())
}
