//! Erases a person: rows in the writer's transactions, a chunk at a time. What is left of them in pages and in the log is
//! overwritten a little later, by [`super::wipe`].

use rusqlite::{Connection, OptionalExtension, params};

use super::engine::Database;
use super::readers::ReadSize;
use super::{Embedded, read};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::person::Person;
use crate::verdict::Decision;

/// Most comments looked at, or erased, at once.
const CHUNK: usize = 256;

impl Embedded {
    pub async fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (site, person) = (site.clone(), *person);
            let chunk = move |connection: &Connection| read::senders(connection, &site, after.as_ref(), CHUNK, person);
            let rows = self.read(ReadSize::Long, chunk).await?;
            let end = rows.len() < CHUNK;
            after = rows.last().map(|(place, _)| place.clone());
            let theirs = rows.into_iter().filter(|(_, theirs)| *theirs).map(|(place, _)| place.id);
            found.extend(theirs.filter_map(|id| CommentId::parse("id", &id).ok()));
            if end {
                return Ok(found);
            }
        }
    }

    /// Puts another text of a comment in the place of the one that is kept, if its verdict is still at this revision. The
    /// bytes of the old one are overwritten like those of what is erased.
    pub async fn set_comment(&self, site: &Site, id: &CommentId, revision: u32, comment: Vec<u8>) -> Result<bool, Error> {
        let (site, id) = (site.clone(), id.clone());
        let set = self.writer.run(move |engine| {
            let Some(site) = read::site_id(engine.connection(), &site)? else { return Ok(false) };
            let mut update = engine
                .connection()
                .prepare_cached("UPDATE comment SET comment = ?4 WHERE site = ?1 AND id = ?2 AND revision = ?3")?;
            let set = update.execute(params![site, id.as_str(), revision, comment])? > 0;
            drop(update);
            if set {
                engine.request_wipe()?;
            }
            Ok(set)
        });
        set.await
    }

    pub async fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let person = *person;
        let mut forgotten = ErasureCounts::default();
        for chunk in self.find_comments_of(site, &person).await?.chunks(CHUNK) {
            let (site, chunk) = (site.clone(), chunk.to_vec());
            forgotten += self.writer.run(move |engine| engine.erase(&site, person, &chunk)).await?;
        }
        let site = site.clone();
        forgotten += self.writer.run(move |engine| engine.forget_counts(&site, person)).await?;
        Ok(forgotten)
    }
}

impl Database {
    /// Erases those of the comments that came from the person, with all that belongs to them.
    pub fn erase(&mut self, site: &Site, person: Person, ids: &[CommentId]) -> Result<ErasureCounts, Error> {
        let mut forgotten = ErasureCounts::default();
        let Some(site) = read::site_id(self.connection(), site)? else { return Ok(forgotten) };
        let connection = self.connection();
        for id in ids {
            let mut select = connection
                .prepare_cached("SELECT rowid, persons, author, decision FROM comment WHERE site = ?1 AND id = ?2")?;
            let row = select.query_row(params![site, id.as_str()], |row| {
                let author = row.get::<_, Option<[u8; 16]>>(2)?.map(Person::from_bytes);
                Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, author, row.get::<_, i32>(3)?))
            });
            // Somebody else's by now, if the same id was erased and sent again meanwhile.
            let Some((row, _, author, decision)) = row.optional()?.filter(|(_, persons, ..)| person.is_among(persons)) else {
                continue;
            };
            forgotten.comments += delete(connection, "comment WHERE rowid = ?1", params![row])?;
            forgotten.verdicts += 1 + delete(connection, "past WHERE site = ?1 AND id = ?2", params![site, id.as_str()])?;
            forgotten.events += delete(connection, "event WHERE site = ?1 AND id = ?2", params![site, id.as_str()])?;
            delete(connection, "reservation WHERE site = ?1 AND id = ?2", params![site, id.as_str()])?;
            if let (Some(author), Some(decision)) = (author, Decision::from_wire(decision)) {
                forgotten.histories += uncount(connection, site, author, decision)?;
            }
        }
        if forgotten.comments > 0 {
            self.request_wipe()?;
        }
        Ok(forgotten)
    }

    /// Forgets what was counted for a person.
    pub fn forget_counts(&mut self, site: &Site, person: Person) -> Result<ErasureCounts, Error> {
        let Some(site) = read::site_id(self.connection(), site)? else { return Ok(ErasureCounts::default()) };
        let histories = delete(self.connection(), "author WHERE site = ?1 AND person = ?2", params![site, person.as_bytes()])?;
        Ok(ErasureCounts { histories, limits: self.limits().forget(site, person), ..ErasureCounts::default() })
    }
}

/// Deletes rows and tells how many.
fn delete(connection: &Connection, from: &str, which: impl rusqlite::Params) -> Result<u64, Error> {
    let deleted = connection.prepare_cached(&format!("DELETE FROM {from}"))?.execute(which)?;
    Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
}

/// Counts one comment less for its author. 1: nothing is left to count.
fn uncount(connection: &Connection, site: i64, author: Person, decision: Decision) -> Result<u64, Error> {
    let column = match decision {
        Decision::Approve => "approved",
        Decision::Hold => "held",
        Decision::Reject => "rejected",
    };
    let mut update = connection
        .prepare_cached(&format!("UPDATE author SET {column} = max(0, {column} - 1) WHERE site = ?1 AND person = ?2"))?;
    update.execute(params![site, author.as_bytes()])?;
    let nothing = "author WHERE site = ?1 AND person = ?2 AND approved = 0 AND held = 0 AND rejected = 0";
    delete(connection, nothing, params![site, author.as_bytes()])
}
