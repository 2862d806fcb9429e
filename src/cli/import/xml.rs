//! A streaming XML reader that returns tags and the text before closing tags, in bounded memory for any file.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use quick_xml::errors::Error;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use crate::cli::lines::ContentReader;
use crate::cli::text;

/// Maximum size of a tag, text or CDATA section, in bytes. Posts may embed pictures.
const MAX_PIECE: usize = 32 * 1024 * 1024;
/// Maximum size of an element's text, in bytes, beyond which it is cut. More than a comment may have, so that one that is too
/// long is still rejected.
const MAX_TEXT: usize = 512 * 1024;
/// Maximum length of an element's name, in bytes. The names of all open elements are kept in memory.
const MAX_NAME: usize = 256;
/// Maximum length of an error message of the parser, in characters. It quotes tags of any length.
const MAX_PROBLEM: usize = 300;
/// Maximum number of attributes of an element that are read.
const MAX_ATTRIBUTES: usize = 16;
/// Maximum size of an attribute's value, in bytes, beyond which it is cut.
const MAX_VALUE: usize = 4 * 1024;
/// Maximum depth of nested elements. Exports have a depth of five.
const MAX_DEPTH: usize = 64;
/// Size to which the buffer is shrunk after a larger piece, in bytes.
const USUAL_BUFFER: usize = 1024 * 1024;

/// An opening or closing tag.
#[derive(Debug, PartialEq)]
pub enum Tag {
    /// An opening tag.
    Open {
        /// Name of the element, as it is written.
        name: String,
        /// Attributes of the element.
        attributes: Attributes,
    },
    /// A closing tag.
    Close {
        /// Name of the element, as it is written.
        name: String,
        /// Text since the last tag, with entities resolved, cut to [`MAX_TEXT`].
        text: String,
    },
}

/// The attributes of an element, as far as they can be read.
#[derive(Debug, Default, PartialEq)]
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(tag: &BytesStart<'_>) -> Self {
        let mut all = tag.attributes();
        let known = all.with_checks(false).map_while(Result::ok).take(MAX_ATTRIBUTES);
        let fitting = known.filter(|attribute| attribute.key.as_ref().len() <= MAX_NAME);
        let pairs = fitting.map(|attribute| {
            let raw = &attribute.value[..attribute.value.floor_char_boundary(MAX_VALUE)];
            // A value with an unknown entity stays as it is written.
            let value = unescape(raw).map_or_else(|_| raw.to_owned(), Cow::into_owned);
            (attribute.key.as_ref().to_owned(), value)
        });
        Self(pairs.collect())
    }

    /// Returns the value of an attribute, or an empty string if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// A streaming XML reader. It does not expand entities that a file declares, which could grow without bound.
pub struct XmlReader {
    reader: Reader<BoundedReader>,
    buffer: Vec<u8>,
    text: String,
    /// Names of the open elements.
    open: Vec<String>,
}

impl XmlReader {
    /// Returns a reader that starts at the beginning of `content`.
    pub fn new(content: ContentReader) -> Self {
        let mut reader = Reader::from_reader(BoundedReader { content, line: 1, left: MAX_PIECE });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // URLs often contain unescaped ampersands.
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new(), text: String::new(), open: Vec::new() }
    }

    /// Returns the number of the current line, from 1.
    pub fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    /// Returns the next tag, or `None` at the end of a complete file.
    ///
    /// # Errors
    /// Returns a description of the problem, with the line, if the file is not well-formed or exceeds a limit.
    pub fn next(&mut self) -> Result<Option<Tag>, String> {
        loop {
            self.buffer.clear();
            self.buffer.shrink_to(USUAL_BUFFER);
            self.reader.get_mut().left = MAX_PIECE;
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.describe_error(&error)),
            };
            match event {
                Event::Start(tag) => {
                    let length = tag.name().into_inner().len();
                    if length > MAX_NAME {
                        let line = self.line();
                        return Err(format!(
                            "line {line}: the name of an element is {length} bytes long; this is not an export"
                        ));
                    }
                    let name = tag.name().into_inner().to_owned();
                    if self.open.len() == MAX_DEPTH {
                        let line = self.line();
                        return Err(format!(
                            "line {line}: more than {MAX_DEPTH} elements within each other; this is not an export"
                        ));
                    }
                    self.text.clear();
                    self.open.push(name.clone());
                    return Ok(Some(Tag::Open { name, attributes: Attributes::of(&tag) }));
                }
                Event::End(_) => {
                    // The parser has checked that the names match.
                    let name = self.open.pop().unwrap_or_default();
                    return Ok(Some(Tag::Close { name, text: std::mem::take(&mut self.text) }));
                }
                Event::Text(text) => push_bounded(&mut self.text, &text),
                Event::CData(text) => push_bounded(&mut self.text, &text),
                Event::GeneralRef(entity) => push_reference(&mut self.text, &entity),
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().and_then(Result::ok).unwrap_or("utf-8".into());
                    if !["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name)) {
                        let encoding: String = encoding.chars().take(40).collect();
                        return Err(format!("its encoding is {encoding}; {}", conversion_advice(&encoding)));
                    }
                }
                Event::Eof => {
                    return match self.open.last() {
                        None => Ok(None),
                        Some(name) => Err(format!("line {}: the file ends within <{name}>; is it complete?", self.line())),
                    };
                }
                Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    fn describe_error(&self, error: &Error) -> String {
        let line = self.line();
        let within = self.open.last().map(|name| format!(" within <{name}>")).unwrap_or_default();
        match error {
            Error::Encoding(_) => format!("line {line}: bytes that are not UTF-8{within}"),
            Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => format!("line {line}: {error}{within}"),
            Error::Io(error) => format!("line {line}: cannot read further{within}: {error}; is the file complete?"),
            error => {
                format!(
                    "line {line}: is not XML{within}: {}; is the file complete?",
                    text::escape_line(&error.to_string(), MAX_PROBLEM)
                )
            }
        }
    }
}

