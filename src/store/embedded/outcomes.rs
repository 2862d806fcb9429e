//! The sites' outcome logs in the embedded store. An outcome is written in the transaction of the act that it comes from.

use rusqlite::{Connection, OptionalExtension, params};

use super::engine::Database;
use super::readers::ReadSize;
use super::signed::signed;
use super::{Embedded, read};
use crate::comment::Site;
use crate::error::Error;
use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};

impl Embedded {
    pub async fn outcome_head(&self, site: &Site) -> Result<OutcomeLogState, Error> {
        let site = site.clone();
        self.read(ReadSize::Short, move |connection| head(connection, &site)).await
    }

    pub async fn outcomes(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let site = site.clone();
        let records = self.read(ReadSize::Short, move |connection| {
            let Some(site) = read::site_id(connection, &site)? else { return Ok(Vec::new()) };
            let mut select = connection.prepare_cached(
                "SELECT number, record FROM outcome WHERE site = ?1 AND number > ?2 AND number <= ?3 ORDER BY number",
            )?;
            let rows = select.query_map(params![site, signed(after), signed(until)], |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        records.await
    }

    pub async fn outcome_named(&self, site: &Site, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let (site, name) = (site.clone(), name.to_owned());
        let record = self.read(ReadSize::Short, move |connection| {
            let Some(site) = read::site_id(connection, &site)? else { return Ok(None) };
            let mut select = connection.prepare_cached("SELECT record FROM outcome WHERE site = ?1 AND name = ?2")?;
            Ok(select.query_row(params![site, name], |row| row.get(0)).optional()?)
        });
        record.await
    }

    pub async fn update_outcomes(&self, site: &Site, update: &OutcomeUpdate, act: Option<Vec<u8>>) -> Result<(), Error> {
        let (site, update) = (site.clone(), update.clone());
        let append = self.writer.run(move |database| {
            database.update_outcomes(&site, &update)?;
            act.iter().try_for_each(|act| database.append_audit(&site, act.clone()))
        });
        append.await
    }

    pub async fn remove_outcomes(&self, site: &Site, records: &[(u64, String)], wipe: bool) -> Result<(), Error> {
        let (site, records) = (site.clone(), records.to_vec());
        let removal = self.writer.run(move |database| {
            database.touch_outcomes(&site);
            let Some(site) = read::site_id(database.connection(), &site)? else { return Ok(()) };
            let mut removed = 0;
            for (number, _) in &records {
                let mut delete = database.connection().prepare_cached("DELETE FROM outcome WHERE site = ?1 AND number = ?2")?;
                removed += delete.execute(params![site, signed(*number)])?;
            }
            database.count_removed_outcomes(site, removed)?;
            if wipe {
                database.request_wipe()?;
            }
            Ok(())
        });
        removal.await
    }

    pub async fn set_outcome_range(&self, site: &Site, from: u64, to: Option<u64>, act: Vec<u8>) -> Result<(), Error> {
        let site = site.clone();
        let change = self.writer.run(move |database| {
            database.touch_outcomes(&site);
            let number = database.site_id(&site)?;
            let mut update =
                database.connection().prepare_cached("UPDATE site SET outcome_from = ?2, outcome_to = ?3 WHERE key = ?1")?;
            update.execute(params![number, signed(from), to.map(signed)])?;
            drop(update);
            database.append_audit(&site, act.clone())
        });
        change.await
    }
}

impl Database {
    /// Adds to and removes from a site's outcome log, and raises the log's version with the commit.
    pub fn update_outcomes(&mut self, site: &Site, update: &OutcomeUpdate) -> Result<(), Error> {
        self.touch_outcomes(site);
        let site = self.site_id(site)?;
        self.update_outcome_rows(site, update)
    }

    /// Adds to and removes from the outcome log of a site by id.
    pub fn update_outcome_rows(&self, site: i64, update: &OutcomeUpdate) -> Result<(), Error> {
        let added = update.added.as_ref().map(|(name, _)| name);
        let mut removed = 0;
        for name in update.removed.iter().chain(added) {
            let mut delete = self.connection().prepare_cached("DELETE FROM outcome WHERE site = ?1 AND name = ?2")?;
            removed += delete.execute(params![site, name])?;
        }
        self.count_removed_outcomes(site, removed)?;
        if let Some((name, record)) = &update.added {
            let mut next = self.connection().prepare_cached(
                "UPDATE site SET outcome_newest = outcome_newest + 1 WHERE key = ?1 RETURNING outcome_newest",
            )?;
            let number: i64 = next.query_row([site], |row| row.get(0))?;
            let mut insert =
                self.connection().prepare_cached("INSERT INTO outcome (site, number, name, record) VALUES (?1, ?2, ?3, ?4)")?;
            insert.execute(params![site, number, name, record])?;
        }
        Ok(())
    }

    /// Adds to the count of outcomes removed from a site's log.
    fn count_removed_outcomes(&self, site: i64, removed: usize) -> Result<(), Error> {
        if removed > 0 {
            let mut update =
                self.connection().prepare_cached("UPDATE site SET outcome_gone = outcome_gone + ?2 WHERE key = ?1")?;
            update.execute(params![site, signed(removed)])?;
        }
        Ok(())
    }
}

fn head(connection: &Connection, site: &Site) -> Result<OutcomeLogState, Error> {
    let mut select =
        connection.prepare_cached("SELECT outcome_newest, outcome_gone, outcome_from, outcome_to FROM site WHERE name = ?1")?;
    let head = select.query_row([site.as_str()], |row| {
        let number = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
        let to = row.get::<_, Option<i64>>(3)?.map(i64::unsigned_abs);
        Ok(OutcomeLogState { log_id: String::new(), newest: number(0)?, removed: number(1)?, from: number(2)?, to })
    });
    Ok(head.optional()?.unwrap_or_default())
}
