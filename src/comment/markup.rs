//! Reduces HTML and Markdown to the text a reader sees, links kept, and remembers where each part came from.

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::Format;

/// Elements whose content no reader sees.
const UNSEEN: [&[u8]; 6] = [b"script", b"style", b"template", b"noscript", b"head", b"title"];
/// Elements that run on within a line; every other one breaks words and lines.
const INLINE: [&[u8]; 22] = [
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"cite", b"code", b"del", b"em", b"font", b"i", b"ins", b"kbd", b"mark", b"q", b"s",
    b"small", b"span", b"strong", b"sub", b"sup", b"u",
];

/// No entity is longer. The end of one is not looked for further: a body of nothing but `&` would take for ever.
const MAX_ENTITY: usize = 33;

/// A body reduced to plain text.
#[derive(Debug, Clone)]
pub struct Text {
    text: String,
    /// Where each piece of `text` came from, in order. Empty: `text` is the body itself.
    pieces: Vec<Piece>,
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
            Format::Plain => Self { text: body.to_owned(), pieces: Vec::new() },
            Format::Html => html(body),
            Format::Markdown => markdown(body),
        }
    }

    /// The plain text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a byte range of the text came from, in bytes of the body. `None`: from nowhere in it.
    pub fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.is_empty() || range.end > self.text.len() {
            return None;
        }
        if self.pieces.is_empty() {
            return Some(range);
        }
        // By halving: a body may hold thousands of pieces and thousands of places that are asked for.
        let piece = |behind: usize| self.pieces.get(behind.checked_sub(1)?);
        let first = piece(self.pieces.partition_point(|piece| piece.begin <= range.start))?;
        let last = piece(self.pieces.partition_point(|piece| piece.begin < range.end))?;
        let begin = if first.exact {
            (first.source.start + range.start - first.begin).min(first.source.end)
        } else {
            first.source.start
        };
        let end = if last.exact { (last.source.start + range.end - last.begin).min(last.source.end) } else { last.source.end };
        (begin < end).then_some(begin..end)
    }
}

/// Collects text with its origin.
struct Builder<'a> {
    body: &'a str,
    text: String,
    pieces: Vec<Piece>,
    /// A link whose visible text has not come yet.
    href: Option<(String, Range<usize>)>,
}

impl<'a> Builder<'a> {
    fn new(body: &'a str) -> Self {
        Self { body, text: String::with_capacity(body.len()), pieces: Vec::new(), href: None }
    }

    fn push(&mut self, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let exact = self.body.get(source.clone()) == Some(text);
        self.pieces.push(Piece { begin: self.text.len(), source, exact });
        self.text.push_str(text);
    }

    /// Text that a reader sees, after the link it belongs to. A link that shows its own address is one link.
    fn visible(&mut self, text: &str, source: Range<usize>) {
        if !text.trim().is_empty()
            && let Some((href, at)) = self.href.take()
            && !same_address(&href, text)
        {
            self.link(&href, at);
        }
        self.push(text, source);
    }

    fn link(&mut self, href: &str, source: Range<usize>) {
        self.gap(' ');
        self.push(href, source);
        self.gap(' ');
    }

    fn flush_link(&mut self) {
        if let Some((href, at)) = self.href.take() {
            self.link(&href, at);
        }
    }

    /// Keeps words apart that markup kept apart. Comes from nowhere in the body.
    fn gap(&mut self, gap: char) {
        if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) {
            let at = self.pieces.last().map_or(0, |piece| piece.source.end);
            self.pieces.push(Piece { begin: self.text.len(), source: at..at, exact: false });
            self.text.push(gap);
        }
    }

    fn finish(mut self) -> Text {
        self.flush_link();
        if self.pieces.is_empty() {
            // An empty list would mean that the text is the body.
            self.pieces.push(Piece { begin: 0, source: 0..0, exact: false });
        }
        Text { text: self.text, pieces: self.pieces }
    }
}

fn same_address(href: &str, shown: &str) -> bool {
    fn bare(url: &str) -> &str {
        let url = url.trim();
        url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
    }
    bare(href).eq_ignore_ascii_case(bare(shown))
}

fn html(body: &str) -> Text {
    let mut builder = Builder::new(body);
    reduce_html(&mut builder, 0..body.len());
    builder.finish()
}

/// Reduces the part `at` of the builder's body, which is HTML.
fn reduce_html(builder: &mut Builder<'_>, at: Range<usize>) {
    let Some(part) = builder.body.get(at.clone()) else { return };
    let mut hidden: Option<Vec<u8>> = None;
    let mut tag = Vec::new();
    let mut attribute = Vec::new();
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<()> {
        let source = at.start + span.start..at.start + span.end;
        match event {
            CallbackEvent::OpenStartTag { name } => {
                tag = name.to_ascii_lowercase();
                if hidden.is_none() && UNSEEN.contains(&tag.as_slice()) {
                    hidden = Some(tag.clone());
                }
                if !INLINE.contains(&tag.as_slice()) {
                    builder.gap('\n');
                }
            }
            CallbackEvent::AttributeName { name } => attribute = name.to_ascii_lowercase(),
            CallbackEvent::AttributeValue { value } if hidden.is_none() => {
                let value = String::from_utf8_lossy(value).trim().to_owned();
                match (tag.as_slice(), attribute.as_slice()) {
                    (b"a", b"href") if !value.is_empty() => builder.href = Some((value, source)),
                    (b"img" | b"iframe" | b"video" | b"audio" | b"source" | b"embed", b"src") => builder.link(&value, source),
                    (b"img", b"alt") => builder.visible(&value, source),
                    _ => {}
                }
            }
            CallbackEvent::EndTag { name } => {
                if hidden.as_deref().is_some_and(|open| open.eq_ignore_ascii_case(name)) {
                    hidden = None;
                } else if name.eq_ignore_ascii_case(b"a") {
                    builder.flush_link();
                } else if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
                    builder.gap('\n');
                }
            }
            CallbackEvent::String { value } if hidden.is_none() => {
                let text = String::from_utf8_lossy(value);
                for (text, source) in align(builder.body, source, &text) {
                    builder.visible(text, source);
                }
            }
            _ => {}
        }
        None
    });
    // The reader is a string and the callback returns nothing: there is no error and no token to see.
    for _ in html5gum::Tokenizer::new_with_emitter(part, emitter) {}
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
    let mut builder = Builder::new(body);
    for (event, source) in Parser::new(body).into_offset_iter() {
        match event {
            Event::Text(text) | Event::Code(text) => {
                // A code span's range includes its back quotes.
                let inner = body.get(source.clone()).and_then(|raw| raw.find(text.as_ref()));
                let source = inner.map_or(source.clone(), |at| source.start + at..source.start + at + text.len());
                builder.visible(&text, source);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                builder.href = Some((dest_url.into_string(), source));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => builder.flush_link(),
            Event::Html(_) | Event::InlineHtml(_) => reduce_html(&mut builder, source),
            Event::SoftBreak | Event::HardBreak | Event::Rule => builder.gap('\n'),
            Event::End(end) if !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => builder.gap('\n'),
            _ => {}
        }
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
        check(Format::Html, "a<script>alert('x')</script>b", "a\nb");
        check(Format::Html, "<img src=http://x.example/a.png alt=cat>", "http://x.example/a.png cat");
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
}
