//! An archive of comments: detects its format and reads its comments one by one.

use std::io::{Cursor, Read};
use std::path::Path;

use super::blogger::BloggerReader;
use super::commento::CommentoReader;
use super::disqus::DisqusReader;
use super::entry::{ArchiveEntry, EntryContent};
use super::format::InputFormat;
use super::isso::IssoReader;
use super::jsonl::JsonlReader;
use super::remark42::Remark42Reader;
use super::repair::{RepairCounter, Utf8Repair};
use super::wxr::WxrReader;
use super::xml::{Tag, XmlReader};
use crate::cli::failure::Failure;
use crate::cli::lines::{ContentReader, Lines};
use crate::pb;

/// An archive that is being read.
pub struct Archive {
    reader: FormatReader,
    format: InputFormat,
    repairs: RepairCounter,
}

/// Number of bytes by which the format is detected. They may begin with white space.
const HEAD_LENGTH: u64 = 1024;

impl Archive {
    /// Opens an archive, and detects its format if `format` is [`InputFormat::Auto`]. Comments that name no site get `site`.
    ///
    /// # Errors
    /// Returns an error if the format is unknown, or if the file does not have the given format.
    pub fn new(mut content: ContentReader, format: InputFormat, file: &Path, site: &str) -> Result<Self, Failure> {
        let about = |problem: String| Failure::failed(format!("{}: {problem}", file.display()));
        let head = read_head(&mut content).map_err(about)?;
        let format = match format {
            InputFormat::Auto => InputFormat::detect(&head).map_err(|problem| about(problem.to_owned()))?,
            named => named,
        };
        let repairs = RepairCounter::default();
        let content: ContentReader = Box::new(Utf8Repair::new(Box::new(Cursor::new(head).chain(content)), repairs.clone()));
        let (reader, format) = FormatReader::open(content, format, file, site).map_err(about)?;
        Ok(Self { reader, format, repairs })
    }

    /// Returns the message for an archive in which no comment was found.
    pub fn nothing_found(&self) -> String {
        format!(
            "no comments in it; read as {}, which holds comments as {}. Check the file, or name another format with --input-format",
            self.format.name(),
            self.format.comment_location()
        )
    }

    /// Returns the next comment, or `None` if there are no more.
    ///
    /// # Errors
    /// Returns an error that names the position if the rest of the file cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        let before = self.repairs.count();
        let mut next = self.reader.next()?;
        if let Some(entry) = &mut next {
            entry.repaired |= self.repairs.count() > before;
        }
        Ok(next)
    }
}

/// Returns the first bytes of a file, without a byte order mark.
fn read_head(content: &mut ContentReader) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    let read = content.by_ref().take(HEAD_LENGTH).read_to_end(&mut head);
    read.map_err(|error| format!("cannot be read: {error}; is the file complete?"))?;
    if head.starts_with("\u{feff}".as_bytes()) {
        head.drain(..3);
    }
    Ok(head)
}

/// A reader for each format.
enum FormatReader {
    Jsonl(JsonlReader),
    Wxr(Box<WxrReader>),
    Disqus(Box<DisqusReader>),
    Blogger(Box<BloggerReader>),
    Isso(Box<IssoReader>),
    Remark42(Remark42Reader),
    Commento(Box<CommentoReader>),
}

impl FormatReader {
    /// Returns a reader and its format. For [`InputFormat::Auto`] the root element of the XML decides.
    fn open(content: ContentReader, format: InputFormat, file: &Path, site: &str) -> Result<(Self, InputFormat), String> {
        let reader = match format {
            InputFormat::Jsonl => Self::Jsonl(JsonlReader::new(Lines::new(content), site)),
            InputFormat::Remark42 => Self::Remark42(Remark42Reader::new(Lines::new(content), site)),
            InputFormat::Commento | InputFormat::Comentario => Self::Commento(Box::new(CommentoReader::new(content, site)?)),
            InputFormat::Isso => Self::Isso(Box::new(IssoReader::open(file, site)?)),
            InputFormat::Auto | InputFormat::Wxr | InputFormat::Disqus | InputFormat::Blogger => {
                return Self::open_xml(content, format, site);
            }
        };
        Ok((reader, format))
    }

    fn open_xml(content: ContentReader, format: InputFormat, site: &str) -> Result<(Self, InputFormat), String> {
        let mut xml = XmlReader::new(content);
        let root = match xml.next()? {
            Some(Tag::Open { name, .. }) => name,
            Some(Tag::Close { .. }) | None => String::new(),
        };
        let format = if format == InputFormat::Auto { InputFormat::from_root_element(&root)? } else { format };
        let reader = match format {
            InputFormat::Disqus => Self::Disqus(Box::new(DisqusReader::new(xml, site))),
            InputFormat::Blogger => Self::Blogger(Box::new(BloggerReader::new(xml, site))),
            _ => Self::Wxr(Box::new(WxrReader::new(xml, site))),
        };
        Ok((reader, format))
    }

    fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        match self {
            Self::Jsonl(jsonl) => jsonl.next(),
            Self::Wxr(wxr) => wxr.next(),
            Self::Disqus(disqus) => disqus.next(),
            Self::Blogger(blogger) => blogger.next(),
            Self::Isso(isso) => isso.next(),
            Self::Remark42(remark42) => remark42.next(),
            Self::Commento(commento) => Ok(commento.next()),
        }
    }
}

/// Reads an archive to its end as an import does, without sending anything.
///
/// Fuzzers and tests of hostile files use it, because the readers are private. `format` is a value of `--input-format`.
///
/// # Errors
/// Returns a description of the problem if the file cannot be read.
#[doc(hidden)]
pub fn read_archive(content: ContentReader, format: &str, mut found: impl FnMut(&pb::Comment)) -> Result<(), String> {
    let format = <InputFormat as clap::ValueEnum>::from_str(format, false)?;
    let mut archive =
        Archive::new(content, format, Path::new("archive"), "site").map_err(|failure| failure.message().to_owned())?;
    while let Some(entry) = archive.next()? {
        if let EntryContent::Comment(comment, _) = entry.content {
            found(&comment);
        }
    }
    Ok(())
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
            [("<html>", "not an export"), ("id,body", "--input-format"), ("<", "not XML"), ("SQLite format 3\0", "database")]
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
            let EntryContent::Comment(comment, _) = &entries[bad].content else { panic!("{place}: no comment") };
            assert_eq!(comment.body, body);
        }
    }
}
