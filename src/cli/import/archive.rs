//! An archive of comments: which format it has, and its comments one by one.

use std::io::{Cursor, Read};
use std::path::Path;

use time::format_description::FormatItem;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::disqus::Disqus;
use super::jsonl::Jsonl;
use super::wxr::Wxr;
use super::xml::{Tag, Xml};
use crate::cli::failure::Failure;
use crate::cli::rows::{Content, Lines};
use crate::pb;
use crate::verdict::Decision;

/// How an archive is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
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
}

/// One comment of an archive, as far as it can be read.
pub struct Entry {
    /// The line where it begins.
    pub line: u64,
    /// What it is.
    pub found: Found,
}

/// What stands at a place of an archive.
pub enum Found {
    /// A comment, and what was decided on it. `None`: the archive does not say.
    Comment(Box<pb::Comment>, Option<Status>),
    /// Something that is no reader's comment, in a word.
    Other(&'static str),
    /// A comment that cannot be understood, and why.
    Bad(String),
}

/// What was decided on a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It stands.
    Decided(Decision),
    /// It was thrown away.
    Deleted,
}

impl Status {
    /// What a word means. `None`: it means nothing here.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase();
        Some(match word.strip_prefix("decision_").unwrap_or(&word) {
            "approved" | "approve" | "1" => Self::Decided(Decision::Approve),
            "held" | "hold" | "pending" | "unapproved" | "0" => Self::Decided(Decision::Hold),
            "rejected" | "reject" | "spam" => Self::Decided(Decision::Reject),
            "deleted" | "trash" | "post-trashed" => Self::Deleted,
            _ => return None,
        })
    }
}

/// An archive that is read from its beginning.
pub enum Archive {
    /// JSON lines.
    Jsonl(Jsonl),
    /// WordPress.
    Wxr(Box<Wxr>),
    /// Disqus.
    Disqus(Box<Disqus>),
}

/// Bytes that tell JSON from XML: white space may come first.
const HEAD: u64 = 1024;

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
        let start = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&head).trim_ascii_start().first().copied();
        let content: Content = Box::new(Cursor::new(head).chain(content));
        let format = match (format, start) {
            (InputFormat::Auto, None | Some(b'{')) => InputFormat::Jsonl,
            (InputFormat::Auto, Some(b'<')) => InputFormat::Auto,
            (InputFormat::Auto, Some(_)) => {
                return Err(about("begins neither like JSON lines nor like XML; name its format with --input-format"));
            }
            (named, _) => named,
        };
        if format == InputFormat::Jsonl {
            return Ok(Self::Jsonl(Jsonl::new(Lines::new(content), site)));
        }
        let mut xml = Xml::new(content);
        let root = match xml.next().map_err(|problem| about(&problem))? {
            Some(Tag::Open { name, .. }) => name,
            Some(Tag::Close { .. }) | None => String::new(),
        };
        match (format, root.as_str()) {
            (InputFormat::Wxr, _) | (_, "rss") => Ok(Self::Wxr(Box::new(Wxr::new(xml, site)))),
            (InputFormat::Disqus, _) | (_, "disqus") => Ok(Self::Disqus(Box::new(Disqus::new(xml, site)))),
            _ => Err(about("is XML, but neither an export of WordPress (<rss>) nor one of Disqus (<disqus>)")),
        }
    }

    /// The next comment. `None`: there are no more.
    ///
    /// # Errors
    /// The file cannot be read on, and where.
    pub fn next(&mut self) -> Result<Option<Entry>, String> {
        match self {
            Self::Jsonl(jsonl) => jsonl.next(),
            Self::Wxr(wxr) => wxr.next(),
            Self::Disqus(disqus) => disqus.next(),
        }
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
    // Gatepost takes none from before the first blog or from the future.
    let plausible = parsed.year() >= 1990 && parsed <= OffsetDateTime::now_utc();
    plausible.then(|| prost_types::Timestamp { seconds: parsed.unix_timestamp(), nanos: 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{disqus, wxr};
    use super::*;

    proptest! {
        #[test]
        fn a_damaged_file_is_read_to_its_end_or_says_what_is_wrong(
            wordpress: bool,
            end in 0..4_000_usize,
            damage in proptest::collection::vec((0..4_000_usize, any::<u8>()), 0..4),
        ) {
            let mut bytes = if wordpress { wxr::tests::EXPORT } else { disqus::tests::EXPORT }.as_bytes().to_vec();
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

    fn open(text: &str) -> Result<Archive, Failure> {
        Archive::new(Box::new(Cursor::new(text.to_owned())), InputFormat::Auto, Path::new("file"), "site")
    }

    #[test]
    fn an_archive_is_known_by_its_beginning() {
        assert!(matches!(open("\u{feff}\n{}"), Ok(Archive::Jsonl(_))));
        assert!(matches!(open(""), Ok(Archive::Jsonl(_))));
        assert!(matches!(open("<?xml version=\"1.0\"?><!-- x --><rss>"), Ok(Archive::Wxr(_))));
        assert!(matches!(open(" <disqus>"), Ok(Archive::Disqus(_))));
        for (other, problem) in [("<html>", "neither an export"), ("id,body", "--input-format"), ("<", "no XML")] {
            let failure = open(other).err().unwrap();
            assert!(failure.message().contains(problem), "{}", failure.message());
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
