//! Collects the text of a body with its source ranges: what a browser shows, and what only other hosts show.

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

use super::align::align;
use super::hidden::HiddenElement;
use super::joined::{self, HiddenPart};
use super::quotations::Quotations;
use super::run::{MappedText, Segment};
use super::text::{HiddenContent, PlainText};
use crate::reading::host;

/// A builder of a [`PlainText`].
pub struct PlainTextBuilder<'a> {
    pub body: &'a str,
    /// The text that a browser shows.
    visible_text: MappedText,
    /// The text that a browser hides and other hosts may show.
    hidden_text: MappedText,
    /// The parts of `hidden_text` that a host that strips tags would show within `visible_text`.
    inline_hidden: Vec<HiddenPart>,
    /// The byte offsets in `visible_text` of the gaps that stand for tags.
    tag_gaps: Vec<usize>,
    /// The joined words of documents nested in this one.
    nested_joined_words: MappedText,
    /// Whether the description of an image was added last. Text behind it begins a new word.
    after_image: bool,
    /// The address of an open link of which no visible text has been read yet, with its source range.
    pending_href: Option<(String, Range<usize>)>,
    /// Addresses and descriptions of images behind a letter. They wait for the next text, which may continue the word.
    pending: Vec<(PendingKind, String, Range<usize>)>,
    pub hidden: HiddenContent,
    /// The open element that hides the text being added. In a Markdown body, it stays open from one piece of HTML to the next.
    pub hidden_element: Option<HiddenElement>,
    /// Whether the open link shows a letter, a digit or an image. `None` if no link is open.
    link_is_visible: Option<bool>,
    /// The number of documents that this one is nested in.
    pub nesting: usize,
    /// The quotations in `visible_text`.
    quotations: Quotations,
}

/// The kind of a part that waits for the text behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PendingKind {
    Link,
    Text,
}

