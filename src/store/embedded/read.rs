//! Read-only queries of the embedded store.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::signed::signed;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::AuthorCounts;
use crate::store::page::{ListPosition, Order};
use crate::store::person::Person;
use crate::store::row::{Revision, Row};
use crate::verdict::Decision;

/// Returns the id of a site, or `None` if the site is unknown.
pub(super) fn site_id(connection: &Connection, site: &Site) -> Result<Option<i64>, Error> {
    let mut select = connection.prepare_cached("SELECT key FROM site WHERE name = ?1")?;
    Ok(select.query_row([site.as_str()], |row| row.get(0)).optional()?)
}

/// Returns a comment with its trail, or `None` if there is no such comment.
pub(super) fn comment(connection: &Connection, site: &Site, id: &CommentId) -> Result<Option<Row>, Error> {
    // One transaction, so that the trail matches the current verdict. The writer's connection is already in one.
    let transaction = connection.unchecked_transaction().ok();
    let Some(site) = self::site_id(connection, site)? else { return Ok(None) };
    let mut select = connection.prepare_cached(
        "SELECT comment, verdict, event, before, received_at, author, persons FROM comment WHERE site = ?1 AND id = ?2",
    )?;
    let found = select.query_row(params![site, id.as_str()], |found| Ok(Row { persons: found.get(6)?, ..row(found)? }));
    let Some(mut row) = found.optional()? else { return Ok(None) };
    let mut select =
        connection.prepare_cached("SELECT verdict, event, before FROM past WHERE site = ?1 AND id = ?2 ORDER BY number")?;
    let trail = select.query_map(params![site, id.as_str()], |row| revision(row, 0))?;
    row.trail = trail.collect::<Result<_, _>>()?;
    drop(transaction);
    Ok(Some(row))
}

/// Returns the history of an author: how many of the author's comments are approved, held and rejected.
pub(super) fn history(connection: &Connection, site: &Site, author: Person) -> Result<AuthorCounts, Error> {
    self::site_id(connection, site)?.map_or(Ok(AuthorCounts::default()), |site| history_of(connection, site, author))
}

/// Returns the history of an author, for a site by id.
pub(super) fn history_of(connection: &Connection, site: i64, author: Person) -> Result<AuthorCounts, Error> {
    let mut select =
        connection.prepare_cached("SELECT approved, held, rejected FROM author WHERE site = ?1 AND person = ?2")?;
    let history = select.query_row(params![site, author.as_bytes()], |row| {
        Ok(AuthorCounts { approved: row.get(0)?, held: row.get(1)?, rejected: row.get(2)? })
    });
    Ok(history.optional()?.unwrap_or_default())
}

/// Returns the next comments of a list, at most `count`.
pub(super) fn list(
    connection: &Connection,
    site: &Site,
    (decision, spot_checks): (Option<Decision>, bool),
    order: Order,
    after: Option<&ListPosition>,
    count: usize,
) -> Result<Vec<(ListPosition, Row)>, Error> {
    let Some(site) = self::site_id(connection, site)? else { return Ok(Vec::new()) };
    let (key, comparison, direction, start) = match order {
        Order::Risk => ("risk_at", ">", "ASC", i64::MIN),
        Order::Oldest => ("received_at", ">", "ASC", i64::MIN),
        Order::Newest => ("received_at", "<", "DESC", i64::MAX),
    };
    // The numbers are literals, since a partial index serves only queries that state its condition.
    let decision = match spot_checks {
        true => "AND spot_check = 1".to_owned(),
        false => decision.map_or(String::new(), |decision| format!("AND decision = {}", decision.to_wire() as i32)),
    };
    let mut select = connection.prepare_cached(&format!(
        "SELECT comment, verdict, event, before, received_at, author, {key}, id FROM comment \
         WHERE site = ?1 {decision} AND ({key}, id) {comparison} (?2, ?3) ORDER BY {key} {direction}, id {direction} LIMIT ?4"
    ))?;
    let (key, id) = after.map_or((start, ""), |position| (position.key, position.id.as_str()));
    let count = signed(count);
    let rows = select
        .query_map(params![site, key, id, count], |sql| Ok((ListPosition { key: sql.get(6)?, id: sql.get(7)? }, row(sql)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the next comments by time, each with whether any text of it came from `person`.
pub(super) fn senders(
    connection: &Connection,
    site: &Site,
    after: Option<&ListPosition>,
    count: usize,
    person: Person,
) -> Result<Vec<(ListPosition, bool)>, Error> {
    let Some(site) = self::site_id(connection, site)? else { return Ok(Vec::new()) };
    let mut select = connection.prepare_cached(
        "SELECT received_at, id, persons FROM comment WHERE site = ?1 AND (received_at, id) > (?2, ?3) \
         ORDER BY received_at, id LIMIT ?4",
    )?;
    let (key, id) = after.map_or((i64::MIN, ""), |position| (position.key, position.id.as_str()));
    let count = signed(count);
    let rows = select.query_map(params![site, key, id, count], |row| {
        Ok((ListPosition { key: row.get(0)?, id: row.get(1)? }, person.is_among(&row.get::<_, Vec<u8>>(2)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns how many comments of a site are held, and when the oldest of them was received, in microseconds since 1970.
pub(super) fn queue(connection: &Connection, site: &Site) -> Result<(i64, Option<i64>), Error> {
    let Some(site) = self::site_id(connection, site)? else { return Ok((0, None)) };
    // The index on held comments serves only queries with the literal number: 2 is HOLD.
    let mut select =
        connection.prepare_cached("SELECT count(*), min(received_at) FROM comment WHERE site = ?1 AND decision = 2")?;
    Ok(select.query_row([site], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Returns a site's changes after a number, in order, at most `count`.
pub(super) fn events(connection: &Connection, site: &Site, after: i64, count: i64) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let Some(site) = self::site_id(connection, site)? else { return Ok(Vec::new()) };
    let mut select = connection
        .prepare_cached("SELECT number, verdict FROM event WHERE site = ?1 AND number > ?2 ORDER BY number LIMIT ?3")?;
    let events = select.query_map(params![site, after, count], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(events.collect::<Result<_, _>>()?)
}

/// Returns the number of a site's newest change; 0 if there is none.
pub(super) fn latest_event(connection: &Connection, site: &Site) -> Result<i64, Error> {
    let Some(site) = self::site_id(connection, site)? else { return Ok(0) };
    let mut select = connection.prepare_cached("SELECT coalesce(max(number), 0) FROM event WHERE site = ?1")?;
    Ok(select.query_row([site], |row| row.get(0))?)
}

/// Returns the number up to which a site's changes were deleted; 0 if none were.
pub(super) fn forgotten_events(connection: &Connection, site: &Site) -> Result<i64, Error> {
    let mut select = connection.prepare_cached("SELECT forgotten FROM site WHERE name = ?1")?;
    Ok(select.query_row([site.as_str()], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Returns the number of the newest change of any site; 0 if there is none.
pub(super) fn newest_event(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.query_row("SELECT coalesce(max(number), 0) FROM event", [], |row| row.get(0))?)
}

fn row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        comment: row.get(0)?,
        received_at: row.get(4)?,
        author: row.get::<_, Option<[u8; 16]>>(5)?.map(Person::from_bytes),
        persons: Vec::new(),
        current: revision(row, 1)?,
        trail: Vec::new(),
    })
}

/// Reads the columns `verdict, event, before`, which begin at column `at`.
fn revision(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Revision> {
    Ok(Revision { verdict: row.get(at)?, event: row.get(at + 1)?, before: row.get(at + 2)? })
}
