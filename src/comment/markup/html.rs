//! Reduces HTML to plain text.

mod attributes;
mod elements;
mod raw;

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

use super::align::align;
use super::builder::PlainTextBuilder;
use super::hidden::HiddenElement;
use super::text::PlainText;
use elements::{BLOCK_ELEMENTS, HIDDEN_ELEMENTS, QUOTE_ELEMENTS, TABLE_ELEMENTS, VOID_ELEMENTS, is_one_of, outlasts_paragraph};
use raw::RawText;

/// Maximum nesting of documents in attributes that are parsed.
const MAX_NESTED_DOCUMENTS: usize = 3;

/// Ends the right-to-left override of `<bdo dir=rtl>` (U+202C).
const END_OF_OVERRIDE: &str = "\u{202C}";

/// Reduces an HTML document that is nested in `depth` others.
pub fn reduce(body: &str, depth: usize) -> PlainText {
    let mut builder = PlainTextBuilder::new(body, depth);
    reduce_part(&mut builder, 0..body.len(), None);
    builder.finish()
}

/// Reduces the part `at` of the builder's body, which is HTML. `block` is the nesting depth of the Markdown block that the part
/// is inline in.
pub fn reduce_part(builder: &mut PlainTextBuilder<'_>, at: Range<usize>, block: Option<usize>) {
    let Some(part) = builder.body.get(at.clone()) else { return };
    let mut reader = HtmlReader {
        has_nul: part.contains('\0'),
        block,
        tag: Vec::new(),
        attribute: Vec::new(),
        opened_blocks: Vec::new(),
        tag_start: None,
        position: at.start,
        raw: RawText::new(builder.body, at.clone()),
        end: at.end,
        builder,
    };
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<()> {
        reader.handle(event, at.start + span.start..at.start + span.end);
        None
    });
    // Reading a string cannot fail, and the callback returns no tokens.
    for _ in html5gum::Tokenizer::new_with_emitter(part, emitter) {}
    reader.finish();
}

/// A reader of the tokenizer events of one piece of HTML.
struct HtmlReader<'b, 'a> {
    builder: &'b mut PlainTextBuilder<'a>,
    /// Whether the piece has NUL characters. Some hosts remove them first, and browsers remove them from text.
    has_nul: bool,
    /// The nesting depth of the Markdown block that the piece is inline in.
    block: Option<usize>,
    tag: Vec<u8>,
    attribute: Vec<u8>,
    /// The names of the block elements that were opened.
    opened_blocks: Vec<&'static [u8]>,
    /// The start of the open tag.
    tag_start: Option<usize>,
    /// The end of the part of the body that was read.
    position: usize,
    /// The parts that a browser may read as text rather than tags.
    raw: RawText<'a>,
    end: usize,
}

impl HtmlReader<'_, '_> {
    fn handle(&mut self, event: CallbackEvent<'_>, source: Range<usize>) {
        match event {
            CallbackEvent::OpenStartTag { name } => self.open_start_tag(name, source),
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
            CallbackEvent::CloseStartTag { .. } => self.close_start_tag(source),
            CallbackEvent::EndTag { name } => self.end_tag(name, source),
            CallbackEvent::String { value } => {
                self.position = source.end;
                let text = String::from_utf8_lossy(value);
                for (text, source) in align(self.builder.body, source, &text) {
                    self.text(text, source);
                }
            }
            CallbackEvent::Comment { value } => self.comment(value, source),
            CallbackEvent::Doctype { .. } => {
                self.position = source.end;
                let written = self.builder.body.get(source.clone()).unwrap_or_default();
                if !written.eq_ignore_ascii_case("<!doctype html>") || self.raw.may_hold(source.start) {
                    self.builder.push_source_aside(source);
                }
            }
            CallbackEvent::Error(_) => {}
        }
    }

    /// Ends the piece. A browser ignores a tag or comment that never ends, but a host that escapes tags shows it.
    fn finish(self) {
        let from = self.tag_start.unwrap_or(self.position);
        if self.builder.body.get(from..self.end).is_some_and(|rest| rest.contains(char::is_alphanumeric)) {
            self.builder.push_source_aside(from..self.end);
        }
    }

    fn open_start_tag(&mut self, name: &[u8], source: Range<usize>) {
        self.tag = self.name(name);
        self.tag_start = Some(source.start);
        match &mut self.builder.hidden_element {
            Some(hidden) => hidden.start_tag(&self.tag),
            None if is_one_of(&HIDDEN_ELEMENTS, &self.tag) => self.hide(),
            None => {}
        }
        if self.begins_block() {
            self.builder.break_words_at_tag('\n');
        }
        if is_one_of(&QUOTE_ELEMENTS, &self.tag) {
            self.builder.open_quote();
        }
    }

