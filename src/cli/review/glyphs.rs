//! Text of comments as glyphs that fill cells: nothing a terminal obeys, hides, or draws wider than it says.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::text::needs_escape;

/// A letter may carry any number of marks; few languages need more than three.
const MAX_COMBINING_MARKS: usize = 4;

/// What is drawn in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    /// What is written there. Empty: a line ends.
    pub text: String,
    /// Cells it takes.
    pub width: usize,
    /// Which characters of the text it stands for, counted as [`crate::pb::Span`] counts.
    pub source: Range<u32>,
    kind: GlyphKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GlyphKind {
    Letter {
        marks: usize,
    },
    Space,
    Break,
    /// A character that would not be seen, written as an escape.
    Escape(char),
}

impl Glyph {
    /// Whether it stands for something that would not be seen.
    pub fn is_escape(&self) -> bool {
        matches!(self.kind, GlyphKind::Escape(_))
    }

    /// Whether it must not be torn apart, however many cells it takes.
    pub fn is_indivisible(&self) -> bool {
        matches!(self.kind, GlyphKind::Letter { .. })
    }
}

/// Text as glyphs. What joins letters or chooses between their forms is left out: terminals do not agree on how wide the
/// result is, and one cell too many breaks the screen.
pub fn to_glyphs(text: &str) -> Vec<Glyph> {
    let mut made: Vec<Glyph> = Vec::with_capacity(text.len());
    let mut at = 0_u32;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let from = at..at + 1;
        at += 1;
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => made.push(Glyph { text: String::new(), width: 0, source: from, kind: GlyphKind::Break }),
            '\t' => made.push(Glyph { text: "    ".to_owned(), width: 4, source: from, kind: GlyphKind::Space }),
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => extend_last(&mut made, from.end),
            // A shade of skin, behind an emoji.
            '\u{1f3fb}'..='\u{1f3ff}' if made.last().is_some_and(|glyph| glyph.width == 2) => extend_last(&mut made, from.end),
            // Flags are pairs of letters.
            '\u{1f1e6}'..='\u{1f1ff}' => {
                let letter = char::from_u32(u32::from('A') + u32::from(c) - 0x1f1e6).unwrap_or('?');
                made.push(Glyph { text: letter.to_string(), width: 1, source: from, kind: GlyphKind::Letter { marks: 0 } });
            }
            c if is_mark(c) && !needs_escape(c) => push_mark(&mut made, c, from),
            c if needs_escape(c) || is_blank(c) || c.width().unwrap_or(0) == 0 => push_escape(&mut made, c, from),
            c if c.is_whitespace() => {
                let width = c.width().unwrap_or(1);
                made.push(Glyph { text: " ".repeat(width), width, source: from, kind: GlyphKind::Space });
            }
            c => made.push(Glyph {
                text: c.to_string(),
                width: c.width().unwrap_or(1),
                source: from,
                kind: GlyphKind::Letter { marks: 0 },
            }),
        }
    }
    made
}

/// Letters that look like nothing: fillers of Hangul, and the soft hyphen.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

/// What is written onto the letter before it: marks, and the later parts of a Korean syllable.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}') || is_combining_mark(c)
}

fn extend_last(made: &mut [Glyph], end: u32) {
    if let Some(last) = made.last_mut() {
        last.source.end = end;
    }
}

fn push_mark(made: &mut Vec<Glyph>, c: char, from: Range<u32>) {
    if let Some(Glyph { text, width, source: whole, kind: GlyphKind::Letter { marks } }) = made.last_mut() {
        whole.end = from.end;
        if *marks < MAX_COMBINING_MARKS {
            *marks += 1;
            text.push(c);
            *width = text.width();
        }
        return;
    }
    let text = format!("◌{c}");
    made.push(Glyph { width: text.width(), text, source: from, kind: GlyphKind::Letter { marks: 1 } });
}

/// Ten thousand of the same are one escape with a number.
fn push_escape(made: &mut Vec<Glyph>, c: char, from: Range<u32>) {
    if let Some(last) = made.last_mut()
        && last.kind == GlyphKind::Escape(c)
    {
        last.source.end = from.end;
        last.text = format!("{}×{}", c.escape_unicode(), last.source.end - last.source.start);
        last.width = last.text.width();
        return;
    }
    let text = c.escape_unicode().to_string();
    made.push(Glyph { width: text.width(), text, source: from, kind: GlyphKind::Escape(c) });
}

/// The lines that glyphs make at a width, broken between words where that is possible.
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
                // A space at the edge is nowhere.
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
        let made = to_glyphs(&format!("e{}x", "\u{301}".repeat(500)));
        assert_eq!((made.len(), made[0].text.chars().count(), made[0].source.clone()), (2, 1 + MAX_COMBINING_MARKS, 0..501));
        assert_eq!(shown("\u{301}"), "◌\u{301}");
    }

    #[test]
    fn spans_find_their_glyphs() {
        let made = to_glyphs("ä\u{200b}日本");
        let from: Vec<_> = made.iter().map(|glyph| glyph.source.clone()).collect();
        assert_eq!(from, [0..1, 1..2, 2..3, 3..4]);
    }

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let made = to_glyphs(text);
        wrap(&made, width).into_iter().map(|line| made[line].iter().map(|glyph| glyph.text.as_str()).collect()).collect()
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
            let made = to_glyphs(&text);
            let lines = wrap(&made, width);
            let kept: usize = lines.iter().map(ExactSizeIterator::len).sum();
            let lost = made.len() - kept;
            let spaces = made.iter().filter(|glyph| matches!(glyph.kind, GlyphKind::Space | GlyphKind::Break)).count();
            prop_assert!(lost <= spaces);
            for line in lines {
                let used: usize = made[line.clone()].iter().map(|glyph| glyph.width).sum();
                prop_assert!(used <= width || line.len() == 1, "{used} > {width}");
            }
        }
    }
}
