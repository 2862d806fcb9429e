//! What an archive says became of a comment, in whatever words: of all that it says, the strictest counts, and what is not
//! understood never publishes a comment.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Number, Value};

use super::archive::moment;
use crate::cli::rows::{Fields, plain};
use crate::cli::text;
use crate::verdict::Decision;

/// Longest name or value that is understood, in bytes.
const MAX_WORD: usize = 64;
/// Most items of a list that are looked at.
const MAX_ITEMS: usize = 16;
/// How much is repeated of what is not understood, in characters.
const MAX_SAID: usize = 40;

/// What was decided on a comment, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It stands.
    Decided(Decision),
    /// It was thrown away.
    Deleted,
    /// Its post was thrown away.
    PostDeleted,
}

impl Status {
    /// Published.
    pub const APPROVED: Self = Self::Decided(Decision::Approve);
    /// Kept back for a moderator.
    pub const HELD: Self = Self::Decided(Decision::Hold);
    /// Refused, or spam.
    pub const REJECTED: Self = Self::Decided(Decision::Reject);

    /// Returns what a word means. `None`: it means nothing here.
    pub fn parse(word: &str) -> Option<Self> {
        let word = letters(word)?;
        match word.as_str() {
            "1" => return Some(Self::APPROVED),
            "0" => return Some(Self::HELD),
            _ => {}
        }
        let word = ["decision", "commentstatus", "status"].iter().find_map(|before| word.strip_prefix(before)).unwrap_or(&word);
        Some(match flag(word)? {
            Says::Approved | Says::Shown => Self::APPROVED,
            Says::Held | Says::Blocked => Self::HELD,
            Says::Spam => Self::REJECTED,
            Says::Deleted => Self::Deleted,
            _ => return None,
        })
    }
}

/// What a field says of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// That it was thrown away, or when, or by whom.
    Deleted,
    /// That it is spam, or was refused.
    Spam,
    /// That it is not shown, or not yet.
    Held,
    /// That its author may not write.
    Blocked,
    /// That it was approved.
    Approved,
    /// That it is shown, which is less than approved: it may be a date.
    Shown,
    /// In a word what became of it.
    Word,
    /// The same in the numbers of Isso.
    Mode,
    /// In a word what became of its post.
    PostWord,
    /// More of such fields.
    More,
    /// What is known of its author.
    Author,
    /// What is known of its post.
    Post,
}

impl Says {
    /// Returns what a field says by its name, in whatever case and with whatever separators it is written.
    fn of(name: &str) -> Option<Self> {
        let name = letters(name)?;
        let exact = match name.as_str() {
            "status" | "state" | "decision" | "decided" | "verdict" | "moderation" | "approval" | "disposition"
            | "commentstatus" | "commentstate" | "moderationstatus" | "moderationstate" | "moderationdecision"
            | "approvalstatus" | "approvalstate" | "publishstatus" | "publicationstatus" | "publishingstatus" => Self::Word,
            "mode" => Self::Mode,
            "poststatus" | "poststate" | "threadstatus" | "pagestatus" | "articlestatus" => Self::PostWord,
            "meta" | "metadata" | "commentmeta" | "flags" | "attributes" | "attrs" | "properties" | "props" | "extra"
            | "extras" | "custom" | "data" | "fields" => Self::More,
            "author" | "user" | "commenter" => Self::Author,
            "post" | "thread" | "page" | "article" => Self::Post,
            name => return flag(name),
        };
        Some(exact)
    }
}

/// Returns the letters and digits of a word, in lower case. `None`: it is longer than any that is understood.
fn letters(word: &str) -> Option<String> {
    let fits = word.len() <= MAX_WORD;
    fits.then(|| word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect())
}

/// What may stand before and behind the word that counts.
const BEFORE: [&str; 5] = ["is", "was", "has", "been", "comment"];
const BEHIND: [&str; 10] = ["at", "on", "date", "time", "timestamp", "gmt", "utc", "flag", "status", "state"];
/// What may stand there besides, unless the word is a friendly one: who approved a comment does not tell that it still is.
const ALSO_BEFORE: [&str; 10] = ["user", "admin", "moderator", "mod", "author", "soft", "marked", "as", "post", "content"];
const ALSO_BEHIND: [&str; 10] = ["by", "user", "admin", "moderator", "author", "reason", "since", "until", "hex", "id"];

