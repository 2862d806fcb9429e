//! Reduces HTML and Markdown to the text a reader sees, links kept, and remembers where each part came from.
//!
//! A browser shows some of a body, a host that strips or escapes tags shows other parts of it. What a browser shows comes first
//! and in one piece, so that no markup within a word tears it; all that another host might show follows.

use std::collections::HashSet;
use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::Format;
use crate::reading::{host, link};

/// Elements whose content browsers do not show. Hosts that only strip tags do, so it is judged all the same.
const UNSEEN: [&[u8]; 11] =
    [b"script", b"style", b"template", b"noscript", b"head", b"title", b"iframe", b"noembed", b"noframes", b"datalist", b"rp"];
/// Elements in which a browser reads no tags, but text up to their end.
const RAW: [&[u8]; 10] =
    [b"script", b"style", b"noscript", b"title", b"textarea", b"xmp", b"iframe", b"noembed", b"noframes", b"plaintext"];
/// Elements that break words and lines; all others, and unknown ones, run on within a line.
const BLOCK: [&[u8]; 54] = [
    b"address",
    b"article",
    b"aside",
    b"blockquote",
    b"br",
    b"button",
    b"center",
    b"dd",
    b"details",
    b"dialog",
    b"dir",
    b"div",
    b"dl",
    b"dt",
    b"fieldset",
    b"figcaption",
    b"figure",
    b"footer",
    b"form",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"header",
    b"hgroup",
    b"hr",
    b"legend",
    b"li",
    b"listing",
    b"main",
    b"marquee",
    b"menu",
    b"nav",
    b"ol",
    b"optgroup",
    b"option",
    b"p",
    b"plaintext",
    b"pre",
    b"rt",
    b"search",
    b"section",
    b"select",
    b"summary",
    b"table",
    b"textarea",
    b"ul",
    b"xmp",
    b"caption",
    b"th",
    b"td",
    b"tr",
];
/// Elements whose content somebody else said.
const QUOTES: [&[u8]; 2] = [b"blockquote", b"q"];
/// Those of them that a browser passes over outside of a table.
const OF_TABLES: [&[u8]; 4] = [b"caption", b"th", b"td", b"tr"];
/// Elements that have no end tag.
const VOID: [&[u8]; 13] =
    [b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr"];
/// Elements that show what they load.
const MEDIA: [&[u8]; 7] = [b"img", b"image", b"iframe", b"video", b"audio", b"source", b"embed"];
/// Attributes whose text some browser or reading aid shows.
const SHOWN_ATTRIBUTES: [&[u8]; 9] = [
    b"alt",
    b"title",
    b"placeholder",
    b"label",
    b"summary",
    b"standby",
    b"aria-label",
    b"aria-description",
    b"aria-placeholder",
];

/// How deep documents in attributes are read.
const MAX_DOCUMENTS: usize = 3;

/// No entity is longer. The end of one is not looked for further: a body of nothing but `&` would take for ever.
const MAX_ENTITY: usize = 33;

/// Styles that keep an element out of sight, without white space.
const UNSEEN_STYLES: [&str; 6] =
    ["display:none", "visibility:hidden", "font-size:0", "opacity:0", "text-indent:-", "clip:rect(0"];

/// What a body hides from readers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Letters and digits of text that a browser does not show: in elements such as `<template>`, in comments, under a style.
    pub letters: usize,
    /// Links that readers cannot see for what they are: their text has no letter or digit, or is hidden itself.
    pub links: usize,
}

/// A body reduced to plain text.
#[derive(Debug, Clone)]
pub struct Text {
    text: String,
    hidden: Hidden,
    /// Where each piece of `text` came from, in order. Empty: `text` is the body itself.
    pieces: Vec<Piece>,
    /// What a host makes that strips tags which break words.
    torn: Run,
    /// The parts that markup marks as quotations.
    quoted: Vec<Range<usize>>,
}

/// A run of text and the run of the body it came from, both in bytes.
#[derive(Debug, Clone)]
struct Piece {
    begin: usize,
    source: Range<usize>,
    /// Both runs are the same bytes. Otherwise only the run as a whole can be pointed at.
    exact: bool,
}

impl Text {
    /// Reduces a body. Linear in its length: nothing is nested, nothing is looked up.
    pub fn reduce(body: &str, format: Format) -> Self {
        match format {
            Format::Plain => Self {
                text: body.to_owned(),
                hidden: Hidden::default(),
                pieces: Vec::new(),
                torn: Run::default(),
                quoted: Vec::new(),
            },
            Format::Html => html(body, 0),
            Format::Markdown => markdown(body),
        }
    }

    /// The plain text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns how much of the text and how many of its links are hidden from readers.
    pub fn hidden(&self) -> Hidden {
        self.hidden
    }

    /// Returns the parts of the text that markup marks as quotations, in bytes.
    pub fn quoted(&self) -> &[Range<usize>] {
        &self.quoted
    }

    /// Where a byte range of the text came from, in bytes of the body. `None`: from nowhere in it.
    pub fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.is_empty() || range.end > self.text.len() {
            return None;
        }
        if self.pieces.is_empty() {
            return Some(range);
        }
        source_of(&self.pieces, range)
    }

    /// Returns the words that a host makes which strips tags that break words for a browser ("via<br>gra"). They are for
    /// lists only: nobody writes such a word by accident that is on one, but ordinary markup makes many others.
    pub fn torn(&self) -> &str {
        &self.torn.text
    }

    /// Where a byte range of [`torn`](Self::torn) came from, in bytes of the body.
    pub fn source_of_torn(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.is_empty() || range.end > self.torn.text.len() {
            return None;
        }
        source_of(&self.torn.pieces, range)
    }
}

/// Returns where a byte range of a text came from that consists of these pieces.
fn source_of(pieces: &[Piece], range: Range<usize>) -> Option<Range<usize>> {
    // By halving: a body may hold thousands of pieces and thousands of places that are asked for.
    let piece = |behind: usize| pieces.get(behind.checked_sub(1)?);
    let first = piece(pieces.partition_point(|piece| piece.begin <= range.start))?;
    let last = piece(pieces.partition_point(|piece| piece.begin < range.end))?;
    let begin =
        if first.exact { (first.source.start + range.start - first.begin).min(first.source.end) } else { first.source.start };
    let end = if last.exact { (last.source.start + range.end - last.begin).min(last.source.end) } else { last.source.end };
    (begin < end).then_some(begin..end)
}

/// Text with its origin.
#[derive(Debug, Clone, Default)]
struct Run {
    text: String,
    pieces: Vec<Piece>,
}

impl Run {
    fn push(&mut self, body: &str, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let exact = body.get(source.clone()) == Some(text);
        self.pieces.push(Piece { begin: self.text.len(), source, exact });
        self.text.push_str(text);
    }

    /// Keeps words apart that markup kept apart. Comes from nowhere in the body.
    fn gap(&mut self, gap: char) {
        if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) {
            let at = self.pieces.last().map_or(0, |piece| piece.source.end);
            self.pieces.push(Piece { begin: self.text.len(), source: at..at, exact: false });
            self.text.push(gap);
        }
    }

    fn link(&mut self, body: &str, address: &str, source: Range<usize>) {
        self.gap(' ');
        self.push(body, address, source);
        self.gap(' ');
    }

    /// Adds another run.
    fn append(&mut self, other: Run) {
        let begin = self.text.len();
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.into_iter().map(|piece| Piece { begin: begin + piece.begin, ..piece }));
    }

    /// Returns a part, with where it came from.
    fn part(&self, part: Range<usize>) -> Run {
        let text = self.text.get(part.clone()).unwrap_or_default().to_owned();
        let from = self.pieces.partition_point(|piece| piece.begin <= part.start).saturating_sub(1);
        let to = self.pieces.partition_point(|piece| piece.begin < part.end);
        let pieces = self.pieces.get(from..to).unwrap_or_default().iter().map(|piece| {
            let skipped = if piece.exact { part.start.saturating_sub(piece.begin) } else { 0 };
            let source = piece.source.start + skipped..piece.source.end;
            Piece { begin: piece.begin.saturating_sub(part.start), source, exact: piece.exact }
        });
        Run { text, pieces: pieces.collect() }
    }
}

