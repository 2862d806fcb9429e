//! Reduces Markdown to plain text.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::builder::PlainTextBuilder;
use super::html;
use super::text::PlainText;
use crate::reading::host;

/// Reduces a CommonMark body.
pub fn reduce(body: &str) -> PlainText {
    let parser = Parser::new(body);
    let mut reader = MarkdownReader::new(body, definitions(&parser));
    for (event, source) in parser.into_offset_iter() {
        reader.handle(event, source);
    }
    reader.finish()
}

/// A link reference definition, such as `[1]: http://blog.example`.
struct Definition {
    /// The address and, after a space, the title.
    target: String,
    source: Range<usize>,
}

/// Returns the reference definitions of a body, in the order in which they appear.
fn definitions(parser: &Parser<'_>) -> Vec<Definition> {
    let all = parser.reference_definitions().iter().map(|(_, definition)| {
        let title = definition.title.as_deref().unwrap_or_default();
        Definition { target: format!("{} {title}", definition.dest), source: definition.span.clone() }
    });
    let mut all: Vec<Definition> = all.collect();
    all.sort_by_key(|definition| definition.source.start);
    all
}

/// A reader of the parser events of a body.
struct MarkdownReader<'a> {
    builder: PlainTextBuilder<'a>,
    /// The definitions that no link has used.
    unused: Vec<Definition>,
    /// The ranges of the body that some event covers.
    claimed: Vec<Range<usize>>,
    in_image: bool,
    /// The number of open blocks whose end closes inline elements: paragraphs, headings and list items.
    depth: usize,
}

impl<'a> MarkdownReader<'a> {
    fn new(body: &'a str, definitions: Vec<Definition>) -> Self {
        let claimed = definitions.iter().map(|definition| definition.source.clone()).collect();
        Self { builder: PlainTextBuilder::new(body, 0), unused: definitions, claimed, in_image: false, depth: 0 }
    }

    fn handle(&mut self, event: Event<'_>, source: Range<usize>) {
        if self.claimed.last().is_none_or(|last| source.end > last.end || source.start < last.start) {
            self.claimed.push(source.clone());
        }
        match event {
            Event::Text(text) | Event::Code(text) => self.text(&text, source),
            Event::Start(tag) => self.start(tag, source),
            Event::End(end) => self.end(end),
            Event::InlineHtml(_) => html::reduce_part(&mut self.builder, source, Some(self.depth)),
            Event::SoftBreak | Event::HardBreak | Event::Rule => self.builder.break_words('\n'),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, source: Range<usize>) {
        // The range of a code span includes its backticks.
        let inner = self.builder.body.get(source.clone()).and_then(|raw| raw.find(text));
        let source = inner.map_or(source.clone(), |at| source.start + at..source.start + at + text.len());
        if self.in_image {
            self.builder.push_image_text(text.to_owned(), source);
        } else {
            self.builder.push_text(text, source);
        }
    }

    fn start(&mut self, tag: Tag<'_>, source: Range<usize>) {
        match tag {
            Tag::Link { dest_url, title, .. } => {
                self.use_definition(&dest_url, &title);
                self.builder.open_link(dest_url.into_string(), source.clone());
                self.builder.push_link_title(&title, source);
            }
            Tag::Image { dest_url, title, .. } => {
                self.use_definition(&dest_url, &title);
                self.in_image = true;
                self.builder.mark_link_visible();
                self.builder
                    .push_link(host::resolved_address(&dest_url).unwrap_or_else(|| dest_url.into_string()), source.clone());
                if !title.is_empty() {
                    self.builder.push_aside(&title, source);
                }
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) if info.contains(|c: char| !c.is_alphanumeric()) => {
                self.builder.push_aside(&info, source);
            }
            Tag::BlockQuote(_) => self.builder.open_quote(),
            // The block is read as a whole: line by line, its tags would be split.
            Tag::HtmlBlock => html::reduce_part(&mut self.builder, source, None),
            Tag::Paragraph | Tag::Heading { .. } | Tag::Item => self.depth += 1,
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::BlockQuote(_) => {
                self.builder.close_quote();
                self.builder.break_words('\n');
            }
            TagEnd::Link => self.builder.close_link(),
            TagEnd::Image => {
                self.in_image = false;
                // An image that waits for the next text may stand within a word.
                if !self.builder.has_pending() {
                    self.builder.break_words('\n');
                }
            }
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item => {
                self.builder.end_block(self.depth);
                self.builder.break_words('\n');
                self.depth = self.depth.saturating_sub(1);
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {}
            _ => self.builder.break_words('\n'),
        }
    }

    /// Removes the definition with this target from the unused ones.
    fn use_definition(&mut self, address: &str, title: &str) {
        let target = format!("{address} {title}");
        self.unused.retain(|definition| definition.target.trim_end() != target.trim_end());
    }

    fn finish(mut self) -> PlainText {
        // An unused definition is shown only by a host that shows the source.
        for definition in std::mem::take(&mut self.unused) {
            self.builder.hidden.links += 1;
            self.builder.push_aside(&definition.target, definition.source);
        }
        self.push_unclaimed_aside();
        self.builder.finish()
    }

    /// Adds the parts of the body that no event covers, such as a second definition of a name, to the hidden text. Only a host
    /// that uses the last definition shows them.
    fn push_unclaimed_aside(&mut self) {
        let body = self.builder.body;
        let mut claimed = std::mem::take(&mut self.claimed);
        claimed.sort_by_key(|span| span.start);
        let mut covered = 0;
        for span in claimed.into_iter().chain(std::iter::once(body.len()..body.len())) {
            if span.start > covered && body.get(covered..span.start).is_some_and(|rest| rest.contains(char::is_alphanumeric)) {
                self.builder.hidden.links += 1;
                self.builder.push_source_aside(covered..span.start);
            }
            covered = covered.max(span.end);
        }
    }
}