/// Returns what a name says of which all but one word is mere form, as in `is_deleted`, `deletedAt` and `removed_by_admin`.
fn flag(name: &str) -> Option<Says> {
    let friendly = |says: &Says| matches!(says, Says::Approved | Says::Shown);
    let strict = || {
        let (before, behind) = ([BEFORE.as_slice(), &ALSO_BEFORE].concat(), [BEHIND.as_slice(), &ALSO_BEHIND].concat());
        inside(name, &before, &behind).filter(|says| !friendly(says))
    };
    inside(name, &BEFORE, &BEHIND).or_else(strict)
}

fn inside(mut name: &str, before: &[&str], behind: &[&str]) -> Option<Says> {
    loop {
        if let Some(says) = stem(name) {
            return Some(says);
        }
        name = before
            .iter()
            .find_map(|word| name.strip_prefix(word))
            .or_else(|| behind.iter().find_map(|word| name.strip_suffix(word)))?;
    }
}

fn stem(word: &str) -> Option<Says> {
    Some(match word {
        "deleted" | "delete" | "deletion" | "deleter" | "trashed" | "trash" | "softtrashed" | "removed" | "remove"
        | "removal" | "emptied" | "erased" | "purged" | "destroyed" | "discarded" | "withdrawn" | "retracted" | "expunged"
        | "tombstone" | "tombstoned" => Says::Deleted,
        "spam" | "junk" | "abuse" | "abusive" | "rejected" | "reject" | "rejection" | "declined" | "denied" | "disapproved"
        | "refused" => Says::Spam,
        "pending" | "held" | "hold" | "onhold" | "hidden" | "hide" | "invisible" | "private" | "draft" | "scheduled"
        | "unapproved" | "notapproved" | "unpublished" | "notpublished" | "unmoderated" | "flagged" | "reported" | "queued"
        | "quarantined" | "quarantine" | "disabled" | "inactive" | "inreview" | "underreview" | "pendingreview"
        | "needsreview" | "awaitingreview" | "inmoderation" | "awaitingmoderation" | "needsmoderation"
        | "pendingmoderation" | "awaitingapproval" | "needsapproval" | "pendingapproval" => Says::Held,
        "blocked" | "block" | "banned" | "ban" | "shadowbanned" | "suspended" | "muted" | "spammer" => Says::Blocked,
        "approved" | "approve" | "accepted" | "accept" | "allowed" => Says::Approved,
        "published" | "publish" | "visible" | "visibility" | "public" | "live" | "shown" | "displayed" | "active"
        | "enabled" => Says::Shown,
        _ => return None,
    })
}

/// What a value says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    No,
    Yes,
    /// Something else.
    Other,
}

impl Answer {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::No,
            Value::Bool(yes) => Self::said(*yes),
            Value::Number(number) => number.as_f64().map_or(Self::Other, Self::number),
            Value::String(text) => Self::text(text),
            Value::Array(items) if items.is_empty() => Self::No,
            Value::Object(fields) if fields.is_empty() => Self::No,
            Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }

    fn said(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    fn number(number: f64) -> Self {
        match number {
            0.0 => Self::No,
            1.0 => Self::Yes,
            // A moment, in seconds or milliseconds since 1970.
            moment if moment >= 1e8 => Self::Yes,
            _ => Self::Other,
        }
    }

    fn text(text: &str) -> Self {
        if text.len() > MAX_WORD {
            return Self::Other;
        }
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "" | "false" | "f" | "no" | "n" | "off" | "null" | "nil" | "none" | "undefined" | "never" => Self::No,
            "true" | "t" | "yes" | "y" | "on" => Self::Yes,
            // Dates and ids that stand for none.
            zeros if zeros.contains('0') && zeros.bytes().all(|byte| b"0-:. tz+".contains(&byte)) => Self::No,
            first if first.starts_with("0001-01-01") => Self::No,
            date if moment(&text).is_some() || is_date(date) => Self::Yes,
            number => number.parse().map_or(Self::Other, Self::number),
        }
    }
}

