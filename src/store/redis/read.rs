//! What the Redis store reads without changing anything, and how it reads a comment's hash.

use std::collections::HashMap;

use ::redis::streams::StreamRangeReply;
use ::redis::{Pipeline, Value};

use super::connection::Connection;
use super::keys::Keys;
use crate::comment::CommentId;
use crate::error::Error;
use crate::facts::History;
use crate::store::cursor::Cursor;
use crate::store::page::{ListPosition, ListQuery, Order};
use crate::store::person::Person;
use crate::store::row::{Revision, Row};
use crate::verdict::Decision;

/// The fields `s`, `c`, `v` and `e` of a comment's hash.
type Fields = (Option<String>, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

/// What stood: the fields `s`, `v` and `e` of then.
type PastFields = (String, Vec<u8>, Vec<u8>);

/// A comment with its trail.
pub(super) async fn comment(connection: &Connection, keys: &Keys, id: &CommentId) -> Result<Option<Row>, Error> {
    // One transaction: the trail must fit what stands.
    let mut both = Pipeline::with_capacity(2);
    both.atomic().cmd("HMGET").arg(keys.comment(id)).arg(&["s", "c", "v", "e"]);
    both.cmd("HGET").arg(keys.comment(id)).arg("p").cmd("LRANGE").arg(keys.trail(id)).arg(0).arg(-1);
    let (fields, persons, trail): (Fields, Option<String>, Vec<PastFields>) = both.query_async(&mut connection.clone()).await?;
    let Some(mut row) = row(fields)? else { return Ok(None) };
    let past = |(standing, verdict, event): PastFields| {
        Ok(Revision { verdict, event, before: StandingField::parse(&standing)?.before })
    };
    let persons = persons.unwrap_or_default();
    row.persons = persons.split(' ').filter_map(Person::from_hex).flat_map(|person| *person.as_bytes()).collect();
    row.trail = trail.into_iter().map(past).collect::<Result<_, Error>>()?;
    Ok(Some(row))
}

/// How an author has fared.
pub(super) async fn history(connection: &Connection, keys: &Keys, author: &Person) -> Result<History, Error> {
    let mut read = ::redis::cmd("HMGET");
    read.arg(keys.author(&author.to_string())).arg(&["approved", "held", "rejected"]);
    let (approved, held, rejected): (Option<u32>, Option<u32>, Option<u32>) = read.query_async(&mut connection.clone()).await?;
    Ok(History {
        approved: approved.unwrap_or_default(),
        held: held.unwrap_or_default(),
        rejected: rejected.unwrap_or_default(),
    })
}

/// The cursor of the newest change, or the one before all changes.
pub(super) async fn latest_event(connection: &Connection, keys: &Keys) -> Result<Cursor, Error> {
    let mut read = ::redis::cmd("XREVRANGE");
    read.arg(keys.events()).arg("+").arg("-").arg("COUNT").arg(1);
    let newest: StreamRangeReply = read.query_async(&mut connection.clone()).await?;
    match newest.ids.first() {
        None => Ok(Cursor::STREAM_START),
        Some(entry) => Cursor::parse_stream(&entry.id).ok_or_else(|| Error::store(format!("unreadable event {:?}", entry.id))),
    }
}

/// The cursor of the oldest change kept, if older ones were cut off the stream. `None` too before Redis 7, which does not
/// tell.
pub(super) async fn forgotten_before(connection: &Connection, keys: &Keys) -> Result<Option<Cursor>, Error> {
    let mut both = Pipeline::with_capacity(2);
    both.cmd("EXISTS").arg(keys.events()).cmd("XRANGE").arg(keys.events()).arg("-").arg("+").arg("COUNT").arg(1);
    let (exists, oldest): (bool, StreamRangeReply) = both.query_async(&mut connection.clone()).await?;
    let Some(oldest) = oldest.ids.first().filter(|_| exists) else { return Ok(None) };
    let mut ask = ::redis::cmd("XINFO");
    ask.arg("STREAM").arg(keys.events());
    let info: HashMap<String, Value> = ask.query_async(&mut connection.clone()).await?;
    let number = |name: &str| match info.get(name) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    let forgotten = number("entries-added").zip(number("length")).is_some_and(|(added, length)| added > length);
    Ok(forgotten.then(|| Cursor::parse_stream(&oldest.id)).flatten())
}

/// The next places of a list: fewer than asked for at its end only.
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
    let start = after.map_or(start.to_owned(), |place| place.key.to_string());
    let beyond = |place: &ListPosition| after.is_none_or(|after| if backward { place < after } else { place > after });

    let (mut places, mut offset) = (Vec::with_capacity(count), 0);
    while places.len() < count {
        // The range begins with the place we come from and whatever shares its key: mostly one too many.
        let ask = count - places.len() + usize::from(offset == 0 && after.is_some());
        let mut range = ::redis::cmd("ZRANGE");
        range.arg(&index).arg(&start).arg(end).arg("BYSCORE");
        if backward {
            range.arg("REV");
        }
        range.arg("LIMIT").arg(offset).arg(ask).arg("WITHSCORES");
        let got: Vec<(String, f64)> = range.query_async(&mut connection.clone()).await?;
        offset += got.len();
        let last = got.len() < ask;
        // Scores are microseconds, whole numbers that a double holds exactly.
        places.extend(got.into_iter().map(|(id, score)| ListPosition { key: score as i64, id }).filter(beyond));
        if last {
            break;
        }
    }
    places.truncate(count);
    Ok(places)
}

