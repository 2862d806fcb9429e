//! The audit log in the embedded store. A record is written in the transaction of the act that it describes.

use rusqlite::{Connection, OptionalExtension, params};

use super::engine::Database;
use super::readers::ReadSize;
use super::signed::signed;
use super::{Embedded, read};
use crate::comment::Site;
use crate::error::Error;
use crate::store::audit::{AuditPage, AuditRecord, ChainPosition};

impl Embedded {
    pub async fn append_audit(&self, site: &Site, record: Vec<u8>) -> Result<(), Error> {
        let site = site.clone();
        self.writer.run(move |database| database.append_audit(&site, record.clone())).await
    }

    pub async fn audit(&self, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
        let site = site.clone();
        self.read(ReadSize::Long, move |connection| page(connection, &site, from, count, backwards)).await
    }

    pub async fn redact_audit(&self, site: &Site, numbers: &[u64]) -> Result<(), Error> {
        let (site, numbers) = (site.clone(), numbers.to_vec());
        let redaction = self.writer.run(move |database| {
            let Some(site) = read::site_id(database.connection(), &site)? else { return Ok(()) };
            let mut update =
                database.connection().prepare_cached("UPDATE audit SET record = x'' WHERE site = ?1 AND number = ?2")?;
            for number in &numbers {
                update.execute(params![site, signed(*number)])?;
            }
            drop(update);
            // Even if no comment is left to erase, as after an erasure that was interrupted.
            database.request_wipe()
        });
        redaction.await
    }
}

impl Database {
    /// Appends the record of an act that is not on a comment, to the audit log of a site by name.
    pub fn append_audit(&mut self, site: &Site, record: Vec<u8>) -> Result<(), Error> {
        let site = self.site_id(site)?;
        self.append_audit_row(site, record)
    }

    /// Appends a record to the audit log of a site by id.
    pub fn append_audit_row(&self, site: i64, record: Vec<u8>) -> Result<(), Error> {
        let newest = newest(self.connection(), site)?;
        let AuditRecord { position, digest, record } = AuditRecord::following(&newest, record);
        let mut insert = self
            .connection()
            .prepare_cached("INSERT INTO audit (site, number, hash, digest, record) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        insert.execute(params![site, signed(position.number), position.hash, digest, record])?;
        Ok(())
    }
}

fn page(connection: &Connection, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
    // One transaction, so that the ends of the log match the records.
    let transaction = connection.unchecked_transaction().ok();
    let Some(site) = read::site_id(connection, site)? else { return Ok(AuditPage { end: true, ..AuditPage::default() }) };
    let (side, direction) = if backwards { ("<", "DESC") } else { (">", "ASC") };
    let mut select = connection.prepare_cached(&format!(
        "SELECT number, hash, digest, record FROM audit WHERE site = ?1 AND number {side} ?2 ORDER BY number {direction} LIMIT ?3"
    ))?;
    let count = signed(count);
    let rows = select.query_map(params![site, signed(from), count], |row| {
        let position = ChainPosition { number: row.get::<_, i64>(0)?.unsigned_abs(), hash: row.get(1)? };
        Ok(AuditRecord { position, digest: row.get(2)?, record: row.get(3)? })
    })?;
    let records = rows.collect::<Result<_, _>>()?;
    let page = AuditPage::new(
        records,
        usize::try_from(count).unwrap_or(usize::MAX),
        forgotten(connection, site)?,
        newest(connection, site)?,
    );
    drop(transaction);
    Ok(page)
}

/// Returns the position of a site's newest record.
fn newest(connection: &Connection, site: i64) -> Result<ChainPosition, Error> {
    let mut select =
        connection.prepare_cached("SELECT number, hash FROM audit WHERE site = ?1 ORDER BY number DESC LIMIT 1")?;
    let newest =
        select.query_row([site], |row| Ok(ChainPosition { number: row.get::<_, i64>(0)?.unsigned_abs(), hash: row.get(1)? }));
    newest.optional()?.map_or_else(|| forgotten(connection, site), Ok)
}

/// Returns the position of a site's newest deleted record; the default position if none was deleted.
fn forgotten(connection: &Connection, site: i64) -> Result<ChainPosition, Error> {
    let mut select = connection.prepare_cached("SELECT audit_number, audit_hash FROM site WHERE key = ?1")?;
    let forgotten =
        select.query_row([site], |row| Ok(ChainPosition { number: row.get::<_, i64>(0)?.unsigned_abs(), hash: row.get(1)? }));
    Ok(forgotten.optional()?.unwrap_or_default())
}
