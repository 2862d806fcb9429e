//! The small shared things in the file.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Embedded;
use crate::error::Error;
use crate::store::records::Space;

impl Embedded {
    pub async fn records(&self, space: Space) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.records_in(space.as_str().to_owned()).await
    }

    pub async fn put_records(&self, space: Space, records: &[(String, Vec<u8>)]) -> Result<(), Error> {
        self.put_records_in(space.as_str().to_owned(), records).await
    }

    pub async fn remove_record(&self, space: Space, name: &str) -> Result<bool, Error> {
        self.remove_record_in(space.as_str().to_owned(), name).await
    }

    pub async fn records_in(&self, space: String) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.read(move |connection| {
            let mut select = connection.prepare_cached("SELECT name, bytes FROM record WHERE space = ?1")?;
            let rows = select.query_map([space], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub async fn put_records_in(&self, space: String, records: &[(String, Vec<u8>)]) -> Result<(), Error> {
        let records = records.to_vec();
        let put = self.writer.run(move |engine| {
            let mut put =
                engine.connection().prepare_cached("INSERT OR REPLACE INTO record (space, name, bytes) VALUES (?1, ?2, ?3)")?;
            for (name, bytes) in &records {
                put.execute(params![space, name, bytes])?;
            }
            Ok(())
        });
        put.await
    }

    pub async fn remove_record_in(&self, space: String, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        let remove = self.writer.run(move |engine| {
            let mut remove = engine.connection().prepare_cached("DELETE FROM record WHERE space = ?1 AND name = ?2")?;
            Ok(remove.execute(params![space, name])? > 0)
        });
        remove.await
    }
}