/// The comments at these places; `None` for those that are gone.
pub(super) async fn rows(connection: &Connection, keys: &Keys, places: &[ListPosition]) -> Result<Vec<Option<Row>>, Error> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut each = Pipeline::with_capacity(places.len());
    for place in places {
        each.cmd("HMGET").arg(keys.comment_named(&place.id)).arg(&["s", "c", "v", "e"]);
    }
    let rows: Vec<Fields> = each.query_async(&mut connection.clone()).await?;
    rows.into_iter().map(row).collect()
}

/// Who sent a comment.
pub(super) struct Sender {
    /// Who counts as its author.
    pub author: Option<Person>,
    /// The keyed hashes of all who sent any text of it.
    pub persons: String,
}

/// Who sent the comments at these places; `None` for those that are gone.
pub(super) async fn senders(
    connection: &Connection,
    keys: &Keys,
    places: &[ListPosition],
) -> Result<Vec<Option<Sender>>, Error> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut each = Pipeline::with_capacity(places.len());
    for place in places {
        each.cmd("HMGET").arg(keys.comment_named(&place.id)).arg(&["s", "p"]);
    }
    let rows: Vec<(Option<String>, Option<String>)> = each.query_async(&mut connection.clone()).await?;
    let sender = |(standing, persons): (Option<String>, Option<String>)| {
        let Some(standing) = standing else { return Ok(None) };
        let author = StandingField::parse(&standing)?.author;
        // Of what an earlier version kept only the author is known.
        let persons = persons.or_else(|| author.map(|author| author.to_string())).unwrap_or_default();
        Ok(Some(Sender { author, persons }))
    };
    rows.into_iter().map(sender).collect()
}

/// What a comment's hash holds. `None`: no verdict stands, at most a reservation.
fn row((standing, comment, verdict, event): Fields) -> Result<Option<Row>, Error> {
    let Some(standing) = standing else { return Ok(None) };
    let StandingField { before, received_at, author } = StandingField::parse(&standing)?;
    let missing = || Error::store("a comment's hash lacks fields");
    Ok(Some(Row {
        comment: comment.ok_or_else(missing)?,
        received_at,
        author,
        persons: Vec::new(),
        current: Revision { verdict: verdict.ok_or_else(missing)?, event: event.unwrap_or_default(), before },
        trail: Vec::new(),
    }))
}

/// What callers see of the field `s`; the form is told in `keep.lua`.
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
        parsed.ok_or_else(|| Error::store(format!("unreadable standing {text:?}")))
    }
}
