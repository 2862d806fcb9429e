//! Safe display of text from comments: characters that a terminal would interpret or hide are escaped.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Returns whether a terminal would interpret a character, reorder text because of it, or show nothing for it.
///
/// The zero-width joiner and non-joiner are not escaped: emoji and Persian need them, and they are harmless.
pub fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Marks, embeddings, overrides and isolates of writing direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Line and paragraph separators; characters without width.
            | '\u{2028}' | '\u{2029}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
            // Annotations and tags, which can hide whole sentences.
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Escapes a text of several lines. Line breaks stay, `\r\n` becomes `\n`, and a tab becomes four spaces.
pub fn escape_block(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| needs_escape(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' => shown.push('\n'),
            '\t' => shown.push_str("    "),
            c if needs_escape(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Escapes a text and shortens it to one line of at most `max_length` user-perceived characters.
///
/// Each run of white space becomes one space, and a text that was cut ends with `…`.
pub fn escape_line(text: &str, max_length: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    let mut space = false;
    for grapheme in text.graphemes(true) {
        if grapheme.chars().all(char::is_whitespace) {
            space = !shown.is_empty();
            continue;
        }
        // A letter may carry any number of combining marks. Ten characters are more than any language needs.
        let marks = grapheme.chars().take(10);
        let piece: String =
            marks.flat_map(|c| if needs_escape(c) { Escaped::Yes(c.escape_unicode()) } else { Escaped::No(Some(c)) }).collect();
        let added = usize::from(space) + if piece.starts_with("\\u{") { piece.len() } else { 1 };
        if length + added > max_length {
            shown.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            shown.push(' ');
        }
        shown.push_str(&piece);
        length += added;
    }
    shown
}

/// A character, escaped or not.
enum Escaped {
    Yes(std::char::EscapeUnicode),
    No(Option<char>),
}

impl Iterator for Escaped {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Yes(escape) => escape.next(),
            Self::No(c) => c.take(),
        }
    }
}

/// Returns the part of a body that a span covers, as one line of at most `max_length` characters.
///
/// Returns `None` if there is no span, or if it covers nothing of the body.
pub fn quote_span(body: &str, span: Option<&crate::pb::Span>, max_length: usize) -> Option<String> {
    let span = span?;
    let (begin, end) = (usize::try_from(span.begin).ok()?, usize::try_from(span.end).ok()?);
    let part: String = body.chars().skip(begin).take(end.checked_sub(begin)?).collect();
    (!part.is_empty()).then(|| escape_line(&part, max_length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_shown(
            text in "(\\PC|\\p{Cc}|[\u{202a}-\u{202e}\u{2066}-\u{2069}\u{e0020}-\u{e007f}\u{200b}\u{feff}]){0,60}",
            most in 0..50_usize,
        ) {
            let shown = escape_line(&text, most);
            prop_assert!(!shown.chars().any(needs_escape), "{shown:?}");
            prop_assert!(!escape_block(&text).chars().any(|c| needs_escape(c) && c != '\n'));
        }
    }

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(escape_block("a\u{1b}[31mb\u{9b}2Jc"), "a\\u{1b}[31mb\\u{9b}2Jc");
        assert_eq!(escape_line("a\u{1b}[31mb", 40), "a\\u{1b}[31mb");
    }

    #[test]
    fn direction_overrides_become_visible() {
        assert_eq!(escape_line("a\u{202e}b", 40), "a\\u{202e}b");
        assert_eq!(escape_block("\u{2067}b"), "\\u{2067}b");
    }

    #[test]
    fn families_and_scripts_stay_whole() {
        let text = "👩\u{200d}👩\u{200d}👧 می\u{200c}خواهم";
        assert_eq!(escape_line(text, 40), text);
    }

    #[test]
    fn lines_are_joined_and_cut() {
        assert_eq!(escape_line("  one\n\n two\tthree ", 40), "one two three");
        assert_eq!(escape_line("one two", 5), "one t…");
        assert_eq!(escape_block("one\r\n\ttwo"), "one\n    two");
    }

    #[test]
    fn a_tower_of_marks_does_not_tower() {
        let tower = format!("a{}b", "\u{301}".repeat(100_000));
        assert!(escape_line(&tower, 40).chars().count() < 20);
    }

    #[test]
    fn spans_count_characters() {
        let span = crate::pb::Span { begin: 3, end: 6 };
        assert_eq!(quote_span("äß pil", Some(&span), 20).as_deref(), Some("pil"));
        assert_eq!(quote_span("äß", Some(&span), 20), None);
    }
}