/// Collects text with its origin.
struct Builder<'a> {
    body: &'a str,
    /// What a browser shows.
    seen: Run,
    /// What it does not, and others may.
    aside: Run,
    /// What stands in `aside` and would be shown within `seen`, at this byte of it, by a host that strips tags.
    within: Vec<(usize, Range<usize>)>,
    /// The bytes of `seen` at which there is a gap because of a tag.
    gaps: Vec<usize>,
    /// Words torn in documents within this one.
    torn_elsewhere: Run,
    /// What is said of a picture has just been put in; a word behind it is another.
    behind_picture: bool,
    /// A link whose visible text has not come yet.
    href: Option<(String, Range<usize>)>,
    /// Pictures behind a letter, and what is said of them: they may stand in a word.
    waiting: Vec<(Waiting, String, Range<usize>)>,
    hidden: Hidden,
    /// Whether what comes now is hidden.
    unseen: bool,
    /// Whether the link that is open shows a letter, a digit or a picture. `None`: none is open.
    shows: Option<bool>,
    /// How many documents this one is within.
    depth: usize,
    /// How many quotations are open, and the byte of `seen` at which the outermost began.
    quoting: (usize, usize),
    /// The parts of `seen` that were quotations.
    quoted: Vec<Range<usize>>,
}

/// What waits for the text behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Link,
    Text,
}

impl<'a> Builder<'a> {
    fn new(body: &'a str, depth: usize) -> Self {
        Self {
            body,
            seen: Run { text: String::with_capacity(body.len()), pieces: Vec::new() },
            aside: Run::default(),
            within: Vec::new(),
            gaps: Vec::new(),
            torn_elsewhere: Run::default(),
            behind_picture: false,
            href: None,
            waiting: Vec::new(),
            hidden: Hidden::default(),
            unseen: false,
            shows: None,
            depth,
            quoting: (0, 0),
            quoted: Vec::new(),
        }
    }

    /// Begins a quotation.
    fn open_quote(&mut self) {
        if self.quoting.0 == 0 {
            self.quoting.1 = self.seen.text.len();
        }
        self.quoting.0 += 1;
    }

    /// Ends a quotation.
    fn close_quote(&mut self) {
        if self.quoting.0 == 1 {
            self.quoted.push(self.quoting.1..self.seen.text.len());
        }
        self.quoting.0 = self.quoting.0.saturating_sub(1);
    }

    /// Text that a reader sees, after the link it belongs to. A link that shows its own address is one link.
    fn visible(&mut self, text: &str, source: Range<usize>) {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if self.unseen {
            self.hidden.letters += letters;
        } else {
            self.settle(text);
            if std::mem::take(&mut self.behind_picture) && self.is_in_word(text) {
                self.gap_of_tag(' ');
            }
            if let Some(shows) = &mut self.shows {
                *shows |= letters > 0;
            }
        }
        if !text.trim().is_empty()
            && let Some((href, at)) = self.href.take()
            && !same_address(&href, text)
        {
            if self.unseen || self.is_in_word(text) {
                self.aside.link(self.body, &href, at);
            } else {
                self.seen.link(self.body, &href, at);
            }
        }
        if self.unseen {
            self.hide(text, source);
        } else {
            self.seen.push(self.body, text, source);
        }
    }

    /// Text that a browser hides and a host that strips tags shows.
    fn hide(&mut self, text: &str, source: Range<usize>) {
        let (place, begin) = (self.seen.text.len(), self.aside.text.len());
        let follows = self.within.last().is_some_and(|(before, part)| *before == place && part.end == begin);
        if !follows {
            self.aside.gap('\n');
        }
        let begin = self.aside.text.len();
        self.aside.push(self.body, text, source);
        let end = self.aside.text.len();
        match self.within.last_mut().filter(|_| follows) {
            Some((_, part)) => part.end = end,
            None => self.within.push((place, begin..end)),
        }
    }

    /// Text that shows only where markup is not read as a browser reads it.
    fn put_aside(&mut self, text: &str, source: Range<usize>) {
        self.aside.gap('\n');
        self.aside.push(self.body, text, source);
        self.aside.gap('\n');
    }

