//! Converts text into glyphs that fill terminal cells. Glyphs contain no control sequences, no invisible characters, and
//! nothing that terminals draw wider than its nominal width.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::text::needs_escape;

/// Maximum number of combining marks on a letter. Text may have any number; few languages need more than three.
const MAX_COMBINING_MARKS: usize = 4;

/// A unit of text that is drawn in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    /// Text to draw, or empty for a line break.
    pub text: String,
    /// Width in cells.
    pub width: usize,
    /// Range of characters of the source text, counted like [`crate::pb::Span`].
    pub source: Range<u32>,
    kind: GlyphKind,
}

/// The kind of a glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GlyphKind {
    Letter {
        marks: usize,
    },
    Space,
    Break,
    /// An invisible character or control character, drawn as an escape.
    Escape(char),
}

impl Glyph {
    /// Returns whether this is the escape of an invisible character.
    pub fn is_escape(&self) -> bool {
        matches!(self.kind, GlyphKind::Escape(_))
    }

    /// Returns whether the glyph must not be split, however many cells it takes.
    pub fn is_indivisible(&self) -> bool {
        matches!(self.kind, GlyphKind::Letter { .. })
    }
}

/// Converts text into glyphs. Joiners and variation selectors are left out, because terminals do not agree on the width of
/// the result and one extra cell breaks the layout.
pub fn to_glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(text.len());
    let mut at = 0_u32;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let source = at..at + 1;
        at += 1;
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => glyphs.push(Glyph { text: String::new(), width: 0, source, kind: GlyphKind::Break }),
            '\t' => glyphs.push(Glyph { text: "    ".to_owned(), width: 4, source, kind: GlyphKind::Space }),
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
                extend_last(&mut glyphs, source.end)
            }
            // A skin tone modifier after an emoji.
            '\u{1f3fb}'..='\u{1f3ff}' if glyphs.last().is_some_and(|glyph| glyph.width == 2) => {
                extend_last(&mut glyphs, source.end)
            }
            // Regional indicators: flags are drawn as their two letters.
            '\u{1f1e6}'..='\u{1f1ff}' => {
                let letter = char::from_u32(u32::from('A') + u32::from(c) - 0x1f1e6).unwrap_or('?');
                glyphs.push(Glyph { text: letter.to_string(), width: 1, source, kind: GlyphKind::Letter { marks: 0 } });
            }
            c if is_mark(c) && !needs_escape(c) => push_mark(&mut glyphs, c, source),
            c if needs_escape(c) || is_blank(c) || c.width().unwrap_or(0) == 0 => push_escape(&mut glyphs, c, source),
            c if c.is_whitespace() => {
                let width = c.width().unwrap_or(1);
                glyphs.push(Glyph { text: " ".repeat(width), width, source, kind: GlyphKind::Space });
            }
            c => glyphs.push(Glyph {
                text: c.to_string(),
                width: c.width().unwrap_or(1),
                source,
                kind: GlyphKind::Letter { marks: 0 },
            }),
        }
    }
    glyphs
}

/// Returns whether a character is drawn blank: the Hangul fillers and the soft hyphen.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

/// Returns whether a character combines with the letter before it: combining marks, and Hangul vowels and finals.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}') || is_combining_mark(c)
}

/// Extends the source range of the last glyph.
fn extend_last(glyphs: &mut [Glyph], end: u32) {
    if let Some(last) = glyphs.last_mut() {
        last.source.end = end;
    }
}

/// Adds a combining mark to the last letter, or to a dotted circle if there is no letter before it.
fn push_mark(glyphs: &mut Vec<Glyph>, c: char, from: Range<u32>) {
    if let Some(Glyph { text, width, source: whole, kind: GlyphKind::Letter { marks } }) = glyphs.last_mut() {
        whole.end = from.end;
        if *marks < MAX_COMBINING_MARKS {
            *marks += 1;
            text.push(c);
            *width = text.width();
        }
        return;
    }
    let text = format!("◌{c}");
    glyphs.push(Glyph { width: text.width(), text, source: from, kind: GlyphKind::Letter { marks: 1 } });
}

