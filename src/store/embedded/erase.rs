//! Erases a person's data: deletes rows in the writer's transactions, in chunks. [`super::wipe`] later overwrites what is
//! left in pages and in the write-ahead log.

use rusqlite::{Connection, OptionalExtension, params};

use super::engine::Database;
use super::readers::ReadSize;
use super::{Embedded, read};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::person::Person;
use crate::verdict::Decision;

/// Maximum number of comments read or erased at once.
const CHUNK: usize = 256;

impl Embedded {
    /// Returns the ids of all comments of a person, in the order of their arrival.
    pub async fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (site, person) = (site.clone(), *person);
            let chunk = move |connection: &Connection| read::senders(connection, &site, after.as_ref(), CHUNK, person);
            let rows = self.read(ReadSize::Long, chunk).await?;
            let end = rows.len() < CHUNK;
            after = rows.last().map(|(position, _)| position.clone());
            let theirs = rows.into_iter().filter(|(_, theirs)| *theirs).map(|(position, _)| position.id);
            found.extend(theirs.filter_map(|id| CommentId::parse("id", &id).ok()));
            if end {
                return Ok(found);
            }
        }
    }

    /// Replaces the stored text of a comment, if its verdict is still at this revision. The bytes of the old text are
    /// overwritten like erased data. Returns whether it was replaced.
    pub async fn set_comment(&self, site: &Site, id: &CommentId, revision: u32, comment: Vec<u8>) -> Result<bool, Error> {
        let (site, id) = (site.clone(), id.clone());
        let set = self.writer.run(move |database| {
            let Some(site) = read::site_id(database.connection(), &site)? else { return Ok(false) };
            let mut update = database
                .connection()
                .prepare_cached("UPDATE comment SET comment = ?4 WHERE site = ?1 AND id = ?2 AND revision = ?3")?;
            let set = update.execute(params![site, id.as_str(), revision, comment])? > 0;
            drop(update);
            if set {
                database.request_wipe()?;
            }
            Ok(set)
        });
        set.await
    }

    /// Erases a person's comments and counts.
    pub async fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let person = *person;
        let mut erased = ErasureCounts::default();
        for chunk in self.find_comments_of(site, &person).await?.chunks(CHUNK) {
            let (site, chunk) = (site.clone(), chunk.to_vec());
            erased += self.writer.run(move |database| database.erase(&site, person, &chunk)).await?;
        }
        let site = site.clone();
        erased += self.writer.run(move |database| database.forget_counts(&site, person)).await?;
        Ok(erased)
    }
}

impl Database {
    /// Erases the given comments, with all rows that belong to them, as far as they came from the person.
    pub fn erase(&mut self, site: &Site, person: Person, ids: &[CommentId]) -> Result<ErasureCounts, Error> {
        let mut erased = ErasureCounts::default();
        let Some(site) = read::site_id(self.connection(), site)? else { return Ok(erased) };
        let connection = self.connection();
        for id in ids {
            let mut select = connection
                .prepare_cached("SELECT rowid, persons, author, decision FROM comment WHERE site = ?1 AND id = ?2")?;
            let row = select.query_row(params![site, id.as_str()], |row| {
                let author = row.get::<_, Option<[u8; 16]>>(2)?.map(Person::from_bytes);
                Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, author, row.get::<_, i32>(3)?))
            });
            // The comment is another person's if its id was erased and used again in the meantime.
            let Some((row, _, author, decision)) = row.optional()?.filter(|(_, persons, ..)| person.is_among(persons)) else {
                continue;
            };
            erased.comments += delete(connection, "comment WHERE rowid = ?1", params![row])?;
            erased.verdicts += 1 + delete(connection, "past WHERE site = ?1 AND id = ?2", params![site, id.as_str()])?;
            erased.events += delete(connection, "event WHERE site = ?1 AND id = ?2", params![site, id.as_str()])?;
            delete(connection, "reservation WHERE site = ?1 AND id = ?2", params![site, id.as_str()])?;
            if let (Some(author), Some(decision)) = (author, Decision::from_wire(decision)) {
                erased.histories += uncount(connection, site, author, decision)?;
            }
        }
        if erased.comments > 0 {
            self.request_wipe()?;
        }
        Ok(erased)
    }

    /// Erases a person's history and rate-limit counts.
    pub fn forget_counts(&mut self, site: &Site, person: Person) -> Result<ErasureCounts, Error> {
        let Some(site) = read::site_id(self.connection(), site)? else { return Ok(ErasureCounts::default()) };
        let histories = delete(self.connection(), "author WHERE site = ?1 AND person = ?2", params![site, person.as_bytes()])?;
        Ok(ErasureCounts { histories, limits: self.limits().forget(site, person), ..ErasureCounts::default() })
    }
}

/// Deletes rows. Returns how many were deleted.
fn delete(connection: &Connection, from: &str, which: impl rusqlite::Params) -> Result<u64, Error> {
    let deleted = connection.prepare_cached(&format!("DELETE FROM {from}"))?.execute(which)?;
    Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
}

/// Subtracts one comment from its author's counts. Deletes the counts when all are 0, and returns how many rows that deleted.
fn uncount(connection: &Connection, site: i64, author: Person, decision: Decision) -> Result<u64, Error> {
    let column = match decision {
        Decision::Approve => "approved",
        Decision::Hold => "held",
        Decision::Reject => "rejected",
    };
    let mut update = connection
        .prepare_cached(&format!("UPDATE author SET {column} = max(0, {column} - 1) WHERE site = ?1 AND person = ?2"))?;
    update.execute(params![site, author.as_bytes()])?;
    let empty = "author WHERE site = ?1 AND person = ?2 AND approved = 0 AND held = 0 AND rejected = 0";
    delete(connection, empty, params![site, author.as_bytes()])
}