    /// A part of the body with its tags as they are written.
    fn put_source_aside(&mut self, source: Range<usize>) {
        let Some(raw) = self.body.get(source.clone()) else { return };
        self.aside.gap('\n');
        let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<()> {
            if let CallbackEvent::String { value } = event {
                let text = String::from_utf8_lossy(value);
                for (text, source) in align(self.body, source.start + span.start..source.start + span.end, &text) {
                    self.aside.push(self.body, text, source);
                }
            }
            None
        });
        let mut tokenizer = html5gum::Tokenizer::new_with_emitter(raw, emitter);
        tokenizer.set_state(html5gum::State::RcData);
        for _ in tokenizer {}
        self.aside.gap('\n');
    }

    /// A link to what is shown or opened, without words of its own.
    fn link(&mut self, address: String, source: Range<usize>) {
        if self.unseen {
            self.aside.link(self.body, &address, source);
        } else if self.seen.text.ends_with(char::is_alphanumeric) {
            self.waiting.push((Waiting::Link, address, source));
        } else {
            self.place(Waiting::Link, &address, source);
        }
    }

    fn place(&mut self, kind: Waiting, text: &str, source: Range<usize>) {
        match kind {
            Waiting::Link => self.seen.gap('\n'),
            Waiting::Text => self.gap_of_tag('\n'),
        }
        match kind {
            Waiting::Link => self.seen.link(self.body, text, source),
            Waiting::Text => self.seen.push(self.body, text, source),
        }
    }

    /// What is said of a picture.
    fn describe(&mut self, text: String, source: Range<usize>) {
        if !self.unseen && (!self.waiting.is_empty() || self.seen.text.ends_with(char::is_alphanumeric)) {
            self.show_picture();
            self.waiting.push((Waiting::Text, text, source));
        } else if self.unseen {
            self.hidden.letters += text.chars().filter(|c| c.is_alphanumeric()).count();
            self.put_aside(&text, source);
        } else {
            self.visible(&text, source);
            self.behind_picture = true;
        }
    }

    /// Finds a place for what waits, now that it is known what follows: behind the word that it stands in.
    fn settle(&mut self, next: &str) {
        let in_word = self.is_in_word(next);
        for (kind, text, source) in std::mem::take(&mut self.waiting) {
            if in_word {
                self.put_aside(&text, source);
            } else {
                self.place(kind, &text, source);
            }
        }
    }

    /// Whether a word goes on with this text.
    fn is_in_word(&self, next: &str) -> bool {
        self.seen.text.ends_with(char::is_alphanumeric) && next.starts_with(char::is_alphanumeric)
    }

    /// A link may show a picture instead of words.
    fn show_picture(&mut self) {
        if let Some(shows) = self.shows.as_mut().filter(|_| !self.unseen) {
            *shows = true;
        }
    }

    /// Opens a link.
    fn open_link(&mut self, href: String, source: Range<usize>) {
        self.close_link();
        let href = host::opened(&href).unwrap_or(href);
        self.href = Some((href, source));
        self.shows = Some(false);
    }

    /// Closes the link that is open.
    fn close_link(&mut self) {
        self.flush_link();
        self.hidden.links += usize::from(self.shows.take() == Some(false));
    }

    fn flush_link(&mut self) {
        if let Some((href, at)) = self.href.take() {
            self.link(href, at);
        }
    }

    /// Keeps words apart that markup kept apart.
    fn gap(&mut self, gap: char) {
        if self.unseen {
            self.aside.gap(gap);
        } else {
            self.settle("");
            self.seen.gap(gap);
        }
    }

    /// Keeps words apart that a tag keeps apart, which other hosts strip.
    fn gap_of_tag(&mut self, gap: char) {
        if self.unseen {
            return self.gap(gap);
        }
        self.settle("");
        let at = self.seen.text.len();
        self.seen.gap(gap);
        if self.seen.text.len() > at {
            self.gaps.push(at);
        }
    }

    /// Returns the words on both sides of tags that break words, joined.
    fn torn(&self) -> Run {
        let text = self.seen.text.as_str();
        let is_word = |c: char| !c.is_whitespace();
        let joins = |at: &&usize| {
            let (before, after) = (text[..**at].chars().next_back(), text.get(**at + 1..).and_then(|text| text.chars().next()));
            let is_part = |c: char| c.is_alphanumeric() || ".-:/@".contains(c);
            // A sentence ends, and another one begins.
            let is_sentence = before == Some('.') && after.is_some_and(char::is_uppercase);
            before.is_some_and(is_part) && after.is_some_and(is_part) && !is_sentence
        };
        let mut torn = Run::default();
        // How far the last word reaches, up to the next gap.
        let mut end = 0;
        for at in self.gaps.iter().filter(joins) {
            let after = at + 1;
            if end < *at || end == 0 {
                torn.gap('\n');
                torn.append(self.seen.part(at - last_of(&text[..*at], is_word)..*at));
            }
            end = after + first_of(&text[after..], is_word);
            torn.append(self.seen.part(after..end));
        }
        torn
    }

    /// Adds the words that a host makes which strips the tags of what is hidden within a word.
    fn join_words(&mut self) {
        let is_word = |c: char| !c.is_whitespace();
        let mut most = self.body.len();
        for (place, part) in std::mem::take(&mut self.within) {
            let (before, after) = self.seen.text.split_at(place);
            let (before, after) = (last_of(before, is_word), first_of(after, is_word));
            let hidden = self.aside.text.get(part.clone()).unwrap_or_default();
            let (first, last) = (first_of(hidden, is_word), last_of(hidden, is_word));
            if before + after == 0 || first + last == 0 || most == 0 {
                continue;
            }
            most = most.saturating_sub(before + after + first + last);
            let mut words = vec![(before, part.start..part.start + first, 0), (0, part.end - last..part.end, after)];
            if first == part.len() {
                words = vec![(before, part, after)];
            }
            for (before, hidden, after) in words {
                self.aside.gap('\n');
                for run in
                    [self.seen.part(place - before..place), self.aside.part(hidden), self.seen.part(place..place + after)]
                {
                    self.aside.append(run);
                }
            }
        }
    }

    fn finish(mut self) -> Text {
        self.close_link();
        self.settle("");
        // One that never ends reaches to the end.
        self.quoting.0 = self.quoting.0.min(1);
        self.close_quote();
        let mut torn = self.torn();
        torn.gap('\n');
        torn.append(std::mem::take(&mut self.torn_elsewhere));
        self.join_words();
        if !self.aside.text.trim().is_empty() {
            self.seen.gap('\n');
            self.seen.append(self.aside);
        }
        let Run { text, mut pieces } = self.seen;
        if pieces.is_empty() {
            // An empty list would mean that the text is the body.
            pieces.push(Piece { begin: 0, source: 0..0, exact: false });
        }
        Text { text, hidden: self.hidden, pieces, torn, quoted: self.quoted }
    }
}

/// Longest part of a word that is joined to what is hidden beside it, in bytes.
const MAX_WORD: usize = 64;

/// Returns the length of the characters of a kind at the end of a text.
fn last_of(text: &str, is: impl Fn(char) -> bool) -> usize {
    let length = text.chars().rev().take(MAX_WORD).take_while(|c| is(*c)).map(char::len_utf8).sum::<usize>().min(MAX_WORD);
    text.len() - text.ceil_char_boundary(text.len() - length)
}

/// Returns the length of the characters of a kind at the beginning of a text.
fn first_of(text: &str, is: impl Fn(char) -> bool) -> usize {
    let length = text.chars().take(MAX_WORD).take_while(|c| is(*c)).map(char::len_utf8).sum::<usize>();
    text.floor_char_boundary(length.min(MAX_WORD))
}

fn same_address(href: &str, shown: &str) -> bool {
    fn bare(url: &str) -> &str {
        let url = url.trim();
        url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
    }
    bare(href).eq_ignore_ascii_case(bare(shown))
}

fn html(body: &str, depth: usize) -> Text {
    let mut builder = Builder::new(body, depth);
    reduce_html(&mut builder, 0..body.len());
    builder.finish()
}

/// Reduces the part `at` of the builder's body, which is HTML.
fn reduce_html(builder: &mut Builder<'_>, at: Range<usize>) {
    let Some(part) = builder.body.get(at.clone()) else { return };
    let mut reader = HtmlReader {
        builder,
        has_nul: part.contains('\0'),
        hidden: None,
        tag: Vec::new(),
        attribute: Vec::new(),
        blocks: Vec::new(),
        open: None,
        done: at.start,
        raw_until: at.start,
        raw: Vec::new(),
        end: at.end,
    };
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<()> {
        reader.read(event, at.start + span.start..at.start + span.end);
        None
    });
    // The reader is a string and the callback returns nothing: there is no error and no token to see.
    for _ in html5gum::Tokenizer::new_with_emitter(part, emitter) {}
    reader.finish();
}

