//! Deletes expired data: old changes, audit records and outcomes of a site, and abandoned reservations.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use crate::classify::site::training_example::TrainingExample;
use crate::error::Error;
use crate::pb;
use crate::store::clock::ago;
use crate::store::embedded::signed::signed;
use crate::store::row::decode_verdict;

/// Maximum number of rows of a kind that one visit to a site reads.
pub(super) const MAX_ROWS_PER_VISIT: i64 = 256;
/// Time after which a reservation without a verdict is removed.
const RESERVATION_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Deletes a site's events that are too old or too many, oldest first. Returns whether there may be more.
pub(super) fn forget_events(connection: &Connection, site: i64, max_age: Duration, max_events: u32) -> Result<bool, Error> {
    let mut oldest =
        connection.prepare_cached("SELECT number FROM event WHERE site = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2")?;
    let surplus = oldest.query_row(params![site, max_events], |row| row.get::<_, i64>(0)).optional()?;
    let mut first = connection.prepare_cached("SELECT number, verdict FROM event WHERE site = ?1 ORDER BY number LIMIT ?2")?;
    let mut events = first.query([site, MAX_ROWS_PER_VISIT])?;
    let (mut cut, mut count) = (None, 0);
    while let Some(event) = events.next()? {
        let number = event.get::<_, i64>(0)?;
        let is_old = || -> Result<bool, Error> {
            // If the clock was set back, the event counts as new.
            let age = decode_verdict(&event.get::<_, Vec<u8>>(1)?)?.decided_at.elapsed().unwrap_or_default();
            Ok(age >= max_age)
        };
        if surplus.is_none_or(|surplus| number > surplus) && !is_old()? {
            break;
        }
        (cut, count) = (Some(number), count + 1);
    }
    if let Some(cut) = cut {
        connection.prepare_cached("DELETE FROM event WHERE site = ?1 AND number <= ?2")?.execute([site, cut])?;
        let mut update = connection.prepare_cached("UPDATE site SET forgotten = max(forgotten, ?2) WHERE key = ?1")?;
        update.execute([site, cut])?;
    }
    Ok(count == MAX_ROWS_PER_VISIT)
}

/// Deletes the expired part of a site's outcome log. Returns how many outcomes that were, and whether there may be more.
pub(super) fn forget_outcomes(connection: &Connection, site: i64, max_age: Duration) -> Result<(usize, bool), Error> {
    let oldest = ago(max_age);
    let mut first = connection.prepare_cached("SELECT number, record FROM outcome WHERE site = ?1 ORDER BY number LIMIT ?2")?;
    let mut rows = first.query([site, MAX_ROWS_PER_VISIT])?;
    let mut cut = None;
    while let Some(row) = rows.next()? {
        // An unreadable record has no known age: it is deleted with the next readable one that has expired.
        let Some(example) = TrainingExample::from_bytes(&row.get::<_, Vec<u8>>(1)?) else { continue };
        if example.decided_at >= oldest {
            break;
        }
        cut = Some(row.get::<_, i64>(0)?);
    }
    let Some(cut) = cut else { return Ok((0, false)) };
    let mut delete = connection.prepare_cached("DELETE FROM outcome WHERE site = ?1 AND number <= ?2")?;
    let removed = delete.execute([site, cut])?;
    let mut update = connection.prepare_cached("UPDATE site SET outcome_gone = outcome_gone + ?2 WHERE key = ?1")?;
    update.execute(params![site, signed(removed)])?;
    Ok((removed, removed >= MAX_ROWS_PER_VISIT as usize))
}

/// Deletes the expired part of a site's audit log, and keeps the hash that the rest is chained to. Returns whether there may
/// be more.
pub(super) fn forget_acts(connection: &Connection, site: i64, max_age: Duration) -> Result<bool, Error> {
    let mut first = connection.prepare_cached(
        "SELECT number, hash, record FROM audit WHERE site = ?1 AND length(record) > 0 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = first.query([site, MAX_ROWS_PER_VISIT])?;
    let (mut cut, mut count) = (None, 0);
    while let Some(row) = rows.next()? {
        // An unreadable record has no known time: it is deleted with the next one that has expired.
        let event = <pb::AuditEvent as prost::Message>::decode(&*row.get::<_, Vec<u8>>(2)?).unwrap_or_default();
        let Some(at) = event.at.and_then(|at| SystemTime::try_from(at).ok()) else { continue };
        if at.elapsed().unwrap_or_default() < max_age {
            break;
        }
        (cut, count) = (Some((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)), count + 1);
    }
    if let Some((number, hash)) = cut {
        let mut delete = connection.prepare_cached("DELETE FROM audit WHERE site = ?1 AND number <= ?2")?;
        delete.execute([site, number])?;
        let mut update = connection.prepare_cached("UPDATE site SET audit_number = ?2, audit_hash = ?3 WHERE key = ?1")?;
        update.execute(params![site, number, hash])?;
    }
    Ok(count == MAX_ROWS_PER_VISIT)
}

/// Deletes abandoned reservations. Returns whether there may be more.
pub(super) fn forget_reservations(connection: &Connection) -> Result<bool, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM reservation WHERE (site, id) IN (SELECT site, id FROM reservation WHERE received_at < ?1 LIMIT ?2)",
    )?;
    Ok(delete.execute([ago(RESERVATION_LIFETIME), MAX_ROWS_PER_VISIT])? == MAX_ROWS_PER_VISIT as usize)
}
