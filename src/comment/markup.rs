//! Reduces HTML and Markdown to the text a reader sees, links kept, and remembers where each part came from.

use std::ops::Range;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::Format;

/// Elements whose content browsers do not show. Hosts that only strip tags do, so it is judged all the same.
const UNSEEN: [&[u8]; 6] = [b"script", b"style", b"template", b"noscript", b"head", b"title"];
/// Elements that run on within a line; every other one breaks words and lines.
const INLINE: [&[u8]; 22] = [
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"cite", b"code", b"del", b"em", b"font", b"i", b"ins", b"kbd", b"mark", b"q", b"s",
    b"small", b"span", b"strong", b"sub", b"sup", b"u",
];

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
            Format::Plain => Self { text: body.to_owned(), hidden: Hidden::default(), pieces: Vec::new() },
            Format::Html => html(body),
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
    hidden: Hidden,
    /// Whether what comes now is hidden.
    unseen: bool,
    /// Whether the link that is open shows a letter, a digit or a picture. `None`: none is open.
    shows: Option<bool>,
}

impl<'a> Builder<'a> {
    fn new(body: &'a str) -> Self {
        Self {
            body,
            text: String::with_capacity(body.len()),
            pieces: Vec::new(),
            href: None,
            hidden: Hidden::default(),
            unseen: false,
            shows: None,
        }
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
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if self.unseen {
            self.hidden.letters += letters;
        } else if let Some(shows) = &mut self.shows {
            *shows |= letters > 0;
        }
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

    /// A link may show a picture instead of words.
    fn show_picture(&mut self) {
        if let Some(shows) = self.shows.as_mut().filter(|_| !self.unseen) {
            *shows = true;
        }
    }

    /// Opens a link.
    fn open_link(&mut self, href: String, source: Range<usize>) {
        self.close_link();
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
        self.close_link();
        if self.pieces.is_empty() {
            // An empty list would mean that the text is the body.
            self.pieces.push(Piece { begin: 0, source: 0..0, exact: false });
        }
        Text { text: self.text, hidden: self.hidden, pieces: self.pieces }
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
    // The element that hides what is in it, and how many of its name are open.
    let mut hidden: Option<(Vec<u8>, usize)> = None;
    let mut tag = Vec::new();
    let mut attribute = Vec::new();
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<()> {
        let source = at.start + span.start..at.start + span.end;
        match event {
            CallbackEvent::OpenStartTag { name } => {
                tag = name.to_ascii_lowercase();
                match &mut hidden {
                    Some((open, count)) => *count += usize::from(*open == tag),
                    None if UNSEEN.contains(&tag.as_slice()) => hidden = Some((tag.clone(), 1)),
                    None => {}
                }
                builder.unseen = hidden.is_some();
                if !INLINE.contains(&tag.as_slice()) {
                    builder.gap('\n');
                }
            }
            CallbackEvent::AttributeName { name } => {
                attribute = name.to_ascii_lowercase();
                if attribute == b"hidden" && hidden.is_none() {
                    hidden = Some((tag.clone(), 1));
                    builder.unseen = true;
                }
            }
            CallbackEvent::AttributeValue { value } => {
                let value = String::from_utf8_lossy(value).trim().to_owned();
                match (tag.as_slice(), attribute.as_slice()) {
                    (b"a" | b"area", b"href") if !value.is_empty() => builder.open_link(value, source),
                    (b"img" | b"iframe" | b"video" | b"audio" | b"source" | b"embed", b"src") => {
                        builder.show_picture();
                        builder.link(&value, source);
                    }
                    (b"object", b"data") | (b"form", b"action") | (_, b"formaction") => builder.link(&value, source),
                    (b"img", b"alt") | (_, b"title") => builder.visible(&value, source),
                    (_, b"style") if hidden.is_none() => {
                        let style: String = value.to_ascii_lowercase().split_whitespace().collect();
                        if UNSEEN_STYLES.iter().any(|unseen| style.contains(unseen)) {
                            hidden = Some((tag.clone(), 1));
                            builder.unseen = true;
                        }
                    }
                    _ => {}
                }
            }
            CallbackEvent::EndTag { name } => {
                if let Some((open, count)) = &mut hidden
                    && open.eq_ignore_ascii_case(name)
                {
                    *count -= 1;
                    if *count == 0 {
                        hidden = None;
                    }
                }
                if name.eq_ignore_ascii_case(b"a") {
                    builder.close_link();
                } else if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
                    builder.gap('\n');
                }
                builder.unseen = hidden.is_some();
            }
            CallbackEvent::String { value } => {
                let text = String::from_utf8_lossy(value);
                for (text, source) in align(builder.body, source, &text) {
                    builder.visible(text, source);
                }
            }
            CallbackEvent::Comment { value } => {
                builder.gap('\n');
                builder.unseen = true;
                builder.visible(&String::from_utf8_lossy(value), source);
                builder.gap('\n');
                builder.unseen = hidden.is_some();
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
    for (event, source) in parser.into_offset_iter() {
        match event {
            Event::Text(text) | Event::Code(text) => {
                // A code span's range includes its back quotes.
                let inner = body.get(source.clone()).and_then(|raw| raw.find(text.as_ref()));
                let source = inner.map_or(source.clone(), |at| source.start + at..source.start + at + text.len());
                builder.visible(&text, source);
            }
            Event::Start(Tag::Link { dest_url, title, .. }) => {
                unused.retain(|(address, _)| address.trim_end() != format!("{dest_url} {title}").trim_end());
                builder.open_link(dest_url.into_string(), source.clone());
                if !title.is_empty() {
                    builder.flush_link();
                    builder.push(&title, source);
                    builder.gap(' ');
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                builder.show_picture();
                builder.link(&dest_url, source);
            }
            Event::End(TagEnd::Link) => builder.close_link(),
            Event::Html(_) | Event::InlineHtml(_) => reduce_html(&mut builder, source),
            Event::SoftBreak | Event::HardBreak | Event::Rule => builder.gap('\n'),
            Event::End(end) if !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => builder.gap('\n'),
            _ => {}
        }
    }
    // A definition that nothing refers to shows nowhere, until a host shows the source.
    for (address, span) in unused {
        builder.hidden.links += 1;
        builder.gap('\n');
        builder.push(&address, span);
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
        check(Format::Html, "a<script>alert('x')</script>b", "a\nalert('x')\nb");
        check(Format::Html, "<img src=http://x.example/a.png alt=cat>", "http://x.example/a.png cat");
    }

    #[test]
    fn what_a_browser_hides_is_judged_and_told() {
        for (format, body, letters, links) in [
            (Format::Html, "nice<template>buy pills</template>", 8, 0),
            (Format::Html, "<head>all of it <b>bold</b>", 11, 0),
            (Format::Html, "a <!-- cheap pills --> b", 10, 0),
            (Format::Html, "<p style='Display : none'>cheap <span>pills</span></p> seen", 10, 0),
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
}