/// Reads the events of one piece of HTML.
struct HtmlReader<'b, 'a> {
    builder: &'b mut Builder<'a>,
    /// Some hosts take NULs out before anything else, browsers take them out of text.
    has_nul: bool,
    /// The element that hides what is in it, and how many of its name are open.
    hidden: Option<(Vec<u8>, usize)>,
    tag: Vec<u8>,
    attribute: Vec<u8>,
    /// The names of the elements that break words and were there.
    blocks: Vec<&'static [u8]>,
    /// Where the tag that is open began.
    open: Option<usize>,
    /// How far the body was read.
    done: usize,
    /// Up to where a browser may read text without tags,
    raw_until: usize,
    /// and within what it may.
    raw: Vec<(&'static [u8], usize)>,
    end: usize,
}

impl HtmlReader<'_, '_> {
    fn read(&mut self, event: CallbackEvent<'_>, source: Range<usize>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = self.name(name);
                self.open = Some(source.start);
                match &mut self.hidden {
                    Some((open, count)) => *count += usize::from(*open == self.tag),
                    None if is_one_of(&UNSEEN, &self.tag) => self.hidden = Some((self.tag.clone(), 1)),
                    None => {}
                }
                if self.begins_block() {
                    self.builder.gap_of_tag('\n');
                }
                if is_one_of(&QUOTES, &self.tag) {
                    self.builder.open_quote();
                }
                self.builder.unseen = self.hidden.is_some();
            }
            CallbackEvent::AttributeName { name } => {
                self.attribute = self.name(name);
                if self.attribute == b"hidden" {
                    self.hide();
                }
            }
            CallbackEvent::AttributeValue { value } => {
                let mut value = String::from_utf8_lossy(value).trim().to_owned();
                if self.has_nul {
                    value.retain(|c| c != char::REPLACEMENT_CHARACTER);
                }
                self.attribute(value, source);
            }
            CallbackEvent::CloseStartTag { .. } => {
                let begin = self.open.take().unwrap_or(source.start);
                self.put_markup_aside(begin..source.end, true);
                self.begin_raw_element(source.end);
                self.done = source.end;
                if is_one_of(&VOID, &self.tag) && self.hidden.as_ref().is_some_and(|(open, _)| *open == self.tag) {
                    self.hidden = None;
                    self.builder.unseen = false;
                }
            }
            CallbackEvent::EndTag { name } => {
                let name = self.name(name);
                self.put_markup_aside(source.clone(), true);
                if let Some((open, count)) = &mut self.hidden
                    && *open == name
                {
                    *count -= 1;
                    if *count == 0 {
                        self.hidden = None;
                    }
                }
                self.builder.unseen = self.hidden.is_some();
                if is_one_of(&QUOTES, &name) {
                    self.builder.close_quote();
                }
                if name == b"a" {
                    self.builder.close_link();
                } else if self.ends_block(&name) {
                    self.builder.gap_of_tag('\n');
                } else if name == b"bdo" {
                    self.builder.visible(END_OF_OVERRIDE, source.clone());
                }
                self.done = source.end;
            }
            CallbackEvent::String { value } => {
                self.done = source.end;
                let text = String::from_utf8_lossy(value);
                for (text, source) in align(self.builder.body, source, &text) {
                    self.text(text, source);
                }
            }
            CallbackEvent::Comment { value } => {
                self.done = source.end;
                self.begin_cdata(source.clone());
                self.put_markup_aside(source.clone(), false);
                let text = String::from_utf8_lossy(value);
                self.builder.hidden.letters += text.chars().filter(|c| c.is_alphanumeric()).count();
                self.builder.put_aside(&text, source);
            }
            CallbackEvent::Doctype { .. } => {
                self.done = source.end;
                let written = self.builder.body.get(source.clone()).unwrap_or_default();
                if !written.eq_ignore_ascii_case("<!doctype html>") || source.start < self.raw_until {
                    self.builder.put_source_aside(source);
                }
            }
            CallbackEvent::Error(_) => {}
        }
    }

    /// A tag or comment that never ends is nothing to a browser; hosts that escape it show it.
    fn finish(self) {
        let from = self.open.unwrap_or(self.done);
        if self.builder.body.get(from..self.end).is_some_and(|rest| rest.contains(char::is_alphanumeric)) {
            self.builder.put_source_aside(from..self.end);
        }
    }

    /// The name of a tag or an attribute.
    fn name(&self, name: &[u8]) -> Vec<u8> {
        if !self.has_nul {
            return name.to_ascii_lowercase();
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        name.replace(char::REPLACEMENT_CHARACTER, "").into_bytes()
    }

    /// Takes note of the element that begins; returns whether it breaks words.
    fn begins_block(&mut self) -> bool {
        let in_table = is_one_of(&OF_TABLES, &self.tag).then(|| self.blocks.contains(&b"table".as_slice()));
        let Some(name) = BLOCK.into_iter().find(|name| *name == self.tag).filter(|_| in_table != Some(false)) else {
            return false;
        };
        if !self.blocks.contains(&name) {
            self.blocks.push(name);
        }
        true
    }

    /// Returns whether the end of an element breaks words. A browser passes over the end of what never began.
    fn ends_block(&self, name: &[u8]) -> bool {
        matches!(name, b"p" | b"br") || self.blocks.contains(&name)
    }

    /// Has what is in the element be hidden, unless it is already.
    fn hide(&mut self) {
        if self.hidden.is_none() {
            self.hidden = Some((self.tag.clone(), 1));
            self.builder.unseen = true;
        }
    }

    fn text(&mut self, text: &str, source: Range<usize>) {
        if !self.has_nul || !text.contains('\0') {
            return self.builder.visible(text, source);
        }
        let exact = self.builder.body.get(source.clone()) == Some(text);
        let mut at = source.start;
        for part in text.split('\0') {
            let of_part = if exact { at..at + part.len() } else { source.clone() };
            self.builder.visible(part, of_part);
            at += part.len() + 1;
        }
    }

    fn attribute(&mut self, value: String, source: Range<usize>) {
        if value.is_empty() {
            return;
        }
        let opened = |value: String| host::opened(&value).unwrap_or(value);
        match (self.tag.as_slice(), self.attribute.as_slice()) {
            (b"a" | b"area", b"href" | b"xlink:href") => self.builder.open_link(value, source),
            (tag, b"src") if is_one_of(&MEDIA, tag) => {
                self.builder.show_picture();
                self.builder.link(opened(value), source);
            }
            (b"object", b"data") | (b"form", b"action") | (_, b"formaction") => self.builder.link(opened(value), source),
            (b"iframe", b"srcdoc") => self.document(&value, source),
            (b"bdo", b"dir") if value.eq_ignore_ascii_case("rtl") => self.builder.visible(RIGHT_TO_LEFT, source),
            (b"img" | b"image", b"alt") => self.builder.describe(value, source),
            (b"input" | b"button", b"value") => self.builder.put_aside(&value, source),
            (_, name) if is_one_of(&SHOWN_ATTRIBUTES, name) => self.builder.put_aside(&value, source),
            (_, name) if name.starts_with(b"xmlns") || name == b"itemtype" => {}
            (_, name) => {
                if name == b"style" {
                    let style: String = without_comments(&value).to_ascii_lowercase().split_whitespace().collect();
                    if UNSEEN_STYLES.iter().any(|unseen| style.contains(unseen)) {
                        self.hide();
                    }
                }
                self.addresses(&value, source);
            }
        }
    }

    /// The web addresses in any other attribute: one, or several in one of many notations.
    fn addresses(&mut self, value: &str, source: Range<usize>) {
        if !value.contains([':', '/', '\\']) {
            return;
        }
        // All of it may be one address, which has others in it: each host is named once.
        let parts = value.split(|c: char| c.is_whitespace() || ",;=()'\"".contains(c)).filter_map(host::opened);
        let links = link::links(value).into_iter().map(|link| &value[link.at]).filter(|link| link.contains("://"));
        let mut hosts = HashSet::new();
        for address in host::opened(value).into_iter().chain(parts).chain(links.map(str::to_owned)) {
            if hosts.insert(host::of(&address)) {
                self.builder.put_aside(&address, source.clone());
            }
        }
    }

    /// A document in an attribute, which a browser shows.
    fn document(&mut self, document: &str, source: Range<usize>) {
        if self.builder.depth >= MAX_DOCUMENTS {
            return self.builder.put_aside(document, source);
        }
        let Text { text, hidden, torn, .. } = html(document, self.builder.depth + 1);
        self.builder.hidden.letters += hidden.letters;
        self.builder.hidden.links += hidden.links;
        self.builder.put_aside(&text, source.clone());
        self.builder.torn_elsewhere.gap('\n');
        self.builder.torn_elsewhere.push(self.builder.body, &torn.text, source);
    }

    /// Puts a tag or comment aside that is text to a browser, and a tag with other tags' beginnings or ends in it, which ends
    /// elsewhere for others than browsers.
    fn put_markup_aside(&mut self, markup: Range<usize>, is_tag: bool) {
        let inner = markup.start + 1..markup.end.saturating_sub(1);
        let is_odd = is_tag && self.builder.body.get(inner).is_some_and(|inner| inner.contains(['<', '>']));
        if is_odd || markup.start < self.raw_until {
            self.builder.put_source_aside(markup);
        }
    }

    /// Takes note of a comment that within SVG and MathML is text up to another end.
    fn begin_cdata(&mut self, comment: Range<usize>) {
        let rest = self.builder.body.get(comment.start..self.end).unwrap_or_default();
        if rest.starts_with("<![CDATA[") {
            self.begin_raw(b"![CDATA[", comment.start, |rest| rest.find("]]>"));
        }
    }

    /// Takes note of an element, of which the start tag has just ended, in which a browser may read no tags.
    fn begin_raw_element(&mut self, begin: usize) {
        let Some(name) = RAW.into_iter().find(|name| *name == self.tag) else { return };
        self.begin_raw(name, begin, |rest| {
            let is_end = |at: &usize| {
                let (from, to) = (at + 2, at + 2 + name.len());
                let after = rest.as_bytes().get(to);
                rest.as_bytes().get(from..to).is_some_and(|end| end.eq_ignore_ascii_case(name))
                    && after.is_none_or(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte))
            };
            rest.match_indices("</").map(|(at, _)| at).find(is_end).filter(|_| name != b"plaintext")
        });
    }

    /// Takes note of how far a browser may read text without tags. `end` finds the end in what follows; it is asked only once
    /// for a part of the body and a name.
    fn begin_raw(&mut self, name: &'static [u8], begin: usize, end: impl Fn(&str) -> Option<usize>) {
        if self.raw.iter().any(|(known, until)| *known == name && begin < *until) {
            return;
        }
        let rest = self.builder.body.get(begin..self.end).unwrap_or_default();
        let until = begin + end(rest).unwrap_or(rest.len());
        self.raw.retain(|(known, _)| *known != name);
        self.raw.push((name, until));
        self.raw_until = self.raw_until.max(until);
    }
}

