//! Collects what a reader sees of a body, and what only other hosts than browsers show, with their origin.

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

use super::align::align;
use super::joined::{self, HiddenPart};
use super::quotations::Quotations;
use super::run::{MappedText, Segment};
use super::text::{HiddenContent, PlainText};
use crate::reading::host;

/// Collects text with its origin.
pub struct PlainTextBuilder<'a> {
    pub body: &'a str,
    /// What a browser shows.
    visible_text: MappedText,
    /// What it does not, and others may.
    hidden_text: MappedText,
    /// The parts of `aside` that a host would show within `seen` that strips tags.
    inline_hidden: Vec<HiddenPart>,
    /// The bytes of `seen` at which there is a gap because of a tag.
    tag_gaps: Vec<usize>,
    /// Words torn in documents within this one.
    nested_joined_words: MappedText,
    /// What is said of a picture has just been put in; a word behind it is another.
    after_image: bool,
    /// A link whose visible text has not come yet.
    pending_href: Option<(String, Range<usize>)>,
    /// Pictures behind a letter, and what is said of them: they may stand in a word.
    pending: Vec<(PendingKind, String, Range<usize>)>,
    pub hidden: HiddenContent,
    /// Whether what comes now is hidden.
    pub is_hidden: bool,
    /// Whether the link that is open shows a letter, a digit or a picture. `None`: none is open.
    link_is_visible: Option<bool>,
    /// How many documents this one is within.
    pub nesting: usize,
    /// The quotations in `seen`.
    quotations: Quotations,
}

/// What waits for the text behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PendingKind {
    Link,
    Text,
}

impl<'a> PlainTextBuilder<'a> {
    /// Returns a builder for a document that is within `depth` others.
    pub fn new(body: &'a str, depth: usize) -> Self {
        Self {
            body,
            visible_text: MappedText { text: String::with_capacity(body.len()), segments: Vec::new() },
            hidden_text: MappedText::default(),
            inline_hidden: Vec::new(),
            tag_gaps: Vec::new(),
            nested_joined_words: MappedText::default(),
            after_image: false,
            pending_href: None,
            pending: Vec::new(),
            hidden: HiddenContent::default(),
            is_hidden: false,
            link_is_visible: None,
            nesting: depth,
            quotations: Quotations::default(),
        }
    }

    /// Begins a quotation.
    pub fn open_quote(&mut self) {
        self.quotations.open(self.visible_text.text.len());
    }

    /// Ends a quotation.
    pub fn close_quote(&mut self) {
        self.quotations.close(self.visible_text.text.len());
    }

    /// Text that a reader sees, after the link it belongs to.
    pub fn push_text(&mut self, text: &str, source: Range<usize>) {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if self.is_hidden {
            self.hidden.letters += letters;
        } else {
            self.flush_pending(text);
            if std::mem::take(&mut self.after_image) && self.is_in_word(text) {
                self.break_words_at_tag(' ');
            }
            if let Some(shows) = &mut self.link_is_visible {
                *shows |= letters > 0;
            }
        }
        if !text.trim().is_empty() {
            self.add_address_of_link(text);
        }
        if self.is_hidden {
            self.push_hidden(text, source);
        } else {
            self.visible_text.push(self.body, text, source);
        }
    }

    /// Adds the address of the link that is open, of which this is the first text. A link that shows its own address is one link.
    fn add_address_of_link(&mut self, text: &str) {
        let Some((href, at)) = self.pending_href.take() else { return };
        if is_same_address(&href, text) {
            return;
        }
        if self.is_hidden || self.is_in_word(text) {
            self.hidden_text.push_address(self.body, &href, at);
        } else {
            self.visible_text.push_address(self.body, &href, at);
        }
    }

    /// Text that a browser hides and a host that strips tags shows.
    fn push_hidden(&mut self, text: &str, source: Range<usize>) {
        let (place, begin) = (self.visible_text.text.len(), self.hidden_text.text.len());
        let follows = self.inline_hidden.last().is_some_and(|last| last.visible_at == place && last.hidden_range.end == begin);
        if !follows {
            self.hidden_text.push_gap('\n');
        }
        let begin = self.hidden_text.text.len();
        self.hidden_text.push(self.body, text, source);
        let end = self.hidden_text.text.len();
        match self.inline_hidden.last_mut().filter(|_| follows) {
            Some(last) => last.hidden_range.end = end,
            None => self.inline_hidden.push(HiddenPart { visible_at: place, hidden_range: begin..end }),
        }
    }

    /// Text that shows only where markup is not read as a browser reads it.
    pub fn push_aside(&mut self, text: &str, source: Range<usize>) {
        self.hidden_text.push_gap('\n');
        self.hidden_text.push(self.body, text, source);
        self.hidden_text.push_gap('\n');
    }

