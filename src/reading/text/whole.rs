//! The normal form of a text of any length.

use std::ops::Range;

use super::char_sink::CharSink;
use super::normalize::normalize;
use super::origin;

/// The Braille pattern without dots. It is ordinary in drawings, so the model's normal form keeps it, but within a word it is a
/// disguise.
const BRAILLE_BLANK: char = '\u{2800}';

/// A text of any length in normal form. Stretched letters are kept.
pub struct NormalizedText {
    normalized: String,
    /// The offset in the original of the character of each byte of `normalized`, and the end of the original. Empty if all
    /// offsets are the same as in the original.
    offsets: Vec<u32>,
}

impl NormalizedText {
    /// Normalizes a text. `also` replaces characters of the normal form.
    pub fn normalize(source: &str, also: fn(char) -> char) -> Self {
        if is_plain_ascii(source) {
            return Self { normalized: source.to_ascii_lowercase(), offsets: Vec::new() };
        }
        let normalized = String::with_capacity(source.len());
        let mut out = NormalizedTextBuilder { whole: Self { normalized, offsets: Vec::with_capacity(source.len() + 1) }, also };
        let end = normalize(source, &mut out);
        out.whole.offsets.push(end as u32);
        out.whole
    }

    /// Returns the normal form.
    pub fn as_str(&self) -> &str {
        &self.normalized
    }

    /// Returns the range of the original that a range of the normal form came from. Both ends are character boundaries of the
    /// original.
    pub fn source_span(&self, part: Range<usize>) -> Range<usize> {
        if self.offsets.is_empty() {
            return part;
        }
        let offset = |at: usize| self.offsets.get(at).map_or(0, |&offset| offset as usize);
        origin::source_span(part, self.offsets.len().saturating_sub(1), offset)
    }
}

/// Returns whether the normal form of a text differs from it only in capitals and kinds of white space.
pub fn is_plain_ascii(source: &str) -> bool {
    source
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t') && byte != b'&' && byte != b'<' && byte != b'`')
}

/// A builder of a [`NormalizedText`].
struct NormalizedTextBuilder {
    whole: NormalizedText,
    also: fn(char) -> char,
}

impl CharSink for NormalizedTextBuilder {
    fn push(&mut self, c: char, at: usize, _: bool) {
        if c == BRAILLE_BLANK {
            return;
        }
        let c = if c.is_whitespace() && c != '\n' { ' ' } else { (self.also)(c) };
        self.whole.normalized.push(c);
        self.whole.offsets.resize(self.whole.normalized.len(), at as u32);
    }

    fn count_invisible(&mut self) {}

    fn count_styled(&mut self) {}

    fn is_full(&self) -> bool {
        false
    }
}