/// Has text be shown from right to left, as `<bdo dir=rtl>` has; and its end.
const RIGHT_TO_LEFT: &str = "\u{202E}";
const END_OF_OVERRIDE: &str = "\u{202C}";

/// Returns a style without comments, which stand for nothing.
fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |style, part| style + part.split_once("*/").map_or("", |(_, rest)| rest))
}

fn is_one_of(names: &[&[u8]], name: &[u8]) -> bool {
    names.contains(&name)
}

/// Pairs decoded text with the source it came from, entity by entity. Where they cannot be paired, the run is one piece.
fn align<'t>(body: &str, source: Range<usize>, text: &'t str) -> Vec<(&'t str, Range<usize>)> {
    let raw = body.get(source.clone()).unwrap_or_default();
    if raw == text {
        return vec![(text, source)];
    }
    let mut pairs = Vec::new();
    let (mut done, mut rest) = (source.start, text);
    let mut raw = raw;
    while !raw.is_empty() {
        let plain = raw.find(['&', '\r']).unwrap_or(raw.len());
        let (taken, produced) = if plain > 0 {
            (plain, plain)
        } else if raw.starts_with("\r\n") {
            (2, 1)
        } else {
            let entity = raw.bytes().take(MAX_ENTITY).position(|byte| byte == b';').map_or(1, |end| end + 1);
            match decoded(&raw[..entity]) {
                Some(bytes) => (entity, bytes),
                None => return vec![(text, source)],
            }
        };
        let (Some(head), Some(tail)) = (rest.get(..produced), rest.get(produced..)) else {
            return vec![(text, source)];
        };
        pairs.push((head, done..done + taken));
        (done, rest, raw) = (done + taken, tail, &raw[taken..]);
    }
    if rest.is_empty() { pairs } else { vec![(text, source)] }
}

/// How many bytes one entity stands for.
fn decoded(entity: &str) -> Option<usize> {
    html5gum::Tokenizer::new(entity).next().and_then(|token| match token {
        Ok(html5gum::Token::String(text)) => Some(text.value.len()),
        _ => None,
    })
}