impl<'a> PlainTextBuilder<'a> {
    /// Returns a builder for a document that is nested in `depth` others.
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
            hidden_element: None,
            link_is_visible: None,
            nesting: depth,
            quotations: Quotations::default(),
        }
    }

    /// Returns whether an open element hides the text being added.
    pub fn is_hidden(&self) -> bool {
        self.hidden_element.is_some()
    }

    /// Ends the Markdown block at this depth, and closes the open hidden element if it is inline in that block.
    pub fn end_block(&mut self, depth: usize) {
        self.hidden_element = self.hidden_element.take().filter(|element| !element.ends_with_block(depth));
    }

    /// Starts a quotation.
    pub fn open_quote(&mut self) {
        self.quotations.open(self.visible_text.text.len());
    }

    /// Ends a quotation.
    pub fn close_quote(&mut self) {
        self.quotations.close(self.visible_text.text.len());
    }

    /// Adds text. The address of the link it belongs to, if any, is added first.
    pub fn push_text(&mut self, text: &str, source: Range<usize>) {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if self.is_hidden() {
            self.hidden.letters += letters;
        } else {
            self.flush_pending(text);
            if std::mem::take(&mut self.after_image) && self.is_in_word(text) {
                self.break_words_at_tag(' ');
            }
            if let Some(is_visible) = &mut self.link_is_visible {
                *is_visible |= letters > 0;
            }
        }
        if !text.trim().is_empty() {
            self.add_address_of_link(text);
        }
        if self.is_hidden() {
            self.push_hidden(text, source);
        } else {
            self.visible_text.push(self.body, text, source);
        }
    }

    /// Adds the address of the open link before the link's first text. Adds nothing if the text is the address itself, since
    /// that counts as one link.
    fn add_address_of_link(&mut self, text: &str) {
        let Some((href, at)) = self.pending_href.take() else { return };
        if is_same_address(&href, text) {
            return;
        }
        if self.is_hidden() || self.is_in_word(text) {
            self.hidden_text.push_address(self.body, &href, at);
        } else {
            self.visible_text.push_address(self.body, &href, at);
        }
    }

    /// Adds text that a browser hides and a host that strips tags shows.
    fn push_hidden(&mut self, text: &str, source: Range<usize>) {
        let (visible_at, begin) = (self.visible_text.text.len(), self.hidden_text.text.len());
        let follows =
            self.inline_hidden.last().is_some_and(|last| last.visible_at == visible_at && last.hidden_range.end == begin);
        if !follows {
            self.hidden_text.push_gap('\n');
        }
        let begin = self.hidden_text.text.len();
        self.hidden_text.push(self.body, text, source);
        let end = self.hidden_text.text.len();
        match self.inline_hidden.last_mut().filter(|_| follows) {
            Some(last) => last.hidden_range.end = end,
            None => self.inline_hidden.push(HiddenPart { visible_at, hidden_range: begin..end }),
        }
    }

    /// Adds text to the hidden text as a paragraph of its own. Only a host that reads markup differently from a browser shows
    /// it.
    pub fn push_aside(&mut self, text: &str, source: Range<usize>) {
        self.hidden_text.push_gap('\n');
        self.hidden_text.push(self.body, text, source);
        self.hidden_text.push_gap('\n');
    }

    /// Adds a part of the body to the hidden text, with its tags as they are written.
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

    /// Adds the address of a link or of an image, which has no text of its own.
    pub fn push_link(&mut self, address: String, source: Range<usize>) {
        if self.is_hidden() {
            self.hidden_text.push_address(self.body, &address, source);
        } else if self.visible_text.text.ends_with(char::is_alphanumeric) {
            self.pending.push((PendingKind::Link, address, source));
        } else {
            self.push_pending(PendingKind::Link, &address, source);
        }
    }

    /// Adds a waiting part to the visible text.
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

    /// Adds the description of an image.
    pub fn push_image_text(&mut self, text: String, source: Range<usize>) {
        if !self.is_hidden() && (!self.pending.is_empty() || self.visible_text.text.ends_with(char::is_alphanumeric)) {
            self.mark_link_visible();
            self.pending.push((PendingKind::Text, text, source));
        } else if self.is_hidden() {
            self.hidden.letters += text.chars().filter(|c| c.is_alphanumeric()).count();
            self.push_aside(&text, source);
        } else {
            self.push_text(&text, source);
            self.after_image = true;
        }
    }

    /// Adds the waiting parts, now that the next text is known. Parts that stand within a word go to the hidden text, so that
    /// they do not split the word.
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

    /// Returns whether `next` continues the word at the end of the visible text.
    fn is_in_word(&self, next: &str) -> bool {
        self.visible_text.text.ends_with(char::is_alphanumeric) && next.starts_with(char::is_alphanumeric)
    }

    /// Records that the open link shows an image instead of text.
    pub fn mark_link_visible(&mut self) {
        if !self.is_hidden()
            && let Some(is_visible) = &mut self.link_is_visible
        {
            *is_visible = true;
        }
    }

    /// Opens a link and closes the one that is open.
    pub fn open_link(&mut self, href: String, source: Range<usize>) {
        self.close_link();
        let href = host::resolved_address(&href).unwrap_or(href);
        self.pending_href = Some((href, source));
        self.link_is_visible = Some(false);
    }

    /// Adds the title of the open link.
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

    /// Returns whether an image or its description waits for the next text.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds a nested document that came from this range of the body.
    pub fn push_document(&mut self, document: &PlainText, source: Range<usize>) {
        self.hidden.letters += document.hidden.letters;
        self.hidden.links += document.hidden.links;
        self.push_aside(document.as_str(), source.clone());
        self.nested_joined_words.push_gap('\n');
        self.nested_joined_words.push(self.body, document.joined_words(), source);
    }

    /// Closes the open link.
    pub fn close_link(&mut self) {
        self.flush_link();
        self.hidden.links += usize::from(self.link_is_visible.take() == Some(false));
    }

    /// Adds the address of the open link if it has not been added yet.
    fn flush_link(&mut self) {
        if let Some((href, at)) = self.pending_href.take() {
            self.push_link(href, at);
        }
    }

    /// Adds a gap, so that the text before it and the text behind it are not read as one word.
    pub fn break_words(&mut self, gap: char) {
        if self.is_hidden() {
            self.hidden_text.push_gap(gap);
        } else {
            self.flush_pending("");
            self.visible_text.push_gap(gap);
        }
    }

    /// Adds a gap for a tag. A host that strips tags would show the words on both sides as one.
    pub fn break_words_at_tag(&mut self, gap: char) {
        if self.is_hidden() {
            return self.break_words(gap);
        }
        self.flush_pending("");
        let at = self.visible_text.text.len();
        self.visible_text.push_gap(gap);
        if self.visible_text.text.len() > at {
            self.tag_gaps.push(at);
        }
    }

    /// Returns the collected text.
    pub fn finish(mut self) -> PlainText {
        self.close_link();
        self.flush_pending("");
        let quotations = self.quotations.finish(self.visible_text.text.len());
        let mut joined_words = joined::across_gaps(&self.visible_text, &self.tag_gaps);
        joined_words.push_gap('\n');
        joined_words.append(self.nested_joined_words);
        joined::across_hidden_parts(&self.visible_text, &mut self.hidden_text, self.inline_hidden, self.body.len());
        if !self.hidden_text.text.trim().is_empty() {
            self.visible_text.push_gap('\n');
            self.visible_text.append(self.hidden_text);
        }
        if self.visible_text.segments.is_empty() {
            // An empty list would mean that the text is the body itself.
            self.visible_text.segments.push(Segment { start: 0, source: 0..0, is_verbatim: false });
        }
        PlainText { shown: self.visible_text, hidden: self.hidden, joined_words, quotations }
    }
}

/// Returns whether the text of a link is the link's address.
fn is_same_address(href: &str, shown: &str) -> bool {
    fn bare(url: &str) -> &str {
        let url = url.trim();
        url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
    }
    bare(href).eq_ignore_ascii_case(bare(shown))
}