/// Whether a text begins with a date such as `2021-03-04`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let pattern = b"0000-00-00";
    bytes.len() >= pattern.len()
        && bytes.iter().zip(pattern).all(|(byte, like)| if *like == b'-' { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// All that an archive says became of a comment.
#[derive(Debug, Default)]
pub struct Claims {
    strictest: Option<Status>,
    /// What of it is not understood, with its name.
    doubts: Vec<String>,
}

impl Claims {
    /// Returns the strictest of what was said. `None`: nothing was.
    pub fn status(&self) -> Option<Status> {
        self.strictest
    }

    /// Returns what was not understood, each with its name, for the report.
    pub fn doubts(self) -> Vec<String> {
        self.doubts
    }

    /// Adds what is known from elsewhere.
    pub fn add(&mut self, status: Status) {
        self.strictest = self.strictest.max(Some(status));
    }

    /// Adds something that is not understood: it needs a moderator's eye.
    pub fn doubt(&mut self, what: String) {
        self.add(Status::HELD);
        if self.doubts.len() < MAX_ITEMS {
            self.doubts.push(what);
        }
    }

    /// Adds what an element of XML says, if its name is one of those that say something.
    pub fn element(&mut self, name: &str, text: &str) {
        if let Some(says) = Says::of(local(name)) {
            self.value(local(name), says, &Value::String(text.chars().take(MAX_WORD + 1).collect()));
        }
    }

    /// Takes out the fields that say something, and adds what they say. What has more in it than that stays.
    pub fn take(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| match Says::of(name) {
            None => true,
            Some(Says::More) => {
                self.more(value);
                true
            }
            Some(Says::Author) => {
                self.author(value);
                true
            }
            Some(Says::Post) => {
                self.post(value);
                true
            }
            Some(Says::Word) if value.is_object() => {
                self.word_in(name, value);
                true
            }
            Some(says) => {
                self.value(name, says, value);
                false
            }
        });
    }

    /// Adds what a field says of a comment. Of a list, the strictest item counts.
    fn value(&mut self, name: &str, says: Says, value: &Value) {
        if let Value::Array(items) = value
            && !items.is_empty()
        {
            items.iter().take(MAX_ITEMS).for_each(|item| self.value(name, says, item));
            if items.len() > MAX_ITEMS {
                self.doubt(said(name, value));
            }
            return;
        }
        let word = value.as_str().and_then(Status::parse);
        match (says, Answer::of(value)) {
            (Says::Deleted | Says::Spam | Says::Held | Says::Blocked, Answer::No) => {}
            (Says::Deleted, _) => self.add(Status::Deleted),
            (Says::Spam, Answer::Yes) => self.add(Status::REJECTED),
            (Says::Spam, Answer::Other) => match word.filter(|status| *status >= Status::REJECTED) {
                Some(status) => self.add(status),
                // A score, for example.
                None => self.doubt(said(name, value)),
            },
            (Says::Held | Says::Blocked, _) => self.add(word.unwrap_or(Status::HELD).max(Status::HELD)),
            (Says::Approved | Says::Shown, Answer::No) => self.add(Status::HELD),
            (Says::Approved, Answer::Yes) => self.add(Status::APPROVED),
            (Says::Shown, Answer::Yes) => {}
            (Says::Shown, Answer::Other) if word == Some(Status::APPROVED) => {}
            (Says::Approved | Says::Shown, Answer::Other) => self.word(name, word, value),
            (Says::Word, _) if value.is_null() => {}
            (Says::Word, _) => {
                // Numbers are the same as text, and 1.0 is no word.
                let word = word.or_else(|| value.is_u64().then(|| Status::parse(&plain(value)))?);
                self.word(name, word, value);
            }
            (Says::Mode, _) if value.is_null() => {}
            (Says::Mode, _) => {
                let status = match plain(value).trim() {
                    "1" => Some(Status::APPROVED),
                    "2" => Some(Status::HELD),
                    "4" => Some(Status::Deleted),
                    _ => None,
                };
                self.word(name, status, value);
            }
            (Says::PostWord, _) => {
                if word == Some(Status::Deleted) {
                    self.add(Status::PostDeleted);
                }
            }
            (Says::More | Says::Author | Says::Post, _) => {}
        }
    }

    fn word(&mut self, name: &str, word: Option<Status>, value: &Value) {
        match word {
            Some(status) => self.add(status),
            None => self.doubt(said(name, value)),
        }
    }

    /// Adds what the fields of an object say that stands where a word may stand, such as a verdict.
    fn word_in(&mut self, name: &str, value: &mut Value) {
        let Value::Object(fields) = value else { return };
        if fields.is_empty() {
            return;
        }
        let mut inner = Self::default();
        inner.take(fields);
        match inner.strictest {
            Some(status) => self.add(status),
            None => self.doubt(format!("{} without a decision", text::line(name, MAX_WORD))),
        }
        self.doubts.extend(inner.doubts);
        self.doubts.truncate(MAX_ITEMS);
    }

    /// Adds what stands among other things: fields, or names of flags.
    fn more(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.take(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.more(item)),
            Value::String(name) => {
                if let Some(says @ (Says::Deleted | Says::Spam | Says::Held | Says::Blocked)) = Says::of(name) {
                    self.value(name, says, &Value::Bool(true));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds that an author may not write. What else is said of authors is not said of their comments.
    fn author(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            self.take_author(fields);
        }
    }

    /// Takes out the fields of an author that say whether they may write, and adds what they say.
    pub fn take_author(&mut self, fields: &mut Fields) {
        fields.retain(|name, value| {
            let blocked = Says::of(name) == Some(Says::Blocked);
            if blocked {
                self.value(name, Says::Blocked, value);
            }
            !blocked
        });
    }

    /// Adds that a post was thrown away. What else is said of posts is not said of their comments.
    fn post(&mut self, value: &mut Value) {
        if let Value::Object(fields) = value {
            let mut said = Self::default();
            fields.retain(|name, value| {
                let says = Says::of(name).filter(|says| matches!(says, Says::Deleted | Says::Word | Says::PostWord));
                says.into_iter().for_each(|says| said.value(name, says, value));
                says.is_none()
            });
            if said.strictest >= Some(Status::Deleted) {
                self.add(Status::PostDeleted);
            }
        }
    }
}

/// Returns a name in XML without the prefix that a file chose for its namespace.
pub fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn said(name: &str, value: &Value) -> String {
    let name = text::line(name, MAX_WORD);
    match value {
        Value::Array(_) => format!("{name} with a list"),
        Value::Object(_) => format!("{name} with fields"),
        value => format!("{name} {:?}", text::line(&plain(value), MAX_SAID)),
    }
}

/// JSON in which a field that stands twice is not lost: objects are put together, and what says something of a comment becomes
/// a list of all that it says. Of others the last counts, as usual.
pub struct Merged(pub Value);

impl<'de> Deserialize<'de> for Merged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MergedVisitor).map(Self)
    }
}