    /// A part of the body with its tags as they are written.
    pub fn push_source_aside(&mut self, source: Range<usize>) {
        let Some(raw) = self.body.get(source.clone()) else { return };
        self.hidden_text.push_gap('\n');
        let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<()> {
            if let CallbackEvent::String { value } = event {
                let text = String::from_utf8_lossy(value);
                for (text, source) in align(self.body, source.start + span.start..source.start + span.end, &text) {
                    self.hidden_text.push(self.body, text, source);
                }
            }
            None
        });
        let mut tokenizer = html5gum::Tokenizer::new_with_emitter(raw, emitter);
        tokenizer.set_state(html5gum::State::RcData);
        for _ in tokenizer {}
        self.hidden_text.push_gap('\n');
    }

    /// A link to what is shown or opened, without words of its own.
    pub fn push_link(&mut self, address: String, source: Range<usize>) {
        if self.is_hidden {
            self.hidden_text.push_address(self.body, &address, source);
        } else if self.visible_text.text.ends_with(char::is_alphanumeric) {
            self.pending.push((PendingKind::Link, address, source));
        } else {
            self.push_pending(PendingKind::Link, &address, source);
        }
    }

    /// Adds what waited to the text that a browser shows.
    fn push_pending(&mut self, kind: PendingKind, text: &str, source: Range<usize>) {
        match kind {
            PendingKind::Link => {
                self.visible_text.push_gap('\n');
                self.visible_text.push_address(self.body, text, source);
            }
            PendingKind::Text => {
                self.break_words_at_tag('\n');
                self.visible_text.push(self.body, text, source);
            }
        }
    }

    /// What is said of a picture.
    pub fn push_image_text(&mut self, text: String, source: Range<usize>) {
        if !self.is_hidden && (!self.pending.is_empty() || self.visible_text.text.ends_with(char::is_alphanumeric)) {
            self.mark_link_visible();
            self.pending.push((PendingKind::Text, text, source));
        } else if self.is_hidden {
            self.hidden.letters += text.chars().filter(|c| c.is_alphanumeric()).count();
            self.push_aside(&text, source);
        } else {
            self.push_text(&text, source);
            self.after_image = true;
        }
    }

    /// Finds a place for what waits, now that it is known what follows: behind the word that it stands in.
    fn flush_pending(&mut self, next: &str) {
        let in_word = self.is_in_word(next);
        for (kind, text, source) in std::mem::take(&mut self.pending) {
            if in_word {
                self.push_aside(&text, source);
            } else {
                self.push_pending(kind, &text, source);
            }
        }
    }

    /// Whether a word goes on with this text.
    fn is_in_word(&self, next: &str) -> bool {
        self.visible_text.text.ends_with(char::is_alphanumeric) && next.starts_with(char::is_alphanumeric)
    }

    /// A link may show a picture instead of words.
    pub fn mark_link_visible(&mut self) {
        if let Some(shows) = self.link_is_visible.as_mut().filter(|_| !self.is_hidden) {
            *shows = true;
        }
    }

    /// Opens a link.
    pub fn open_link(&mut self, href: String, source: Range<usize>) {
        self.close_link();
        let href = host::resolved_address(&href).unwrap_or(href);
        self.pending_href = Some((href, source));
        self.link_is_visible = Some(false);
    }

    /// Adds what the title of the link that is open says.
    pub fn push_link_title(&mut self, title: &str, source: Range<usize>) {
        if title.is_empty() {
            return;
        }
        if self.visible_text.text.ends_with(char::is_alphanumeric) {
            self.push_aside(title, source);
        } else {
            self.flush_link();
            self.visible_text.push(self.body, title, source);
            self.break_words(' ');
        }
    }

    /// Returns whether a picture or its description waits for the text behind it.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds a document within this one, which came from this range of the body.
    pub fn push_document(&mut self, document: &PlainText, source: Range<usize>) {
        self.hidden.letters += document.hidden.letters;
        self.hidden.links += document.hidden.links;
        self.push_aside(document.as_str(), source.clone());
        self.nested_joined_words.push_gap('\n');
        self.nested_joined_words.push(self.body, document.joined_words(), source);
    }

    /// Closes the link that is open.
    pub fn close_link(&mut self) {
        self.flush_link();
        self.hidden.links += usize::from(self.link_is_visible.take() == Some(false));
    }

    /// Adds the address of the link that is open, if it has not come yet.
    fn flush_link(&mut self) {
        if let Some((href, at)) = self.pending_href.take() {
            self.push_link(href, at);
        }
    }

    /// Keeps words apart that markup kept apart.
    pub fn break_words(&mut self, gap: char) {
        if self.is_hidden {
            self.hidden_text.push_gap(gap);
        } else {
            self.flush_pending("");
            self.visible_text.push_gap(gap);
        }
    }

    /// Keeps words apart that a tag keeps apart, which other hosts strip.
    pub fn break_words_at_tag(&mut self, gap: char) {
        if self.is_hidden {
            return self.break_words(gap);
        }
        self.flush_pending("");
        let at = self.visible_text.text.len();
        self.visible_text.push_gap(gap);
        if self.visible_text.text.len() > at {
            self.tag_gaps.push(at);
        }
    }

    /// Returns the text that was collected.
    pub fn finish(mut self) -> PlainText {
        self.close_link();
        self.flush_pending("");
        let quoted = self.quotations.finish(self.visible_text.text.len());
        let mut torn = joined::across_gaps(&self.visible_text, &self.tag_gaps);
        torn.push_gap('\n');
        torn.append(self.nested_joined_words);
        joined::across_hidden_parts(&self.visible_text, &mut self.hidden_text, self.inline_hidden, self.body.len());
        if !self.hidden_text.text.trim().is_empty() {
            self.visible_text.push_gap('\n');
            self.visible_text.append(self.hidden_text);
        }
        if self.visible_text.segments.is_empty() {
            // An empty list would mean that the text is the body.
            self.visible_text.segments.push(Segment { start: 0, source: 0..0, is_verbatim: false });
        }
        PlainText { shown: self.visible_text, hidden: self.hidden, joined_words: torn, quotations: quoted }
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
