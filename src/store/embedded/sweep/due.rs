//! Forgets what is due: the old part of a site's changes, audit and outcomes, and reservations that nobody came back for.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use crate::classify::site::training_example::TrainingExample;
use crate::error::Error;
use crate::pb;
use crate::store::clock::ago;
use crate::store::embedded::signed::signed;
use crate::store::row::decode_verdict;

/// How many rows of a kind are looked at in one visit to a site.
pub(super) const MAX_ROWS_PER_VISIT: i64 = 256;
/// How long a verdict may be on its way.
const RESERVATION_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Cuts a site's events down to the newest, and to those that are young enough. Returns whether there is more to cut.
pub(super) fn forget_events(connection: &Connection, site: i64, kept: Duration, most: u32) -> Result<bool, Error> {
    let mut oldest =
        connection.prepare_cached("SELECT number FROM event WHERE site = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2")?;
    let surplus = oldest.query_row(params![site, most], |row| row.get::<_, i64>(0)).optional()?;
    let mut first = connection.prepare_cached("SELECT number, verdict FROM event WHERE site = ?1 ORDER BY number LIMIT ?2")?;
    let mut events = first.query([site, MAX_ROWS_PER_VISIT])?;
    let (mut cut, mut count) = (None, 0);
    while let Some(event) = events.next()? {
        let number = event.get::<_, i64>(0)?;
        let is_old = || -> Result<bool, Error> {
            // A clock that was set back makes it young.
            let age = decode_verdict(&event.get::<_, Vec<u8>>(1)?)?.decided_at.elapsed().unwrap_or_default();
            Ok(age >= kept)
        };
        if surplus.is_none_or(|surplus| number > surplus) && !is_old()? {
            break;
        }
        (cut, count) = (Some(number), count + 1);
    }
    if let Some(cut) = cut {
        connection.prepare_cached("DELETE FROM event WHERE site = ?1 AND number <= ?2")?.execute([site, cut])?;
        let mut tell = connection.prepare_cached("UPDATE site SET forgotten = max(forgotten, ?2) WHERE key = ?1")?;
        tell.execute([site, cut])?;
    }
    Ok(count == MAX_ROWS_PER_VISIT)
}

/// Forgets the old part of a site's log of outcomes. Returns how many those were, and whether there are more.
pub(super) fn forget_outcomes(connection: &Connection, site: i64, kept: Duration) -> Result<(usize, bool), Error> {
    let oldest = ago(kept);
    let mut first = connection.prepare_cached("SELECT number, record FROM outcome WHERE site = ?1 ORDER BY number LIMIT ?2")?;
    let mut rows = first.query([site, MAX_ROWS_PER_VISIT])?;
    let mut cut = None;
    while let Some(row) = rows.next()? {
        // One that cannot be read tells no time: it goes with the next that does.
        let Some(lesson) = TrainingExample::from_bytes(&row.get::<_, Vec<u8>>(1)?) else { continue };
        if lesson.decided_at >= oldest {
            break;
        }
        cut = Some(row.get::<_, i64>(0)?);
    }
    let Some(cut) = cut else { return Ok((0, false)) };
    let mut delete = connection.prepare_cached("DELETE FROM outcome WHERE site = ?1 AND number <= ?2")?;
    let gone = delete.execute([site, cut])?;
    let mut tell = connection.prepare_cached("UPDATE site SET outcome_gone = outcome_gone + ?2 WHERE key = ?1")?;
    tell.execute(params![site, signed(gone)])?;
    Ok((gone, gone >= MAX_ROWS_PER_VISIT as usize))
}

/// Forgets the old part of a site's audit, and keeps the hash that the rest goes on from. Returns whether there is more.
pub(super) fn forget_acts(connection: &Connection, site: i64, kept: Duration) -> Result<bool, Error> {
    let mut first = connection.prepare_cached(
        "SELECT number, hash, record FROM audit WHERE site = ?1 AND length(record) > 0 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = first.query([site, MAX_ROWS_PER_VISIT])?;
    let (mut cut, mut count) = (None, 0);
    while let Some(row) = rows.next()? {
        // Erased ones tell no time: they go with the next that does.
        let event = <pb::AuditEvent as prost::Message>::decode(&*row.get::<_, Vec<u8>>(2)?).unwrap_or_default();
        let Some(at) = event.at.and_then(|at| SystemTime::try_from(at).ok()) else { continue };
        if at.elapsed().unwrap_or_default() < kept {
            break;
        }
        (cut, count) = (Some((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)), count + 1);
    }
    if let Some((number, hash)) = cut {
        let mut delete = connection.prepare_cached("DELETE FROM audit WHERE site = ?1 AND number <= ?2")?;
        delete.execute([site, number])?;
        let mut tell = connection.prepare_cached("UPDATE site SET audit_number = ?2, audit_hash = ?3 WHERE key = ?1")?;
        tell.execute(params![site, number, hash])?;
    }
    Ok(count == MAX_ROWS_PER_VISIT)
}

/// Forgets comments whose verdict never came. Returns whether there are more.
pub(super) fn forget_reservations(connection: &Connection) -> Result<bool, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM reservation WHERE (site, id) IN (SELECT site, id FROM reservation WHERE received_at < ?1 LIMIT ?2)",
    )?;
    Ok(delete.execute([ago(RESERVATION_LIFETIME), MAX_ROWS_PER_VISIT])? == MAX_ROWS_PER_VISIT as usize)
}