/// Adds an escape. A run of the same character becomes one escape with a count.
fn push_escape(glyphs: &mut Vec<Glyph>, c: char, from: Range<u32>) {
    if let Some(last) = glyphs.last_mut()
        && last.kind == GlyphKind::Escape(c)
    {
        last.source.end = from.end;
        last.text = format!("{}×{}", c.escape_unicode(), last.source.end - last.source.start);
        last.width = last.text.width();
        return;
    }
    let text = c.escape_unicode().to_string();
    glyphs.push(Glyph { width: text.width(), text, source: from, kind: GlyphKind::Escape(c) });
}

/// Wraps glyphs into lines of at most `width` cells, broken between words where possible. Returns the range of each line.
pub fn wrap(glyphs: &[Glyph], width: usize) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut begin, mut used, mut after_space) = (0, 0, None);
    let mut i = 0;
    while let Some(glyph) = glyphs.get(i) {
        if glyph.kind == GlyphKind::Break {
            lines.push(begin..i);
            (begin, used, after_space) = (i + 1, 0, None);
        } else if used + glyph.width > width && i > begin {
            if glyph.kind == GlyphKind::Space {
                // A space at the edge is dropped.
                lines.push(begin..i);
                (begin, used, after_space) = (i + 1, 0, None);
            } else {
                let end = after_space.take().unwrap_or(i);
                lines.push(begin..end);
                begin = end;
                used = glyphs[begin..i].iter().map(|glyph| glyph.width).sum();
                continue;
            }
        } else {
            used += glyph.width;
            if glyph.kind == GlyphKind::Space {
                after_space = Some(i + 1);
            }
        }
        i += 1;
    }
    lines.push(begin..glyphs.len());
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        to_glyphs(text).iter().map(|glyph| if glyph.text.is_empty() { "\n" } else { &glyph.text }).collect()
    }

    #[test]
    fn what_a_terminal_obeys_is_an_escape() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
    }

    #[test]
    fn a_crowd_of_hidden_characters_is_one_escape() {
        assert_eq!(shown(&format!("a{}b", "\u{200b}".repeat(9_000))), "a\\u{200b}×9000b");
    }

    #[test]
    fn what_joins_is_left_out() {
        assert_eq!(shown("👩\u{200d}👧 👍🏽 ☺\u{fe0f} 🇩🇪"), "👩👧 👍 ☺ DE");
    }

    #[test]
    fn towers_of_marks_are_low() {
        let glyphs = to_glyphs(&format!("e{}x", "\u{301}".repeat(500)));
        assert_eq!(
            (glyphs.len(), glyphs[0].text.chars().count(), glyphs[0].source.clone()),
            (2, 1 + MAX_COMBINING_MARKS, 0..501)
        );
        assert_eq!(shown("\u{301}"), "◌\u{301}");
    }

    #[test]
    fn spans_find_their_glyphs() {
        let glyphs = to_glyphs("ä\u{200b}日本");
        let from: Vec<_> = glyphs.iter().map(|glyph| glyph.source.clone()).collect();
        assert_eq!(from, [0..1, 1..2, 2..3, 3..4]);
    }

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let glyphs = to_glyphs(text);
        wrap(&glyphs, width).into_iter().map(|line| glyphs[line].iter().map(|glyph| glyph.text.as_str()).collect()).collect()
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("one two", 7), ["one two"]);
        assert_eq!(wrapped("日本語です", 4), ["日本", "語で", "す"]);
        assert_eq!(wrapped("abcdefgh\n\nx", 3), ["abc", "def", "gh", "", "x"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_place_for_it_and_no_letter_is_lost(text in "[a-z 日\u{301}\u{200b}\n]{0,80}", width in 12..30_usize) {
            let glyphs = to_glyphs(&text);
            let lines = wrap(&glyphs, width);
            let kept: usize = lines.iter().map(ExactSizeIterator::len).sum();
            let lost = glyphs.len() - kept;
            let spaces = glyphs.iter().filter(|glyph| matches!(glyph.kind, GlyphKind::Space | GlyphKind::Break)).count();
            prop_assert!(lost <= spaces);
            for line in lines {
                let used: usize = glyphs[line.clone()].iter().map(|glyph| glyph.width).sum();
                prop_assert!(used <= width || line.len() == 1, "{used} > {width}");
            }
        }
    }
}
