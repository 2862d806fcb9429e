//! An archive of comments: which format it has, and its comments one by one.

use std::fmt;
use std::io::{Cursor, Read};
use std::path::Path;

use clap::ValueEnum;
use time::format_description::FormatItem;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::blogger::Blogger;
use super::commento::Commento;
use super::disqus::Disqus;
use super::isso::Isso;
use super::jsonl::Jsonl;
use super::remark42::Remark42;
use super::repair::{Repaired, Repairs};
use super::status::Status;
use super::wxr::Wxr;
use super::xml::{Tag, Xml};
use crate::cli::failure::Failure;
use crate::cli::rows::{Content, Lines};
use crate::pb;

/// How an archive is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum InputFormat {
    /// What it begins like
    #[default]
    Auto,
    /// One JSON object a line, as `check --file` reads and `queue --format jsonl` writes
    Jsonl,
    /// What WordPress exports
    Wxr,
    /// What Disqus exports
    Disqus,
    /// What Blogger exports, or Google Takeout as feed.atom
    Blogger,
    /// Isso's database, comments.db
    Isso,
    /// A backup of Remark42
    Remark42,
    /// What Commento exports
    Commento,
    /// What Comentario exports
    Comentario,
}

impl InputFormat {
    /// Returns what an archive of this format holds its comments in.
    fn holds(self) -> &'static str {
        match self {
            Self::Auto | Self::Jsonl => "a JSON object with `body` or `text` on each line",
            Self::Wxr => "<wp:comment> in the <item> of an <rss>; export \"All content\", and comments come along",
            Self::Disqus => "<post> in <disqus>",
            Self::Blogger => "<entry> of the kind comment in a <feed>; the feed of a blog's posts alone has none",
            Self::Isso => "rows in the table `comments`",
            Self::Remark42 => "a JSON object with `id` and `text` on each line behind the first",
            Self::Commento | Self::Comentario => "JSON objects in the list `comments`",
        }
    }
}

/// One comment of an archive, as far as it can be read.
pub struct Entry {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub found: Found,
    /// Whether bytes in it, or behind the one before, were not UTF-8 and were replaced.
    pub repaired: bool,
    /// What it has that is not understood, and was left out, by name.
    pub unknown: Vec<String>,
    /// What the archive says became of it and is not understood, so that it is held.
    pub doubts: Vec<String>,
}

impl Entry {
    /// Returns an entry that was understood in full.
    pub fn new(place: Place, found: Found) -> Self {
        Self { place, found, repaired: false, unknown: Vec::new(), doubts: Vec::new() }
    }
}

/// Where something stands in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line where it begins, from 1.
    Line(u64),
    /// The comment of that number in an archive that has no lines: its place in a list, from 1, or its key in a table.
    Comment(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Comment(number) => write!(f, "comment {number}"),
        }
    }
}

/// What stands at a place of an archive.
pub enum Found {
    /// A comment, and what was decided on it. `None`: the archive does not say.
    Comment(Box<pb::Comment>, Option<Status>),
    /// Something that is no reader's comment, in the archive's word for its kind.
    Other(String),
    /// A comment that cannot be understood, and why.
    Bad(String),
}

/// An archive that is read from its beginning.
pub struct Archive {
    reader: Reader,
    format: InputFormat,
    repairs: Repairs,
}

/// Who reads it.
enum Reader {
    Jsonl(Jsonl),
    Wxr(Box<Wxr>),
    Disqus(Box<Disqus>),
    Blogger(Box<Blogger>),
    Isso(Box<Isso>),
    Remark42(Remark42),
    Commento(Box<Commento>),
}

/// Bytes that tell one format from another: white space may come first.
const HEAD: u64 = 1024;
/// What every database of SQLite begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

