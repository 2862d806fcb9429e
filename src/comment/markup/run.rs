//! Text that remembers where in the body each part of it came from.

use std::ops::Range;

/// Text with its origin.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub text: String,
    /// Where each piece of `text` came from, in order.
    pub pieces: Vec<Piece>,
}

/// A run of text and the run of the body it came from, both in bytes.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The byte of the text at which it begins.
    pub begin: usize,
    pub source: Range<usize>,
    /// Both runs are the same bytes. Otherwise only the run as a whole can be pointed at.
    pub exact: bool,
}

impl Run {
    /// Adds text that came from this range of the body.
    pub fn push(&mut self, body: &str, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let exact = body.get(source.clone()) == Some(text);
        self.pieces.push(Piece { begin: self.text.len(), source, exact });
        self.text.push_str(text);
    }

    /// Keeps words apart that markup kept apart. Comes from nowhere in the body.
    pub fn gap(&mut self, gap: char) {
        if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) {
            let at = self.pieces.last().map_or(0, |piece| piece.source.end);
            self.pieces.push(Piece { begin: self.text.len(), source: at..at, exact: false });
            self.text.push(gap);
        }
    }

    /// Adds an address, apart from what is beside it.
    pub fn link(&mut self, body: &str, address: &str, source: Range<usize>) {
        self.gap(' ');
        self.push(body, address, source);
        self.gap(' ');
    }

    /// Adds another run.
    pub fn append(&mut self, other: Run) {
        let begin = self.text.len();
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.into_iter().map(|piece| Piece { begin: begin + piece.begin, ..piece }));
    }

    /// Returns a part, with where it came from.
    pub fn part(&self, part: Range<usize>) -> Run {
        let text = self.text.get(part.clone()).unwrap_or_default().to_owned();
        let from = self.pieces.partition_point(|piece| piece.begin <= part.start).saturating_sub(1);
        let to = self.pieces.partition_point(|piece| piece.begin < part.end);
        let pieces = self.pieces.get(from..to).unwrap_or_default().iter().map(|piece| {
            let skipped = if piece.exact { part.start.saturating_sub(piece.begin) } else { 0 };
            let source = piece.source.start + skipped..piece.source.end;
            Piece { begin: piece.begin.saturating_sub(part.start), source, exact: piece.exact }
        });
        Run { text, pieces: pieces.collect() }
    }

    /// Returns where a byte range of the text came from, in bytes of the body. Returns `None` if it came from nowhere in it.
    pub fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.is_empty() || range.end > self.text.len() {
            return None;
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
