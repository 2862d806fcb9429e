//! Reduces HTML.

mod attributes;
mod elements;
mod raw;

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

use super::align::align;
use super::builder::PlainTextBuilder;
use super::text::PlainText;
use elements::{BLOCK_ELEMENTS, HIDDEN_ELEMENTS, QUOTE_ELEMENTS, TABLE_ELEMENTS, VOID_ELEMENTS, is_one_of};
use raw::RawText;

/// How deep documents in attributes are read.
const MAX_NESTED_DOCUMENTS: usize = 3;

/// Ends the text that `<bdo dir=rtl>` has be shown from right to left.
const END_OF_OVERRIDE: &str = "\u{202C}";

/// Reduces a document that is HTML, and within `depth` others.
pub fn reduce(body: &str, depth: usize) -> PlainText {
    let mut builder = PlainTextBuilder::new(body, depth);
    reduce_part(&mut builder, 0..body.len());
    builder.finish()
}

/// Reduces the part `at` of the builder's body, which is HTML.
pub fn reduce_part(builder: &mut PlainTextBuilder<'_>, at: Range<usize>) {
    let Some(part) = builder.body.get(at.clone()) else { return };
    let mut reader = HtmlReader {
        has_nul: part.contains('\0'),
        hidden: None,
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
    // The reader is a string and the callback returns nothing: there is no error and no token to see.
    for _ in html5gum::Tokenizer::new_with_emitter(part, emitter) {}
    reader.finish();
}

/// Reads the events of one piece of HTML.
struct HtmlReader<'b, 'a> {
    builder: &'b mut PlainTextBuilder<'a>,
    /// Some hosts take NULs out before anything else, browsers take them out of text.
    has_nul: bool,
    /// The element that hides what is in it.
    hidden: Option<HiddenElement>,
    tag: Vec<u8>,
    attribute: Vec<u8>,
    /// The names of the elements that break words and were there.
    opened_blocks: Vec<&'static [u8]>,
    /// Where the tag that is open began.
    tag_start: Option<usize>,
    /// How far the body was read.
    position: usize,
    /// The parts in which a browser may read no tags.
    raw: RawText<'a>,
    end: usize,
}

/// An element that hides what is in it.
struct HiddenElement {
    name: Vec<u8>,
    /// How many elements of this name are open.
    depth: usize,
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

    /// A tag or comment that never ends is nothing to a browser; hosts that escape it show it.
    fn finish(self) {
        let from = self.tag_start.unwrap_or(self.position);
        if self.builder.body.get(from..self.end).is_some_and(|rest| rest.contains(char::is_alphanumeric)) {
            self.builder.push_source_aside(from..self.end);
        }
    }

    fn open_start_tag(&mut self, name: &[u8], source: Range<usize>) {
        self.tag = self.name(name);
        self.tag_start = Some(source.start);
        match &mut self.hidden {
            Some(hidden) => hidden.depth += usize::from(hidden.name == self.tag),
            None if is_one_of(&HIDDEN_ELEMENTS, &self.tag) => {
                self.hidden = Some(HiddenElement { name: self.tag.clone(), depth: 1 })
            }
            None => {}
        }
        if self.begins_block() {
            self.builder.break_words_at_tag('\n');
        }
        if is_one_of(&QUOTE_ELEMENTS, &self.tag) {
            self.builder.open_quote();
        }
        self.builder.is_hidden = self.hidden.is_some();
    }

    fn close_start_tag(&mut self, source: Range<usize>) {
        let begin = self.tag_start.take().unwrap_or(source.start);
        self.push_markup_aside(begin..source.end, true);
        self.raw.begin_element(&self.tag, source.end);
        self.position = source.end;
        if is_one_of(&VOID_ELEMENTS, &self.tag) && self.hidden.as_ref().is_some_and(|hidden| hidden.name == self.tag) {
            self.hidden = None;
            self.builder.is_hidden = false;
        }
    }

    fn end_tag(&mut self, name: &[u8], source: Range<usize>) {
        let name = self.name(name);
        self.push_markup_aside(source.clone(), true);
        if let Some(hidden) = self.hidden.as_mut().filter(|hidden| hidden.name == name) {
            hidden.depth -= 1;
            if hidden.depth == 0 {
                self.hidden = None;
            }
        }
        self.builder.is_hidden = self.hidden.is_some();
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
        let in_table = is_one_of(&TABLE_ELEMENTS, &self.tag).then(|| self.opened_blocks.contains(&b"table".as_slice()));
        let Some(name) = BLOCK_ELEMENTS.into_iter().find(|name| *name == self.tag).filter(|_| in_table != Some(false)) else {
            return false;
        };
        if !self.opened_blocks.contains(&name) {
            self.opened_blocks.push(name);
        }
        true
    }

    /// Returns whether the end of an element breaks words. A browser passes over the end of what never began.
    fn ends_block(&self, name: &[u8]) -> bool {
        matches!(name, b"p" | b"br") || self.opened_blocks.contains(&name)
    }

    /// Has what is in the element be hidden, unless it is already.
    fn hide(&mut self) {
        if self.hidden.is_none() {
            self.hidden = Some(HiddenElement { name: self.tag.clone(), depth: 1 });
            self.builder.is_hidden = true;
        }
    }

    fn text(&mut self, text: &str, source: Range<usize>) {
        if !self.has_nul || !text.contains('\0') {
            return self.builder.push_text(text, source);
        }
        let exact = self.builder.body.get(source.clone()) == Some(text);
        let mut at = source.start;
        for part in text.split('\0') {
            let of_part = if exact { at..at + part.len() } else { source.clone() };
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

    /// A document in an attribute, which a browser shows.
    fn document(&mut self, document: &str, source: Range<usize>) {
        if self.builder.nesting >= MAX_NESTED_DOCUMENTS {
            return self.builder.push_aside(document, source);
        }
        let reduced = reduce(document, self.builder.nesting + 1);
        self.builder.push_document(&reduced, source);
    }

    /// Puts a tag or comment aside that is text to a browser, and a tag with other tags' beginnings or ends in it, which ends
    /// elsewhere for others than browsers.
    fn push_markup_aside(&mut self, markup: Range<usize>, is_tag: bool) {
        let inner = markup.start + 1..markup.end.saturating_sub(1);
        let is_odd = is_tag && self.builder.body.get(inner).is_some_and(|inner| inner.contains(['<', '>']));
        if is_odd || self.raw.may_hold(markup.start) {
            self.builder.push_source_aside(markup);
        }
    }
}