impl Archive {
    /// Finds out the format, if it was not named. `site` is for comments that name none.
    ///
    /// # Errors
    /// It is none of those known.
    pub fn new(mut content: Content, format: InputFormat, file: &Path, site: &str) -> Result<Self, Failure> {
        let about = |problem: &str| Failure::failed(format!("{}: {problem}", file.display()));
        let mut head = Vec::new();
        let read = content.by_ref().take(HEAD).read_to_end(&mut head);
        read.map_err(|error| about(&format!("cannot be read: {error}; is the file whole?")))?;
        if head.starts_with("\u{feff}".as_bytes()) {
            head.drain(..3);
        }
        let format = match (format, head.trim_ascii_start().first()) {
            (InputFormat::Auto, _) if head.starts_with(SQLITE) => InputFormat::Isso,
            (InputFormat::Auto, None) => InputFormat::Jsonl,
            (InputFormat::Auto, Some(b'{')) => of_json(&head),
            (InputFormat::Auto, Some(b'<')) => InputFormat::Auto,
            (InputFormat::Auto, Some(_)) => {
                return Err(about(
                    "begins neither like JSON nor like XML nor like a database of SQLite; name its format with --input-format",
                ));
            }
            (named, _) => named,
        };
        let repairs = Repairs::default();
        let content: Content = Box::new(Repaired::new(Box::new(Cursor::new(head).chain(content)), repairs.clone()));
        let (reader, format) = match format {
            InputFormat::Jsonl => (Reader::Jsonl(Jsonl::new(Lines::new(content), site)), format),
            InputFormat::Remark42 => (Reader::Remark42(Remark42::new(Lines::new(content), site)), format),
            InputFormat::Commento | InputFormat::Comentario => {
                let all = Commento::new(content, site).map_err(|problem| about(&problem))?;
                (Reader::Commento(Box::new(all)), format)
            }
            InputFormat::Isso => (Reader::Isso(Box::new(Isso::open(file, site).map_err(|problem| about(&problem))?)), format),
            InputFormat::Auto | InputFormat::Wxr | InputFormat::Disqus | InputFormat::Blogger => {
                let mut xml = Xml::new(content);
                let root = match xml.next().map_err(|problem| about(&problem))? {
                    Some(Tag::Open { name, .. }) => name,
                    Some(Tag::Close { .. }) | None => String::new(),
                };
                match (format, root.as_str()) {
                    (InputFormat::Wxr, _) | (InputFormat::Auto, "rss") => {
                        (Reader::Wxr(Box::new(Wxr::new(xml, site))), InputFormat::Wxr)
                    }
                    (InputFormat::Disqus, _) | (InputFormat::Auto, "disqus") => {
                        (Reader::Disqus(Box::new(Disqus::new(xml, site))), InputFormat::Disqus)
                    }
                    (InputFormat::Blogger, _) | (InputFormat::Auto, "feed") => {
                        (Reader::Blogger(Box::new(Blogger::new(xml, site))), InputFormat::Blogger)
                    }
                    _ => {
                        return Err(about("is XML, but no export of WordPress (<rss>), Disqus (<disqus>) or Blogger (<feed>)"));
                    }
                }
            }
        };
        Ok(Self { reader, format, repairs })
    }

    /// Returns what to say of an archive in which no comment was found.
    pub fn nothing_found(&self) -> String {
        let name = self.format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        format!(
            "no comments in it; read as {name}, which has them as {}. Is it the right file? --input-format names another format",
            self.format.holds()
        )
    }

    /// The next comment. `None`: there are no more.
    ///
    /// # Errors
    /// The file cannot be read on, and where.
    pub fn next(&mut self) -> Result<Option<Entry>, String> {
        let before = self.repairs.count();
        let mut next = match &mut self.reader {
            Reader::Jsonl(jsonl) => jsonl.next(),
            Reader::Wxr(wxr) => wxr.next(),
            Reader::Disqus(disqus) => disqus.next(),
            Reader::Blogger(blogger) => blogger.next(),
            Reader::Isso(isso) => isso.next(),
            Reader::Remark42(remark42) => remark42.next(),
            Reader::Commento(commento) => Ok(commento.next()),
        }?;
        if let Some(entry) = &mut next {
            entry.repaired |= self.repairs.count() > before;
        }
        Ok(next)
    }
}

/// Tells by their first fields which of the formats in JSON it is: exports begin with their version, and say then what
/// they hold.
fn of_json(head: &[u8]) -> InputFormat {
    let head = String::from_utf8_lossy(head);
    let mut quoted = head.split('"').skip(1).step_by(2);
    let first = quoted.next().unwrap_or_default();
    match if first == "version" { quoted.next().unwrap_or_default() } else { first } {
        "users" | "posts" if first == "version" => InputFormat::Remark42,
        "pages" => InputFormat::Comentario,
        "comments" | "commenters" => InputFormat::Commento,
        _ => InputFormat::Jsonl,
    }
}

