//! Read-only queries of the Redis engine, and the parsing of a comment's hash.

use std::collections::HashMap;

use ::redis::streams::StreamRangeReply;
use ::redis::{Pipeline, Value};

use super::connection::Connection;
use super::keys::Keys;
use crate::comment::CommentId;
use crate::error::Error;
use crate::facts::AuthorCounts;
use crate::store::cursor::Cursor;
use crate::store::page::{ListPosition, ListQuery, Order};
use crate::store::person::Person;
use crate::store::row::{Revision, Row};
use crate::verdict::Decision;

/// The fields `s`, `c`, `v` and `e` of a comment's hash.
type Fields = (Option<String>, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

/// A past verdict in the trail: the fields `s`, `v` and `e` at that time.
type PastFields = (String, Vec<u8>, Vec<u8>);

/// Reads a comment with its past verdicts. Returns `None` if it has no verdict.
pub(super) async fn comment(connection: &Connection, keys: &Keys, id: &CommentId) -> Result<Option<Row>, Error> {
    // Read both in one transaction, so that the past verdicts match the current one.
    let mut pipeline = Pipeline::with_capacity(2);
    pipeline.atomic().cmd("HMGET").arg(keys.comment(id)).arg(&["s", "c", "v", "e"]);
    pipeline.cmd("HGET").arg(keys.comment(id)).arg("p").cmd("LRANGE").arg(keys.trail(id)).arg(0).arg(-1);
    let (fields, persons, trail): (Fields, Option<String>, Vec<PastFields>) =
        pipeline.query_async(&mut connection.clone()).await?;
    let Some(mut row) = row(fields)? else { return Ok(None) };
    let past = |(standing, verdict, event): PastFields| {
        Ok(Revision { verdict, event, before: StandingField::parse(&standing)?.before })
    };
    let persons = persons.unwrap_or_default();
    row.persons = persons.split(' ').filter_map(Person::from_hex).flat_map(|person| *person.as_bytes()).collect();
    row.trail = trail.into_iter().map(past).collect::<Result<_, Error>>()?;
    Ok(Some(row))
}

/// Reads the numbers of an author's approved, held and rejected comments.
pub(super) async fn history(connection: &Connection, keys: &Keys, author: &Person) -> Result<AuthorCounts, Error> {
    let mut command = ::redis::cmd("HMGET");
    command.arg(keys.author(&author.to_string())).arg(&["approved", "held", "rejected"]);
    let (approved, held, rejected): (Option<u32>, Option<u32>, Option<u32>) =
        command.query_async(&mut connection.clone()).await?;
    Ok(AuthorCounts {
        approved: approved.unwrap_or_default(),
        held: held.unwrap_or_default(),
        rejected: rejected.unwrap_or_default(),
    })
}

/// Returns the cursor of the newest change, or the cursor before all changes if there is none.
pub(super) async fn latest_event(connection: &Connection, keys: &Keys) -> Result<Cursor, Error> {
    let mut command = ::redis::cmd("XREVRANGE");
    command.arg(keys.events()).arg("+").arg("-").arg("COUNT").arg(1);
    let newest: StreamRangeReply = command.query_async(&mut connection.clone()).await?;
    match newest.ids.first() {
        None => Ok(Cursor::STREAM_START),
        Some(entry) => Cursor::parse_stream(&entry.id).ok_or_else(|| Error::store(format!("unreadable event {:?}", entry.id))),
    }
}

/// Returns the cursor of the oldest change kept if older ones were dropped. Returns `None` if none were dropped, and always
/// before Redis 7, which does not report it.
pub(super) async fn forgotten_before(connection: &Connection, keys: &Keys) -> Result<Option<Cursor>, Error> {
    let mut pipeline = Pipeline::with_capacity(2);
    pipeline.cmd("EXISTS").arg(keys.events()).cmd("XRANGE").arg(keys.events()).arg("-").arg("+").arg("COUNT").arg(1);
    let (exists, oldest): (bool, StreamRangeReply) = pipeline.query_async(&mut connection.clone()).await?;
    let Some(oldest) = oldest.ids.first().filter(|_| exists) else { return Ok(None) };
    let mut command = ::redis::cmd("XINFO");
    command.arg("STREAM").arg(keys.events());
    let info: HashMap<String, Value> = command.query_async(&mut connection.clone()).await?;
    let number = |name: &str| match info.get(name) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    let forgotten = number("entries-added").zip(number("length")).is_some_and(|(added, length)| added > length);
    Ok(forgotten.then(|| Cursor::parse_stream(&oldest.id)).flatten())
}

/// Returns the next `count` positions of a list, or fewer at its end.
pub(super) async fn places(
    connection: &Connection,
    keys: &Keys,
    query: &ListQuery<'_>,
    after: Option<&ListPosition>,
    count: usize,
) -> Result<Vec<ListPosition>, Error> {
    let held = query.decision == Some(Decision::Hold);
    let index = match (query.order, held) {
        _ if query.spot_checks => keys.spot_checks(),
        (Order::Risk, true) => keys.held_by_risk(),
        (Order::Risk, false) => keys.all_by_risk(),
        (Order::Newest | Order::Oldest, true) => keys.held_by_time(),
        (Order::Newest | Order::Oldest, false) => keys.all_by_time(),
    };
    let backward = query.order == Order::Newest;
    let (start, end) = if backward { ("+inf", "-inf") } else { ("-inf", "+inf") };
    let start = after.map_or(start.to_owned(), |position| position.key.to_string());
    let beyond = |position: &ListPosition| after.is_none_or(|after| if backward { position < after } else { position > after });

    let (mut positions, mut offset) = (Vec::with_capacity(count), 0);
    while positions.len() < count {
        // The range starts with the position `after` and others of the same key, so ask for one more.
        let requested = count - positions.len() + usize::from(offset == 0 && after.is_some());
        let mut range = ::redis::cmd("ZRANGE");
        range.arg(&index).arg(&start).arg(end).arg("BYSCORE");
        if backward {
            range.arg("REV");
        }
        range.arg("LIMIT").arg(offset).arg(requested).arg("WITHSCORES");
        let found: Vec<(String, f64)> = range.query_async(&mut connection.clone()).await?;
        offset += found.len();
        let last = found.len() < requested;
        // Scores are microseconds, whole numbers that a double holds exactly.
        positions.extend(found.into_iter().map(|(id, score)| ListPosition { key: score as i64, id }).filter(beyond));
        if last {
            break;
        }
    }
    positions.truncate(count);
    Ok(positions)
}

/// Reads the comments at these positions; `None` stands for a comment that is gone.
pub(super) async fn rows(connection: &Connection, keys: &Keys, positions: &[ListPosition]) -> Result<Vec<Option<Row>>, Error> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = Pipeline::with_capacity(positions.len());
    for position in positions {
        pipeline.cmd("HMGET").arg(keys.comment_named(&position.id)).arg(&["s", "c", "v", "e"]);
    }
    let rows: Vec<Fields> = pipeline.query_async(&mut connection.clone()).await?;
    rows.into_iter().map(row).collect()
}