/// Returns an XML name without its namespace prefix, which each file chooses.
pub fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Returns advice on converting a file to UTF-8, including its XML declaration, which would otherwise be refused again.
fn conversion_advice(encoding: &str) -> String {
    format!(
        "convert the file and the encoding on its first line, e.g. `iconv -f {encoding} -t UTF-8 FILE | sed '1s/{encoding}/UTF-8/' > NEW`"
    )
}

/// Appends text, up to a total of [`MAX_TEXT`].
fn push_bounded(text: &mut String, more: &str) {
    let available = MAX_TEXT.saturating_sub(text.len());
    text.push_str(&more[..more.floor_char_boundary(available)]);
}

/// Appends the character of a reference. An unknown reference stays as it is written.
fn push_reference(text: &mut String, entity: &BytesRef<'_>) {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        push_bounded(text, c.encode_utf8(&mut [0; 4]));
    } else if let Some(known) = resolve_predefined_entity(entity) {
        push_bounded(text, known);
    } else {
        push_bounded(text, "&");
        push_bounded(text, entity);
        push_bounded(text, ";");
    }
}

/// A reader that counts lines and limits the size of a piece.
struct BoundedReader {
    content: ContentReader,
    line: u64,
    /// Number of bytes that the current piece may still have.
    left: usize,
}

impl Read for BoundedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for BoundedReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ready = self.content.fill_buf()?;
        if self.left == 0 && !ready.is_empty() {
            let problem = format!("more than {} MiB without an end of the tag or text", MAX_PIECE / 1024 / 1024);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
        Ok(&ready[..ready.len().min(self.left)])
    }

    fn consume(&mut self, count: usize) {
        // The buffer is still filled, so this call does not read.
        let lines = self.content.fill_buf().map_or(0, |ready| ready.iter().take(count).filter(|byte| **byte == b'\n').count());
        self.line += lines as u64;
        self.left = self.left.saturating_sub(count);
        self.content.consume(count);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn xml(text: impl Into<Vec<u8>>) -> XmlReader {
        XmlReader::new(Box::new(io::Cursor::new(text.into())))
    }

    fn all(text: impl Into<Vec<u8>>) -> Result<Vec<Tag>, String> {
        let mut xml = xml(text);
        std::iter::from_fn(|| xml.next().transpose()).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        let texts = |tag| if let Tag::Close { text, .. } = tag { Some(text) } else { None };
        all(text).unwrap().into_iter().filter_map(texts).collect()
    }

    #[test]
    fn text_comes_with_the_end_of_its_element() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a><b dsq:id=\"7\" x='a&amp;b'>1 &lt; 2 <![CDATA[& <3]]>]<![CDATA[]&#x21;]]>&#33;</b><c/></a>";
        let tags = all(text).unwrap();
        let Tag::Open { name, attributes } = &tags[1] else { panic!("no beginning") };
        assert_eq!((name.as_str(), attributes.get("dsq:id"), attributes.get("x")), ("b", "7", "a&b"));
        assert_eq!(attributes.get("y"), "");
        assert_eq!(tags[2], Tag::Close { name: "b".into(), text: "1 < 2 & <3]]&#x21;!".into() });
        assert_eq!(tags[4], Tag::Close { name: "c".into(), text: String::new() });
    }

    #[test]
    fn a_file_that_was_cut_off_says_where() {
        for (text, expected) in [
            ("<a>\n<b>text", "line 2: the file ends within <b>"),
            ("<a>\n\n<b><![CDATA[text", "line 3: is not XML within <b>"),
            ("<a>\n<b", "line 2: is not XML within <a>"),
            ("<a>\n</b>", "line 2: is not XML within <a>"),
        ] {
            let error = all(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn entities_that_a_file_declares_do_not_grow() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;&c; & all&nbsp;that</a>";
        assert_eq!(texts(bomb), ["&c;&c; & all&nbsp;that"]);
    }

    #[test]
    fn endless_depth_ends() {
        let error = all("<a>".repeat(100_000)).unwrap_err();
        assert!(error.contains("within each other"), "{error}");
    }

    #[test]
    fn endless_names_are_not_kept() {
        let error = all(format!("<a><{}>", "x".repeat(1_000_000))).unwrap_err();
        assert!(error.contains("1000000 bytes long") && error.len() < 100, "{error}");
    }

    #[test]
    fn endless_pieces_end() {
        for begin in ["<a x=\"", "<a><![CDATA[", "<!DOCTYPE a [", "<a>", "<a><!--"] {
            let error = all(format!("{begin}{}", "x".repeat(MAX_PIECE + 10))).unwrap_err();
            assert!(error.contains("more than 32 MiB"), "{begin}: {error}");
        }
    }

    #[test]
    fn endless_text_of_many_pieces_is_cut() {
        let text = format!("<a>{}</a>", "&amp;<![CDATA[x]]>".repeat(MAX_TEXT));
        assert_eq!(texts(&text)[0].len(), MAX_TEXT);
    }

    #[test]
    fn other_encodings_are_told_how_to_become_utf_8() {
        let error = all("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\u{e4}</a>").unwrap_err();
        assert!(error.contains("iconv -f ISO-8859-1") && error.contains("1s/ISO-8859-1/UTF-8/"), "{error}");
    }
}