    fn close_start_tag(&mut self, source: Range<usize>) {
        let begin = self.tag_start.take().unwrap_or(source.start);
        self.push_markup_aside(begin..source.end, true);
        self.raw.begin_element(&self.tag, source.end);
        self.position = source.end;
        let hidden = self.builder.hidden_element.as_ref();
        if is_one_of(&VOID_ELEMENTS, &self.tag) && hidden.is_some_and(|hidden| hidden.is_named(&self.tag)) {
            self.builder.hidden_element = None;
        }
    }

    fn end_tag(&mut self, name: &[u8], source: Range<usize>) {
        let name = self.name(name);
        self.push_markup_aside(source.clone(), true);
        if self.builder.hidden_element.as_mut().is_some_and(|hidden| hidden.end_tag(&name)) {
            self.builder.hidden_element = None;
        }
        if is_one_of(&QUOTE_ELEMENTS, &name) {
            self.builder.close_quote();
        }
        self.position = source.end;
        if name == b"a" {
            self.builder.close_link();
        } else if self.ends_block(&name) {
            self.builder.break_words_at_tag('\n');
        } else if name == b"bdo" {
            self.builder.push_text(END_OF_OVERRIDE, source);
        }
    }

    fn comment(&mut self, value: &[u8], source: Range<usize>) {
        self.position = source.end;
        self.raw.begin_cdata(source.start);
        self.push_markup_aside(source.clone(), false);
        let text = String::from_utf8_lossy(value);
        self.builder.hidden.letters += text.chars().filter(|c| c.is_alphanumeric()).count();
        self.builder.push_aside(&text, source);
    }

    /// Returns the name of a tag or an attribute in lower case, without NUL characters.
    fn name(&self, name: &[u8]) -> Vec<u8> {
        if !self.has_nul {
            return name.to_ascii_lowercase();
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        name.replace(char::REPLACEMENT_CHARACTER, "").into_bytes()
    }

    /// Records the element that starts. Returns whether it breaks words.
    fn begins_block(&mut self) -> bool {
        let in_table = is_one_of(&TABLE_ELEMENTS, &self.tag).then(|| self.opened_blocks.contains(&b"table".as_slice()));
        let Some(name) = BLOCK_ELEMENTS.into_iter().find(|name| *name == self.tag).filter(|_| in_table != Some(false)) else {
            return false;
        };
        if !self.opened_blocks.contains(&name) {
            self.opened_blocks.push(name);
        }
        true
    }

    /// Returns whether an end tag breaks words. A browser ignores the end tag of an element that was never opened.
    fn ends_block(&self, name: &[u8]) -> bool {
        matches!(name, b"p" | b"br") || self.opened_blocks.contains(&name)
    }

    /// Hides the content of the current element.
    fn hide(&mut self) {
        if !self.builder.is_hidden() {
            let block = self.block.filter(|_| !outlasts_paragraph(&self.tag));
            self.builder.hidden_element = Some(HiddenElement::new(self.tag.clone(), block));
        }
    }

    fn text(&mut self, text: &str, source: Range<usize>) {
        if !self.has_nul || !text.contains('\0') {
            return self.builder.push_text(text, source);
        }
        let is_verbatim = self.builder.body.get(source.clone()) == Some(text);
        let mut at = source.start;
        for part in text.split('\0') {
            let of_part = if is_verbatim { at..at + part.len() } else { source.clone() };
            self.builder.push_text(part, of_part);
            at += part.len() + 1;
        }
    }

    fn attribute(&mut self, value: String, source: Range<usize>) {
        if value.is_empty() {
            return;
        }
        match (self.tag.as_slice(), self.attribute.as_slice()) {
            (b"iframe", b"srcdoc") => self.document(&value, source),
            (tag, name) => {
                let hides = attributes::hides_element(name, &value);
                attributes::add(self.builder, tag, name, value, source);
                if hides {
                    self.hide();
                }
            }
        }
    }

    /// Reads a document in an attribute, which a browser shows.
    fn document(&mut self, document: &str, source: Range<usize>) {
        if self.builder.nesting >= MAX_NESTED_DOCUMENTS {
            return self.builder.push_aside(document, source);
        }
        let reduced = reduce(document, self.builder.nesting + 1);
        self.builder.push_document(&reduced, source);
    }

    /// Adds markup to the hidden text if a browser reads it as text, or if it is a tag that contains `<` or `>`, which other
    /// parsers end elsewhere.
    fn push_markup_aside(&mut self, markup: Range<usize>, is_tag: bool) {
        let inner = markup.start + 1..markup.end.saturating_sub(1);
        let contains_tags = is_tag && self.builder.body.get(inner).is_some_and(|inner| inner.contains(['<', '>']));
        if contains_tags || self.raw.may_hold(markup.start) {
            self.builder.push_source_aside(markup);
        }
    }
}