/// The sender of a comment.
pub(super) struct Sender {
    /// Person that counts as the author.
    pub author: Option<Person>,
    /// Keyed hashes of everybody who sent any text of the comment, separated by spaces.
    pub persons: String,
}

/// Reads the senders of the comments at these positions; `None` stands for a comment that is gone.
pub(super) async fn senders(
    connection: &Connection,
    keys: &Keys,
    positions: &[ListPosition],
) -> Result<Vec<Option<Sender>>, Error> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = Pipeline::with_capacity(positions.len());
    for position in positions {
        pipeline.cmd("HMGET").arg(keys.comment_named(&position.id)).arg(&["s", "p"]);
    }
    let rows: Vec<(Option<String>, Option<String>)> = pipeline.query_async(&mut connection.clone()).await?;
    let sender = |(standing, persons): (Option<String>, Option<String>)| {
        let Some(standing) = standing else { return Ok(None) };
        let author = StandingField::parse(&standing)?.author;
        // Comments stored by an earlier version have only the author.
        let persons = persons.or_else(|| author.map(|author| author.to_string())).unwrap_or_default();
        Ok(Some(Sender { author, persons }))
    };
    rows.into_iter().map(sender).collect()
}

/// Parses the fields of a comment's hash. Returns `None` if it has no verdict, but at most a reservation.
fn row((standing, comment, verdict, event): Fields) -> Result<Option<Row>, Error> {
    let Some(standing) = standing else { return Ok(None) };
    let StandingField { before, received_at, author } = StandingField::parse(&standing)?;
    let missing = || Error::store("the stored hash of a comment lacks fields");
    Ok(Some(Row {
        comment: comment.ok_or_else(missing)?,
        received_at,
        author,
        persons: Vec::new(),
        current: Revision { verdict: verdict.ok_or_else(missing)?, event: event.unwrap_or_default(), before },
        trail: Vec::new(),
    }))
}

/// The parts of the field `s` that callers see. `keep.lua` describes its format.
struct StandingField {
    before: i32,
    received_at: i64,
    author: Option<Person>,
}

impl StandingField {
    fn parse(text: &str) -> Result<Self, Error> {
        let fields: Vec<&str> = text.split(' ').collect();
        let parsed = match fields[..] {
            [_, _, _, _, before, received_at, _, author] => before
                .parse()
                .ok()
                .zip(received_at.parse().ok())
                .map(|(before, received_at)| Self { before, received_at, author: Person::from_hex(author) }),
            _ => None,
        };
        parsed.ok_or_else(|| Error::store(format!("unreadable state of a comment {text:?}")))
    }
}