struct MergedVisitor;

impl<'de> Visitor<'de> for MergedVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Merged(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, Merged(value))) = map.next_entry::<String, Merged>()? {
            merge(&mut fields, name, value);
        }
        Ok(Value::Object(fields))
    }
}

fn merge(fields: &mut Fields, name: String, new: Value) {
    let mut there = match fields.entry(name) {
        Entry::Vacant(free) => {
            free.insert(new);
            return;
        }
        Entry::Occupied(there) => there,
    };
    let all = !matches!(Says::of(there.key()), None | Some(Says::Author | Says::Post));
    match (there.get_mut(), new) {
        (Value::Object(old), Value::Object(new)) => new.into_iter().for_each(|(name, value)| merge(old, name, value)),
        (Value::Array(old), new) if all => old.push(new),
        (old, new) if all => *old = Value::Array(vec![old.take(), new]),
        (old, new) => *old = new,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(line: &str) -> Claims {
        let Merged(Value::Object(mut fields)) = serde_json::from_str(line).unwrap() else { panic!("no object") };
        let mut claims = Claims::default();
        claims.take(&mut fields);
        claims
    }

    fn status(line: &str) -> Option<Status> {
        claims(line).status()
    }

    #[test]
    fn anything_but_no_means_deleted_whatever_the_field_is_called() {
        for value in [
            r#""2021-03-04T05:06:07Z""#,
            "true",
            r#""true ""#,
            "2",
            r#""t""#,
            r#""Y""#,
            r#""on""#,
            "[1]",
            r#"{"by":"x"}"#,
            "1.0",
            "0.5",
            r#""maybe""#,
            "1614902400",
            r#""2021-05-05""#,
            "-1",
        ] {
            for name in
                ["deleted", "isDeleted", "DELETED_AT", "deletedAt", "trashed", "removed-by", "userDeleted", "soft_deleted"]
            {
                assert_eq!(status(&format!("{{\"{name}\":{value}}}")), Some(Status::Deleted), "{name}: {value}");
            }
        }
        for value in [
            "false",
            "null",
            "0",
            "0.0",
            r#""""#,
            "[]",
            "{}",
            r#"" False""#,
            r#""no""#,
            r#""0""#,
            r#""0000-00-00 00:00:00""#,
            r#""0001-01-01T00:00:00Z""#,
            r#""00000000-0000-0000-0000-000000000000""#,
        ] {
            assert_eq!(status(&format!("{{\"deleted_at\":{value}}}")), None, "{value}");
        }
    }

    #[test]
    fn fields_of_each_family_hold_reject_or_approve() {
        for (line, expected) in [
            (r#"{"approved":false}"#, Status::HELD),
            (r#"{"is_approved":0}"#, Status::HELD),
            (r#"{"isApproved":"False"}"#, Status::HELD),
            (r#"{"published":false}"#, Status::HELD),
            (r#"{"visible":null}"#, Status::HELD),
            (r#"{"approved_at":null}"#, Status::HELD),
            (r#"{"pending":true}"#, Status::HELD),
            (r#"{"isPending":1}"#, Status::HELD),
            (r#"{"hidden":"by mia"}"#, Status::HELD),
            (r#"{"flagged":3}"#, Status::HELD),
            (r#"{"state":"deleted"}"#, Status::Deleted),
            (r#"{"state":"Pending"}"#, Status::HELD),
            (r#"{"comment_approved":"trash"}"#, Status::Deleted),
            (r#"{"comment_approved":"0"}"#, Status::HELD),
            (r#"{"comment_approved":"spam"}"#, Status::REJECTED),
            (r#"{"comment_approved":"1"}"#, Status::APPROVED),
            (r#"{"mode":4}"#, Status::Deleted),
            (r#"{"mode":2}"#, Status::HELD),
            (r#"{"mode":1}"#, Status::APPROVED),
            (r#"{"spam":"on"}"#, Status::REJECTED),
            (r#"{"rejectedAt":"2021-03-04"}"#, Status::REJECTED),
            (r#"{"status":1}"#, Status::APPROVED),
            (r#"{"status":"DECISION_REJECT"}"#, Status::REJECTED),
            (r#"{"status":"post-trashed"}"#, Status::Deleted),
            (r#"{"status":"removed_by_moderator"}"#, Status::Deleted),
            (r#"{"moderation":{"deleted":true}}"#, Status::Deleted),
            (r#"{"meta":{"flags":["x","spam"]}}"#, Status::REJECTED),
            (r#"{"author":{"blocked":true}}"#, Status::HELD),
            (r#"{"post":{"status":"trash"}}"#, Status::PostDeleted),
            (r#"{"post_status":"trash"}"#, Status::PostDeleted),
        ] {
            let claims = claims(line);
            assert_eq!(claims.status(), Some(expected), "{line}");
            assert_eq!(claims.doubts(), [""; 0], "{line}");
        }
    }

    #[test]
    fn what_says_nothing_of_a_comment_is_no_claim() {
        for line in [
            r#"{"status":null,"body":"deleted","spam":false,"pending":0,"hidden":""}"#,
            r#"{"published_at":"2021-03-04T05:06:07Z","visible":true,"visibility":"public","live":1}"#,
            r#"{"approved_by":null,"deleted_count":3,"spam_score":0.5,"reports":2,"verdict":{}}"#,
            r#"{"author":{"deleted":true,"private":true},"post":{"status":"draft","visible":false},"parent":{"deleted":true}}"#,
        ] {
            let claims = claims(line);
            assert_eq!((claims.status(), claims.doubts()), (None, vec![]), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_held_and_named() {
        for (line, doubt) in [
            (r#"{"status":"perhaps"}"#, "status \"perhaps\""),
            (r#"{"status":""}"#, "status \"\""),
            (r#"{"status":true}"#, "status \"true\""),
            (r#"{"approved":"sort of"}"#, "approved \"sort of\""),
            (r#"{"is_public":{"a":1}}"#, "is_public with fields"),
            (r#"{"spam":0.93}"#, "spam \"0.93\""),
            (r#"{"mode":3}"#, "mode \"3\""),
            (r#"{"verdict":{"score":1}}"#, "verdict without a decision"),
        ] {
            let claims = claims(line);
            assert_eq!(claims.status(), Some(Status::HELD), "{line}");
            assert_eq!(claims.doubts(), [doubt], "{line}");
        }
        let long = json!({ "approved": "x".repeat(100_000) }).to_string();
        assert!(claims(&long).doubts()[0].len() < 200);
        let many = json!({ "status": vec!["approved"; 1_000] }).to_string();
        assert_eq!(status(&many), Some(Status::HELD));
    }

    #[test]
    fn the_strictest_counts_in_any_order_and_however_often_a_field_stands_there() {
        for (line, expected) in [
            (r#"{"status":"deleted","decision":"approved"}"#, Status::Deleted),
            (r#"{"status":"held","decision":"approved"}"#, Status::HELD),
            (r#"{"decision":"approved","status":"spam"}"#, Status::REJECTED),
            (r#"{"spam":true,"status":"approved"}"#, Status::REJECTED),
            (r#"{"spam":true,"status":"approved","deleted":1}"#, Status::Deleted),
            (r#"{"status":"perhaps","decision":"approved"}"#, Status::HELD),
            (r#"{"deleted":true,"deleted":false}"#, Status::Deleted),
            (r#"{"deleted":false,"deleted":true,"deleted":false}"#, Status::Deleted),
            (r#"{"status":"spam","status":"approved"}"#, Status::REJECTED),
            (r#"{"Status":"spam","status":"approved"}"#, Status::REJECTED),
            (r#"{"approved":false,"approved":true}"#, Status::HELD),
            (r#"{"verdict":{"decision":"held"},"verdict":{"decision":"approved"}}"#, Status::HELD),
            (r#"{"verdict":{"decision":"held","decision":"approved"}}"#, Status::HELD),
            (r#"{"meta":{"deleted":1},"meta":"x"}"#, Status::Deleted),
        ] {
            assert_eq!(status(line), Some(expected), "{line}");
        }
        assert_eq!(status(r#"{"deleted":false,"deleted":null}"#), None);
    }

    #[test]
    fn fields_that_say_nothing_of_a_comment_are_read_as_ever() {
        let text = r#"{"a":1,"b":[-2,1.5,{"c":null}],"d":"x\n","e":true,"a":18446744073709551615}"#;
        let Merged(merged) = serde_json::from_str(text).unwrap();
        assert_eq!(merged, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn elements_say_the_same_under_any_prefix() {
        let said = |name: &str, text: &str| {
            let mut claims = Claims::default();
            claims.element(name, text);
            claims.status()
        };
        assert_eq!(said("x:isDeleted", " True "), Some(Status::Deleted));
        assert_eq!(said("isApproved", "0"), Some(Status::HELD));
        assert_eq!(said("ns0:status", "SOFT_TRASHED"), Some(Status::Deleted));
        assert_eq!(said("message", "deleted"), None);
    }
}
