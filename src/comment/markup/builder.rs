//! Collects what a reader sees of a body, and what only other hosts than browsers show, with their origin.

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

use super::align::align;
use super::joined::{self, HiddenPart};
use super::quotations::Quotations;
use super::run::{Piece, Run};
use super::text::{Hidden, Text};
use crate::reading::host;

/// Collects text with its origin.
pub struct Builder<'a> {
    pub body: &'a str,
    /// What a browser shows.
    seen: Run,
    /// What it does not, and others may.
    aside: Run,
    /// The parts of `aside` that a host would show within `seen` that strips tags.
    within: Vec<HiddenPart>,
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
    pub hidden: Hidden,
    /// Whether what comes now is hidden.
    pub unseen: bool,
    /// Whether the link that is open shows a letter, a digit or a picture. `None`: none is open.
    shows: Option<bool>,
    /// How many documents this one is within.
    pub depth: usize,
    /// The quotations in `seen`.
    quotations: Quotations,
}

/// What waits for the text behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Link,
    Text,
}

impl<'a> Builder<'a> {
    /// Returns a builder for a document that is within `depth` others.
    pub fn new(body: &'a str, depth: usize) -> Self {
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
            quotations: Quotations::default(),
        }
    }

    /// Begins a quotation.
    pub fn open_quote(&mut self) {
        self.quotations.open(self.seen.text.len());
    }

    /// Ends a quotation.
    pub fn close_quote(&mut self) {
        self.quotations.close(self.seen.text.len());
    }

    /// Text that a reader sees, after the link it belongs to.
    pub fn visible(&mut self, text: &str, source: Range<usize>) {
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
        if !text.trim().is_empty() {
            self.add_address_of_link(text);
        }
        if self.unseen {
            self.hide(text, source);
        } else {
            self.seen.push(self.body, text, source);
        }
    }

    /// Adds the address of the link that is open, of which this is the first text. A link that shows its own address is one link.
    fn add_address_of_link(&mut self, text: &str) {
        let Some((href, at)) = self.href.take() else { return };
        if is_same_address(&href, text) {
            return;
        }
        if self.unseen || self.is_in_word(text) {
            self.aside.link(self.body, &href, at);
        } else {
            self.seen.link(self.body, &href, at);
        }
    }

    /// Text that a browser hides and a host that strips tags shows.
    fn hide(&mut self, text: &str, source: Range<usize>) {
        let (place, begin) = (self.seen.text.len(), self.aside.text.len());
        let follows = self.within.last().is_some_and(|last| last.place == place && last.part.end == begin);
        if !follows {
            self.aside.gap('\n');
        }
        let begin = self.aside.text.len();
        self.aside.push(self.body, text, source);
        let end = self.aside.text.len();
        match self.within.last_mut().filter(|_| follows) {
            Some(last) => last.part.end = end,
            None => self.within.push(HiddenPart { place, part: begin..end }),
        }
    }

    /// Text that shows only where markup is not read as a browser reads it.
    pub fn put_aside(&mut self, text: &str, source: Range<usize>) {
        self.aside.gap('\n');
        self.aside.push(self.body, text, source);
        self.aside.gap('\n');
    }

    /// A part of the body with its tags as they are written.
    pub fn put_source_aside(&mut self, source: Range<usize>) {
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
    pub fn link(&mut self, address: String, source: Range<usize>) {
        if self.unseen {
            self.aside.link(self.body, &address, source);
        } else if self.seen.text.ends_with(char::is_alphanumeric) {
            self.waiting.push((Waiting::Link, address, source));
        } else {
            self.place(Waiting::Link, &address, source);
        }
    }

    /// Adds what waited to the text that a browser shows.
    fn place(&mut self, kind: Waiting, text: &str, source: Range<usize>) {
        match kind {
            Waiting::Link => {
                self.seen.gap('\n');
                self.seen.link(self.body, text, source);
            }
            Waiting::Text => {
                self.gap_of_tag('\n');
                self.seen.push(self.body, text, source);
            }
        }
    }

    /// What is said of a picture.
    pub fn describe(&mut self, text: String, source: Range<usize>) {
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
    pub fn show_picture(&mut self) {
        if let Some(shows) = self.shows.as_mut().filter(|_| !self.unseen) {
            *shows = true;
        }
    }

    /// Opens a link.
    pub fn open_link(&mut self, href: String, source: Range<usize>) {
        self.close_link();
        let href = host::opened(&href).unwrap_or(href);
        self.href = Some((href, source));
        self.shows = Some(false);
    }

    /// Adds what the title of the link that is open says.
    pub fn title_of_link(&mut self, title: &str, source: Range<usize>) {
        if title.is_empty() {
            return;
        }
        if self.seen.text.ends_with(char::is_alphanumeric) {
            self.put_aside(title, source);
        } else {
            self.flush_link();
            self.seen.push(self.body, title, source);
            self.gap(' ');
        }
    }

    /// Returns whether a picture or its description waits for the text behind it.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Adds a document within this one, which came from this range of the body.
    pub fn document(&mut self, document: &Text, source: Range<usize>) {
        self.hidden.letters += document.hidden.letters;
        self.hidden.links += document.hidden.links;
        self.put_aside(document.as_str(), source.clone());
        self.torn_elsewhere.gap('\n');
        self.torn_elsewhere.push(self.body, document.torn(), source);
    }

    /// Closes the link that is open.
    pub fn close_link(&mut self) {
        self.flush_link();
        self.hidden.links += usize::from(self.shows.take() == Some(false));
    }

    /// Adds the address of the link that is open, if it has not come yet.
    fn flush_link(&mut self) {
        if let Some((href, at)) = self.href.take() {
            self.link(href, at);
        }
    }

    /// Keeps words apart that markup kept apart.
    pub fn gap(&mut self, gap: char) {
        if self.unseen {
            self.aside.gap(gap);
        } else {
            self.settle("");
            self.seen.gap(gap);
        }
    }

    /// Keeps words apart that a tag keeps apart, which other hosts strip.
    pub fn gap_of_tag(&mut self, gap: char) {
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

    /// Returns the text that was collected.
    pub fn finish(mut self) -> Text {
        self.close_link();
        self.settle("");
        let quoted = self.quotations.finish(self.seen.text.len());
        let mut torn = joined::across_gaps(&self.seen, &self.gaps);
        torn.gap('\n');
        torn.append(self.torn_elsewhere);
        joined::across_hidden_parts(&self.seen, &mut self.aside, self.within, self.body.len());
        if !self.aside.text.trim().is_empty() {
            self.seen.gap('\n');
            self.seen.append(self.aside);
        }
        if self.seen.pieces.is_empty() {
            // An empty list would mean that the text is the body.
            self.seen.pieces.push(Piece { begin: 0, source: 0..0, exact: false });
        }
        Text { shown: self.seen, hidden: self.hidden, torn, quoted }
    }
}

/// Returns whether a link shows its own address.
fn is_same_address(href: &str, shown: &str) -> bool {
    fn bare(url: &str) -> &str {
        let url = url.trim();
        url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
    }
    bare(href).eq_ignore_ascii_case(bare(shown))
}
