//! Text that remembers where in the body each part of it came from.

use std::ops::Range;

/// Text with its origin.
#[derive(Debug, Clone, Default)]
pub struct MappedText {
    pub text: String,
    /// Where each piece of `text` came from, in order.
    pub segments: Vec<Segment>,
}

/// A run of text and the run of the body it came from, both in bytes.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The byte of the text at which it begins.
    pub start: usize,
    pub source: Range<usize>,
    /// Both runs are the same bytes. Otherwise only the run as a whole can be pointed at.
    pub is_verbatim: bool,
}

impl MappedText {
    /// Adds text that came from this range of the body.
    pub fn push(&mut self, body: &str, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let exact = body.get(source.clone()) == Some(text);
        self.segments.push(Segment { start: self.text.len(), source, is_verbatim: exact });
        self.text.push_str(text);
    }

    /// Keeps words apart that markup kept apart. Comes from nowhere in the body.
    pub fn push_gap(&mut self, gap: char) {
        if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) {
            let at = self.segments.last().map_or(0, |piece| piece.source.end);
            self.segments.push(Segment { start: self.text.len(), source: at..at, is_verbatim: false });
            self.text.push(gap);
        }
    }

    /// Adds an address, apart from what is beside it.
    pub fn push_address(&mut self, body: &str, address: &str, source: Range<usize>) {
        self.push_gap(' ');
        self.push(body, address, source);
        self.push_gap(' ');
    }

    /// Adds another run.
    pub fn append(&mut self, other: MappedText) {
        let begin = self.text.len();
        self.text.push_str(&other.text);
        self.segments.extend(other.segments.into_iter().map(|piece| Segment { start: begin + piece.start, ..piece }));
    }

    /// Returns a part, with where it came from.
    pub fn slice(&self, part: Range<usize>) -> MappedText {
        let text = self.text.get(part.clone()).unwrap_or_default().to_owned();
        let from = self.segments.partition_point(|piece| piece.start <= part.start).saturating_sub(1);
        let to = self.segments.partition_point(|piece| piece.start < part.end);
        let pieces = self.segments.get(from..to).unwrap_or_default().iter().map(|piece| {
            let skipped = if piece.is_verbatim { part.start.saturating_sub(piece.start) } else { 0 };
            let source = piece.source.start + skipped..piece.source.end;
            Segment { start: piece.start.saturating_sub(part.start), source, is_verbatim: piece.is_verbatim }
        });
        MappedText { text, segments: pieces.collect() }
    }

    /// Returns where a byte range of the text came from, in bytes of the body. Returns `None` if it came from nowhere in it.
    pub fn source_range(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.is_empty() || range.end > self.text.len() {
            return None;
        }
        // By halving: a body may hold thousands of pieces and thousands of places that are asked for.
        let piece = |behind: usize| self.segments.get(behind.checked_sub(1)?);
        let first = piece(self.segments.partition_point(|piece| piece.start <= range.start))?;
        let last = piece(self.segments.partition_point(|piece| piece.start < range.end))?;
        let begin = if first.is_verbatim {
            (first.source.start + range.start - first.start).min(first.source.end)
        } else {
            first.source.start
        };
        let end =
            if last.is_verbatim { (last.source.start + range.end - last.start).min(last.source.end) } else { last.source.end };
        (begin < end).then_some(begin..end)
    }
}
