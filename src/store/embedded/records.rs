//! The small shared things in the file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::params;

use super::Embedded;
use super::readers::Extent;
use crate::comment::Site;
use crate::error::Error;
use crate::store::records::{Amendment, Space};

impl Embedded {
    pub async fn records(&self, space: Space) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.records_in(space.as_str().to_owned()).await
    }

    pub async fn amend_records(
        &self,
        space: Space,
        amendment: Amendment,
        version: &Arc<AtomicU64>,
    ) -> Result<Option<usize>, Error> {
        self.amend_records_in(space.as_str().to_owned(), &Site::server(), amendment, version).await
    }

    pub async fn records_in(&self, space: String) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.read(Extent::Short, move |connection| {
            let mut select = connection.prepare_cached("SELECT name, bytes FROM record WHERE space = ?1")?;
            let rows = select.query_map([space], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Does what an amendment says, and records the act in the audit of `site`, in one transaction. Returns how many were
    /// removed, or `None` if the version is another.
    pub async fn amend_records_in(
        &self,
        space: String,
        site: &Site,
        amendment: Amendment,
        version: &Arc<AtomicU64>,
    ) -> Result<Option<usize>, Error> {
        let (site, version) = (site.clone(), Arc::clone(version));
        let amending = self.writer.run(move |engine| {
            let Amendment { put, remove, version: expected, act } = &amendment;
            // The one thread that writes is also the one that raises it here.
            if expected.is_some_and(|expected| expected != version.load(Ordering::Relaxed)) {
                return Ok(None);
            }
            let mut insert =
                engine.connection().prepare_cached("INSERT OR REPLACE INTO record (space, name, bytes) VALUES (?1, ?2, ?3)")?;
            for (name, bytes) in put {
                insert.execute(params![space, name, bytes])?;
            }
            drop(insert);
            let mut delete = engine.connection().prepare_cached("DELETE FROM record WHERE space = ?1 AND name = ?2")?;
            let mut removed = 0;
            for name in remove {
                removed += delete.execute(params![space, name])?;
            }
            drop(delete);
            if let Some(act) = act.as_ref().filter(|_| removed + put.len() > 0) {
                engine.log_act(&site, act.clone())?;
            }
            version.fetch_add(1, Ordering::Relaxed);
            Ok(Some(removed))
        });
        amending.await
    }
}