fn markdown(body: &str) -> Text {
    let mut builder = Builder::new(body, 0);
    let parser = Parser::new(body);
    let mut unused: Vec<(String, Range<usize>)> = parser
        .reference_definitions()
        .iter()
        .map(|(_, definition)| {
            let title = definition.title.as_deref().unwrap_or_default();
            (format!("{} {title}", definition.dest), definition.span.clone())
        })
        .collect();
    unused.sort_by_key(|(_, span)| span.start);
    // The parts of the body that belong to something.
    let mut known: Vec<Range<usize>> = unused.iter().map(|(_, span)| span.clone()).collect();
    let mut in_image = false;
    for (event, source) in parser.into_offset_iter() {
        if known.last().is_none_or(|last| source.end > last.end || source.start < last.start) {
            known.push(source.clone());
        }
        match event {
            Event::Text(text) | Event::Code(text) => {
                // A code span's range includes its back quotes.
                let inner = body.get(source.clone()).and_then(|raw| raw.find(text.as_ref()));
                let source = inner.map_or(source.clone(), |at| source.start + at..source.start + at + text.len());
                if in_image {
                    builder.describe(text.into_string(), source);
                } else {
                    builder.visible(&text, source);
                }
            }
            Event::Start(Tag::Link { dest_url, title, .. }) => {
                unused.retain(|(address, _)| address.trim_end() != format!("{dest_url} {title}").trim_end());
                builder.open_link(dest_url.into_string(), source.clone());
                if !title.is_empty() && builder.seen.text.ends_with(char::is_alphanumeric) {
                    builder.put_aside(&title, source);
                } else if !title.is_empty() {
                    builder.flush_link();
                    builder.seen.push(body, &title, source);
                    builder.gap(' ');
                }
            }
            Event::Start(Tag::Image { dest_url, title, .. }) => {
                unused.retain(|(address, _)| address.trim_end() != format!("{dest_url} {title}").trim_end());
                in_image = true;
                builder.show_picture();
                builder.link(host::opened(&dest_url).unwrap_or_else(|| dest_url.into_string()), source.clone());
                if !title.is_empty() {
                    builder.put_aside(&title, source);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if info.contains(|c: char| !c.is_alphanumeric()) => {
                builder.put_aside(&info, source);
            }
            Event::Start(Tag::BlockQuote(_)) => builder.open_quote(),
            Event::End(TagEnd::BlockQuote(_)) => {
                builder.close_quote();
                builder.gap('\n');
            }
            Event::End(TagEnd::Link) => builder.close_link(),
            Event::End(TagEnd::Image) => {
                in_image = false;
                // A picture that waits may stand in a word.
                if builder.waiting.is_empty() {
                    builder.gap('\n');
                }
            }
            // Line by line it would be torn.
            Event::Start(Tag::HtmlBlock) => reduce_html(&mut builder, source),
            Event::InlineHtml(_) => reduce_html(&mut builder, source),
            Event::SoftBreak | Event::HardBreak | Event::Rule => builder.gap('\n'),
            Event::End(end) if !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => builder.gap('\n'),
            _ => {}
        }
    }
    // A definition that nothing refers to shows nowhere, until a host shows the source.
    for (address, span) in unused {
        builder.hidden.links += 1;
        builder.put_aside(&address, span);
    }
    // Nor does a second definition of the same name, until a host takes the last.
    known.sort_by_key(|span| span.start);
    let mut done = 0;
    for span in known.into_iter().chain(std::iter::once(body.len()..body.len())) {
        if span.start > done && body.get(done..span.start).is_some_and(|rest| rest.contains(char::is_alphanumeric)) {
            builder.hidden.links += 1;
            builder.put_source_aside(done..span.start);
        }
        done = done.max(span.end);
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(format: Format, body: &str, expected: &str) -> Text {
        let text = Text::reduce(body, format);
        assert_eq!(text.as_str(), expected);
        text
    }

    #[test]
    fn html_keeps_text_and_link_targets_and_drops_the_rest() {
        check(Format::Html, "<p>Hello <b>there</b></p><p>again</p>", "Hello there\nagain\n");
        check(Format::Html, r#"see <a href="http://casino.example/x">this</a>"#, "see http://casino.example/x this");
        check(Format::Html, "a <script>alert('x')</script> b", "a  b\nalert('x')");
        check(Format::Html, "<img src=http://x.example/a.png alt=cat>", "http://x.example/a.png cat");
        check(Format::Html, "see:<img src=http://x.example/a.png alt=cat> and", "see:\nhttp://x.example/a.png cat and");
        check(Format::Html, "<ul><li>one<li>two</ul><!-- -->", "one\ntwo\n");
    }

    #[test]
    fn quotations_are_known_by_their_place() {
        for (format, body, quoted) in [
            (Format::Html, "<blockquote><p>you fool</p></blockquote><p>That was rude.</p>", "you fool"),
            (Format::Html, "He said <q>you fool</q>, really", "you fool"),
            (Format::Html, "<blockquote>one<blockquote>two</blockquote>three</blockquote>four", "one two three"),
            (Format::Html, "no end <blockquote>you fool", "you fool"),
            (Format::Markdown, "> you fool\n\nThat was rude.", "you fool"),
        ] {
            let text = Text::reduce(body, format);
            let found: Vec<&str> = text.quoted().iter().map(|part| &text.as_str()[part.clone()]).collect();
            assert_eq!(found.concat().split_whitespace().collect::<Vec<_>>().join(" "), quoted, "{body}");
        }
        assert!(Text::reduce("plain </blockquote> text", Format::Html).quoted().is_empty());
    }

    #[test]
    fn no_markup_within_a_word_tears_it() {
        for body in [
            "so via<b></b>gra",
            "so via<tt>gra</tt>",
            "so via<wbr>gra",
            "so via<nobr/>gra",
            "so via<made-up x=y>gra",
            "so via<!-- and -->gra",
            "so via<!---->gra",
            "so via<!>gra",
            "so via<?php x ?>gra",
            "so via</>gra",
            "so via</ x>gra",
            "so via</div>gra",
            "so via<td>gra",
            "so via<col><body><html>gra",
            "so via<![CDATA[ x ]]>gra",
            "so via<!DOCTYPE html>gra",
            "so via<template>x</template>gra",
            "so via<span hidden>x</span>gra",
            "so via<span style='display: none'>x</span>gra",
            "so via<img src=http://x.example/i.gif alt=x>gra",
            "so via<a href=http://x.example>gra</a>",
            "so <b title=x>via</b><b title=y>gra</b>",
            "so via<input type=hidden value=x>gra",
            "so vi\0agra",
            "so vi&#0000097;gra",
            "so vi&#x61gra",
            "so via<b\0>gra",
        ] {
            assert!(Text::reduce(body, Format::Html).as_str().contains("viagra"), "{body}");
        }
        for body in [
            "so via**gra**",
            "so via<b>gra</b>",
            "so via<!-- x -->gra",
            "so via![x](http://x.example/i.gif)gra",
            "so vi&#97;gra",
        ] {
            assert!(Text::reduce(body, Format::Markdown).as_str().contains("viagra"), "{body}");
        }
        for body in ["so via<br>gra", "so <p>via</p>gra", "so via<div>gra", "<table><tr><td>via<td>gra</table>", "via</p>gra"] {
            assert!(!Text::reduce(body, Format::Html).as_str().contains("viagra"), "{body}");
        }
    }

    #[test]
    fn what_is_said_of_a_picture_hides_no_word_beside_it() {
        for body in
            ["hello <img alt=x>viagra ok", "<image alt=x>viagra", "<img alt=x><img alt=y>viagra", "<p><img alt=x><b>viagra</b>"]
        {
            let text = check_holds(Format::Html, body, &["x"]);
            assert!(text.as_str().split_whitespace().any(|word| word == "viagra"), "{body}: {:?}", text.as_str());
        }
        let text = check_holds(Format::Markdown, "![x](http://x.example/i.png)viagra", &["x"]);
        assert!(text.as_str().split_whitespace().any(|word| word == "viagra"), "{:?}", text.as_str());
    }

    #[test]
    fn words_torn_by_tags_are_joined_apart_from_the_text() {
        for (body, torn, text) in [
            ("so via<br>gra ok", "viagra", "so via\ngra ok"),
            ("<ul><li>v<li>i<li>a gra", "via", "v\ni\na gra"),
            ("one <br> two<br> three", "", "one two three"),
            ("The end.<br>Then 5", "", "The end.\nThen 5"),
            ("a<br>b c<br>d e<br>f", "ab\ncd\nef", "a\nb c\nd e\nf"),
        ] {
            let read = Text::reduce(body, Format::Html);
            assert_eq!((read.torn().trim(), read.hidden()), (torn, Hidden::default()), "{body}");
            assert_eq!(read.as_str().split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
        }
        let read = Text::reduce("so via<br>gra", Format::Html);
        assert_eq!(read.source_of_torn(0..6), Some(3..13));
        let many = "a<br>".repeat(10_000);
        assert!(Text::reduce(&many, Format::Html).torn().len() <= many.len());
    }

    #[test]
    fn every_address_in_an_attribute_is_found_and_one_alone_is_one_link() {
        for body in [
            "<img srcset='//allowed.example/a.png 1x, //pills.example/b.png 2x'>",
            "<link imagesrcset='//a.example/a.png 1x,//pills.example/b.png 2x'>",
            "<a ping='//a.example http://pills.example/'>x</a>",
            "<applet archive='http://a.example/a.jar,http://pills.example/b.jar'>",
            "<svg><animate values='http://a.example/;http://pills.example/'/>",
            "<b data-x='http://a.example/ and http://pills.example/'>x</b>",
            "<b onclick='//a.example/\nlocation=\"//pills.example/\"'>x</b>",
            "<b data-x='{url:http://pills.example/}'>x</b>",
        ] {
            let text = Text::reduce(body, Format::Html);
            let links = crate::reading::link::links(text.as_str());
            assert!(links.iter().any(|link| link.host == "pills.example"), "{body}: {:?} {links:?}", text.as_str());
        }
        let text = Text::reduce("<q cite='http://x.example/a,b?c=d#e;f'>x</q>", Format::Html);
        assert_eq!(crate::reading::link::links(text.as_str()).len(), 1, "{:?}", text.as_str());
    }

    #[test]
    fn a_host_that_strips_tags_shows_no_word_that_is_not_judged() {
        for (body, words) in [
            ("so via<template>gra</template>", vec!["viagra", "gra"]),
            ("<i hidden>via</i>gra", vec!["via", "viagra"]),
            ("vi<i hidden>ag</i>ra", vec!["vira", "viagra"]),
            ("vi<i hidden>ag ag</i>ra", vec!["viag", "agra"]),
            ("vi<noscript><b>ag</b></noscript>ra", vec!["viagra"]),
        ] {
            let text = check_holds(Format::Html, body, &words);
            for word in words {
                let at = text.as_str().find(word).unwrap();
                assert!(text.source(at..at + word.len()).is_some());
            }
        }
        let many = format!("{}{}", "a".repeat(20_000), "<i hidden>b</i>".repeat(2_000));
        assert!(Text::reduce(&many, Format::Html).as_str().len() < 4 * many.len());
    }

    #[track_caller]
    fn check_holds(format: Format, body: &str, parts: &[&str]) -> Text {
        let text = Text::reduce(body, format);
        for part in parts {
            assert!(text.as_str().contains(part), "{part:?} of {body:?}: {:?}", text.as_str());
        }
        text
    }

    #[test]
    fn no_tag_attribute_comment_or_encoding_hides_text() {
        for body in [
            "<head>buy pills",
            "<head><title>buy pills</title></head>",
            "<title>buy pills",
            "<noscript>buy pills",
            "<textarea>buy pills",
            "<textarea><b x='buy pills'>",
            "<textarea><b x='</textarea>buy pills'>",
            "<title><b x='</title>buy pills'>",
            "<xmp><i class='buy pills'></xmp>",
            "<xmp><buy pills></xmp>",
            "<plaintext><i class='buy pills'></plaintext>",
            "<iframe>buy pills</iframe>",
            "<iframe srcdoc='&lt;b&gt;buy pills&lt;/b&gt;'></iframe>",
            "<iframe srcdoc='&lt;iframe srcdoc=&quot;buy &amp;amp; buy pills&quot;&gt;'>",
            "<noembed>buy pills</noembed><noframes>x</noframes>",
            "<svg><text>buy pills</text></svg>",
            "<svg><![CDATA[buy pills]]></svg>",
            "<math><mtext>buy pills",
            "<svg><![CDATA[<i class='buy pills'>]]></svg>",
            "<svg><![CDATA[<buy pills>]]></svg>",
            "<![CDATA[buy pills]]>",
            "<![CDATA[x>y]]>buy pills",
            "<!-- buy pills -->",
            "<!-- buy pills",
            "<!-->buy pills-->",
            "<!--->buy pills-->",
            "<!-- x --!>buy pills",
            "<!-- x --!>buy pills-->",
            "<!-- <!-- x -->buy pills-->",
            "<? buy pills ?>",
            "</ buy pills>",
            "<!buy pills>",
            "<!DOCTYPE buy pills>",
            "<!DOCTYPE html buy pills>",
            "<!DOCTYPE html PUBLIC 'buy pills'>",
            "<b",
            "<b title='x>buy pills",
            "<b class=\"buy pills",
            "<b class='x' buy pills",
            "<b class='a>buy pills'>x",
            "<b class='a<b>buy pills</b>'>x",
            "</b class='a>buy pills'>x",
            "<b alt='buy pills'>",
            "<b title='buy pills'>",
            "<input placeholder='buy pills'>",
            "<input value='buy pills'>",
            "<option label='buy pills'>",
            "<b aria-label='buy pills'>",
            "<object>buy pills</object>",
            "<video>buy pills</video>",
            "<script>buy pills",
            "<style>buy pills</style>",
            "<select><option>buy pills",
            "<br hidden>buy pills",
            "b&#117y p&#x69;ll&#115 buy&#32pills",
            "&#98;&#117;&#121;&#32;&#112;&#105;&#108;&#108;&#115;",
            "<b\0 title='buy pills'>",
            "<b ti\0tle='buy pills'>",
        ] {
            let body = if body == "<b" { "buy pills <b".to_owned() } else { body.to_owned() };
            check_holds(Format::Html, &body, &["buy pills"]);
        }
        check_holds(Format::Html, "&#146;&#x80;&pound &lt;b&gt; &amp;lt;", &["’€£ <b> &lt;"]);
        for body in [
            "```buy pills\nx\n```",
            "<!-- buy pills -->",
            "<div\nclass='x'\ntitle='buy pills'>",
            "![x](http://x.example \"buy pills\")",
            "[x](http://x.example \"buy pills\")",
            "[a][1]\n\n[1]: http://a.example\n[1]: http://b.example \"buy pills\"",
            "x <b class='buy pills",
            "x\n\n[1]: http://b.example \"buy pills\"",
        ] {
            check_holds(Format::Markdown, body, &["buy pills"]);
        }
    }

    #[test]
    fn no_attribute_and_no_notation_hides_a_link() {
        for body in [
            "<a href='http://pills.example/'>x</a>",
            "<a\nhref='http://pills.example/'>x</a>",
            "<a/href='http://pills.example/'>x</a>",
            "<A HREF=http://pills.example/>x</A>",
            "<a\0 href='http://pills.example/'>x</a>",
            "<a hr\0ef='http://pills.example/'>x</a>",
            "<a href='http://pil\0ls.example/'>x</a>",
            "<a href='http://pil\nls.exam\tple/'>x</a>",
            "<a href='ht\ntp://pills.example/'>x</a>",
            "<a href=' &#1;http://pills.example/'>x</a>",
            "<a href='http&colon;&sol;&#47;pills&period;example/'>x</a>",
            "<a href='//pills.example/'>x</a>",
            "<a href='\\\\pills.example/'>x</a>",
            "<a href='/&Tab;/pills.example/'>x</a>",
            "<a href='http:pills.example/'>x</a>",
            "<a href='http:\\pills.example/'>x</a>",
            "<a href='http://en.wikipedia.org:x@pills.example/'>x</a>",
            "<a href='http://%70ills.example./'>x</a>",
            "<a href='http://ｐｉｌｌｓ。example/'>x</a>",
            "<a href='http://x.example' href='http://pills.example/'>x</a>",
            "<a href='http://pills.example/' href='http://x.example'>x</a>",
            "<a href=http://pills.example/",
            "<a href='http://pills.example/",
            "<area href='http://pills.example/'>",
            "<base href='//pills.example/'>",
            "<link rel=x href='//pills.example/'>",
            "<svg><a xlink:href='http://pills.example/'><text>x</text></a></svg>",
            "<svg><image href='//pills.example/x.svg'/></svg>",
            "<svg><use xlink:href='//pills.example/x.svg#a'/></svg>",
            "<svg><script href='//pills.example/x.js'/></svg>",
            "<img src='//pills.example/a.png'>",
            "<image src='//pills.example/a.png'>",
            "<img srcset='a.png 1x, //pills.example/b.png 2x'>",
            "<source srcset='//pills.example/b.png 2x'>",
            "<link imagesrcset='//pills.example/b.png 2x'>",
            "<img longdesc='//pills.example/'>",
            "<img lowsrc='//pills.example/'>",
            "<script src='//pills.example/'></script>",
            "<a href='http://x.example' ping='http://y.example http://pills.example/'>x</a>",
            "<form action='//pills.example/'>",
            "<input formaction='//pills.example/'>",
            "<video poster='//pills.example/'></video>",
            "<object data='//pills.example/'></object>",
            "<object codebase='//pills.example/'></object>",
            "<applet archive='//pills.example/'></applet>",
            "<param name=movie value='http://pills.example/'>",
            "<q cite='//pills.example/'>x</q>",
            "<del cite='//pills.example/'>x</del>",
            "<body background='//pills.example/a.png'>",
            "<table background='//pills.example/a.png'></table>",
            "<b style='background: url(//pills.example/a.png)'>x</b>",
            "<b style=\"background: url('http://pills.example/a.png')\">x</b>",
            "<meta http-equiv=refresh content='0;url=//pills.example/'>",
            "<meta http-equiv=refresh content='0; URL=\"http:\\pills.example/\"'>",
            "<iframe src='//pills.example/'></iframe>",
            "<iframe srcdoc='&lt;a href=//pills.example/&gt;x'></iframe>",
            "<b data-href='//pills.example/'>x</b>",
            "<html manifest='//pills.example/'>",
            "<template><a href='//pills.example/'>x</a></template>",
            "<!-- <a href='http://pills.example/'>x</a> -->",
            "<textarea><a href='http://pills.example/'>x</a></textarea>",
        ] {
            let text = Text::reduce(body, Format::Html);
            let links = crate::reading::link::links(text.as_str());
            assert!(links.iter().any(|link| link.host == "pills.example"), "{body}: {:?} {links:?}", text.as_str());
        }
        for body in [
            "[x](http:\\\\pills.example/)",
            "[x](//pills.example/)",
            "[x](<http://en.wikipedia.org:x@pills.example/>)",
            "[x](http&colon;//pills&period;example/)",
            "[x](http://%70ills.example/)",
            "![x](//pills.example/a.png)",
            "<http://x@pills.example/>",
            "[x][1]\n\n[1]: //pills.example/",
            "[x][1]\n\n[1]: http://x.example\n[1]: http://pills.example/",
            "<a\nhref='//pills.example/'>x</a>",
            "> <a\n> href='http://pills.example/'>x</a>",
        ] {
            let text = Text::reduce(body, Format::Markdown);
            let links = crate::reading::link::links(text.as_str());
            assert!(links.iter().any(|link| link.host == "pills.example"), "{body}: {:?} {links:?}", text.as_str());
        }
    }

    #[test]
    fn ordinary_markup_of_links_is_read_as_one_link() {
        for body in [
            "<p>I wrote <a href=\"http://x.example/post\" rel=\"nofollow ugc\" title=\"My post\">about it</a>.</p>",
            "<blockquote class=\"a b\"><p id=c>said</p></blockquote> see <a href='https://x.example'>https://x.example</a>",
            "<span xmlns:a='http://a.example/ns' itemtype='http://schema.org/Person'>me</span> <a href=http://x.example>x</a>",
        ] {
            let text = Text::reduce(body, Format::Html);
            assert_eq!(crate::reading::link::links(text.as_str()).len(), 1, "{body}: {}", text.as_str());
            assert_eq!(text.hidden(), Hidden::default(), "{body}");
        }
        let titled = "[see][1] and [this](http://y.example \"more\") ![pic](http://z.example/p.png \"a picture\")\n\n[1]: http://x.example \"Title\"\n";
        let text = Text::reduce(titled, Format::Markdown);
        assert_eq!(
            (crate::reading::link::links(text.as_str()).len(), text.hidden()),
            (3, Hidden::default()),
            "{}",
            text.as_str()
        );
    }

    #[test]
    fn what_a_browser_hides_is_judged_and_told() {
        for (format, body, letters, links) in [
            (Format::Html, "nice<template>buy pills</template>", 8, 0),
            (Format::Html, "<head>all of it <b>bold</b>", 11, 0),
            (Format::Html, "a <!-- cheap pills --> b", 10, 0),
            (Format::Html, "<p style='Display : none'>cheap <span>pills</span></p> seen", 10, 0),
            (Format::Html, "<p style='display:/* */none'>cheap</p>seen", 5, 0),
            (Format::Html, "<div hidden>x<div>y</div>z</div>seen", 3, 0),
            (Format::Html, "I agree<a href='http://c.example'>.</a>", 0, 1),
            (Format::Html, "<a href='http://c.example'></a><a href='http://d.example'>d</a>", 0, 1),
            (Format::Html, "<a href='http://c.example'><img src='http://c.example/i.png'></a>", 0, 0),
            (Format::Markdown, "I agree[.](http://c.example)", 0, 1),
            (Format::Markdown, "I [agree](http://c.example)", 0, 0),
            (Format::Markdown, "fine\n\n[1]: http://c.example \"Casino\"", 0, 1),
            (Format::Markdown, "[see][1]\n\n[1]: http://c.example", 0, 0),
        ] {
            let text = Text::reduce(body, format);
            assert_eq!(text.hidden(), Hidden { letters, links }, "{body}");
            assert_eq!(text.as_str().contains("c.example"), body.contains("c.example"), "{body}: {}", text.as_str());
        }
        assert!(Text::reduce("<noscript>buy pills</noscript>", Format::Html).as_str().contains("buy pills"));
        assert!(Text::reduce("x\n\n[1]: http://c.example \"Casino\"", Format::Markdown).as_str().contains("Casino"));
    }

    #[test]
    fn a_link_that_shows_its_own_address_is_one_link() {
        check(Format::Html, r#"<a href="https://x.example/">https://x.example</a>"#, "https://x.example");
        check(Format::Markdown, "<https://x.example>", "https://x.example\n");
    }

    #[test]
    fn markdown_keeps_text_and_link_targets() {
        check(Format::Markdown, "**Buy** [here](http://x.example) `now`", "Buy http://x.example here now\n");
    }

    #[test]
    fn spans_point_into_the_body_through_markup_and_entities() {
        let body = "<p>Tom &amp; Jerry sell <b>pills</b></p>";
        let text = check(Format::Html, body, "Tom & Jerry sell pills\n");
        let at = text.as_str().find("pills").unwrap();
        assert_eq!(&body[text.source(at..at + 5).unwrap()], "pills");
        let at = text.as_str().find("Jerry").unwrap();
        assert_eq!(&body[text.source(at..at + 5).unwrap()], "Jerry");
        assert_eq!(&body[text.source(4..5).unwrap()], "&amp;");
    }

    #[test]
    fn deep_nesting_costs_no_more_than_its_length() {
        let bomb = "<div>".repeat(13_000);
        assert!(Text::reduce(&bomb, Format::Html).as_str().trim().is_empty());
        let bomb = "[".repeat(60_000);
        assert_eq!(Text::reduce(&bomb, Format::Markdown).as_str().trim_end(), bomb);
    }

    proptest! {
        #[test]
        fn every_span_of_reduced_text_lies_on_character_boundaries(body in "[<>/a&;#bäp \\r\\n\"=\\[\\]()*`é]{0,80}", markdown: bool) {
            let format = if markdown { Format::Markdown } else { Format::Html };
            let text = Text::reduce(&body, format);
            let ends: Vec<usize> = text.as_str().char_indices().map(|(at, _)| at).collect();
            for (&begin, &end) in ends.iter().zip(ends.iter().skip(1)) {
                if let Some(source) = text.source(begin..end) {
                    prop_assert!(body.get(source.clone()).is_some(), "{source:?} of {body:?}");
                }
            }
        }
    }

    /// Pieces of HTML that change how what follows is read.
    const PIECES: [&str; 60] = [
        "w1 ",
        "w2 ",
        "w3",
        "<b>",
        "</b>",
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<a href='http://h1.example/'>",
        "<a href=//h2.example>",
        "</a>",
        "<textarea>",
        "</textarea>",
        "<title>",
        "</title>",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<xmp>",
        "</xmp>",
        "<plaintext>",
        "<noscript>",
        "</noscript>",
        "<iframe>",
        "</iframe>",
        "<svg>",
        "</svg>",
        "<math>",
        "</math>",
        "<template>",
        "</template>",
        "<head>",
        "</head>",
        "<body>",
        "<html>",
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "<select>",
        "</select>",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "</ ",
        "'",
        "\"",
        ">",
        "<b x='",
        "<b title=\"",
        "/",
        " = ",
        "\0",
        "&#x77;4 ",
    ];

    /// Every word that html5ever has a browser show, or keeps in attributes that are shown, and every link.
    fn shown(node: &markup5ever_rcdom::Handle, words: &mut Vec<String>, links: &mut Vec<String>) {
        use markup5ever_rcdom::NodeData;
        // Where words are torn is another question: in some places a browser passes over tags that begin a line elsewhere.
        let mut read = |text: &str| {
            let all = text.split(|c: char| !c.is_alphanumeric()).flat_map(|word| word.split_inclusive(char::is_numeric));
            words.extend(all.filter(|word| word.starts_with('w')).map(str::to_owned));
        };
        match &node.data {
            NodeData::Text { contents } => read(&contents.borrow()),
            NodeData::Element { name, attrs, template_contents, .. } => {
                for attribute in attrs.borrow().iter() {
                    if &*attribute.name.local == "title" {
                        read(&attribute.value);
                    } else if &*attribute.name.local == "href" && &*name.local == "a" {
                        links.extend(host::opened(&attribute.value).and_then(|address| host::of(&address)));
                    }
                }
                if let Some(contents) = &*template_contents.borrow() {
                    shown(contents, words, links);
                }
            }
            _ => {}
        }
        for child in node.children.borrow().iter() {
            shown(child, words, links);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_a_browser_shows_is_judged(pieces in proptest::collection::vec(0..PIECES.len(), 1..16)) {
            use html5ever::tendril::TendrilSink;
            let body: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
            let dom = html5ever::parse_document(markup5ever_rcdom::RcDom::default(), Default::default()).one(body.as_str());
            let (mut words, mut hosts) = (Vec::new(), Vec::new());
            shown(&dom.document, &mut words, &mut hosts);
            let text = Text::reduce(&body, Format::Html);
            for word in words {
                prop_assert!(text.as_str().contains(&word), "{word:?} of {body:?}: {:?}", text.as_str());
            }
            let links = crate::reading::link::links(text.as_str());
            for host in hosts {
                prop_assert!(links.iter().any(|link| link.host == host), "{host:?} of {body:?}: {:?} {links:?}", text.as_str());
            }
        }
    }
}