/// Cuts what is only evidence to what a comment may have of it.
pub fn fit(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

const SQL: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// A moment as exports write it. `None`: they do not know, which they write as a date that there never was.
pub fn moment(text: &str) -> Option<prost_types::Timestamp> {
    let text = text.trim();
    let parsed = PrimitiveDateTime::parse(text, SQL)
        .map(PrimitiveDateTime::assume_utc)
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .or_else(|_| OffsetDateTime::parse(text, &Rfc2822))
        .ok()?;
    since_1970(parsed.unix_timestamp())
}

/// 1990-01-01, in seconds since 1970.
const EARLIEST: i64 = 631_152_000;

/// A moment in seconds since 1970. `None` where it is from before the first blog or from the future, as Gatepost takes neither.
pub fn since_1970(seconds: i64) -> Option<prost_types::Timestamp> {
    (EARLIEST..=OffsetDateTime::now_utc().unix_timestamp())
        .contains(&seconds)
        .then_some(prost_types::Timestamp { seconds, nanos: 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{blogger, commento, disqus, remark42, wxr};
    use super::*;

    const EXPORTS: [&str; 6] = [
        wxr::tests::EXPORT,
        disqus::tests::EXPORT,
        blogger::tests::EXPORT,
        remark42::tests::BACKUP,
        commento::tests::EXPORT,
        commento::tests::COMENTARIO,
    ];

    proptest! {
        #[test]
        fn a_damaged_file_is_read_to_its_end_or_says_what_is_wrong(
            export in proptest::sample::select(EXPORTS.to_vec()),
            end in 0..4_000_usize,
            damage in proptest::collection::vec((0..4_000_usize, any::<u8>()), 0..4),
        ) {
            let mut bytes = export.as_bytes().to_vec();
            bytes.truncate(end);
            for (place, byte) in damage {
                if let Some(at) = bytes.get_mut(place) {
                    *at = byte;
                }
            }
            if let Ok(mut archive) = Archive::new(Box::new(Cursor::new(bytes)), InputFormat::Auto, Path::new("file"), "site") {
                let mut entries = 0;
                while let Ok(Some(_)) = archive.next() {
                    entries += 1;
                }
                prop_assert!(entries < 50);
            }
        }
    }

    fn open(text: impl Into<Vec<u8>>) -> Result<Archive, Failure> {
        Archive::new(Box::new(Cursor::new(text.into())), InputFormat::Auto, Path::new("file"), "site")
    }

    #[test]
    fn an_archive_is_known_by_its_beginning() {
        for (text, format) in [
            ("\u{feff}\n{}", InputFormat::Jsonl),
            ("", InputFormat::Jsonl),
            ("{\"version\": \"2\", \"text\": \"users\"}", InputFormat::Jsonl),
            ("{\"id\": 1, \"comments\": 2}", InputFormat::Jsonl),
            ("<?xml version=\"1.0\"?><!-- x --><rss>", InputFormat::Wxr),
            (" <disqus>", InputFormat::Disqus),
            ("<feed xmlns='http://www.w3.org/2005/Atom'>", InputFormat::Blogger),
            ("{\"version\":1,\"users\":[],\"posts\":null}\n", InputFormat::Remark42),
            ("\u{feff}{\n  \"version\": 1,\n  \"comments\": [] }", InputFormat::Commento),
            ("{\"version\":3,\"pages\":null,\"comments\":[]}", InputFormat::Comentario),
        ] {
            let found = open(text).unwrap_or_else(|failure| panic!("{text}: {}", failure.message())).format;
            assert_eq!(found, format, "{text}");
        }
        for (other, problem) in
            [("<html>", "no export"), ("id,body", "--input-format"), ("<", "no XML"), ("SQLite format 3\0", "database")]
        {
            let failure = open(other).err().unwrap();
            assert!(failure.message().contains(problem), "{}", failure.message());
        }
    }

    #[test]
    fn a_wrong_byte_is_replaced_and_told_of_and_the_others_come_in() {
        let wrong = |text: &str, place: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let at = text.find(place).unwrap();
            bytes[at] = 0xe4;
            let mut archive = open(bytes).unwrap_or_else(|failure| panic!("{}", failure.message()));
            let mut entries = Vec::new();
            while let Some(entry) = archive.next().unwrap() {
                entries.push(entry);
            }
            entries
        };
        let lines = "{\"text\":\"one\",\"id\":\"1\"}\n{\"text\":\"Two\",\"id\":\"2\"}\n{\"text\":\"six\",\"id\":\"3\"}\n";
        for (text, place, bad, all, body) in [
            (wxr::tests::EXPORT, "I like", 0, 6, "\u{fffd} like <i>green</i> tea."),
            (disqus::tests::EXPORT, "Green", 0, 3, "<p>\u{fffd}reen, please.</p>"),
            (blogger::tests::EXPORT, "Mine is", 1, 7, "\u{fffd}ine is black."),
            (remark42::tests::BACKUP, "Rye", 0, 4, "<p>\u{fffd}ye.</p>"),
            (commento::tests::EXPORT, "Ginger", 0, 6, "\u{fffd}inger."),
            (lines, "Two", 1, 3, "\u{fffd}wo"),
        ] {
            let entries = wrong(text, place);
            assert_eq!(entries.len(), all, "{place}");
            let repaired: Vec<usize> = (0..all).filter(|number| entries[*number].repaired).collect();
            assert_eq!(repaired, [bad], "{place}");
            let Found::Comment(comment, _) = &entries[bad].found else { panic!("{place}: no comment") };
            assert_eq!(comment.body, body);
        }
    }

    #[test]
    fn moments_are_read_and_dates_that_never_were_are_not() {
        for text in ["2021-03-04 05:06:07", "2021-03-04T05:06:07Z", "Thu, 04 Mar 2021 05:06:07 +0000"] {
            assert_eq!(moment(text).unwrap().seconds, 1_614_834_367, "{text}");
        }
        for text in ["0000-00-00 00:00:00", "", "1969-01-01T00:00:00Z", "9999-01-01 00:00:00", "yesterday"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
