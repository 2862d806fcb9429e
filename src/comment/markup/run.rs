//! Text with the source range of each of its parts.

use std::ops::Range;

/// A text with the source range of each of its parts.
#[derive(Debug, Clone, Default)]
pub struct MappedText {
    pub text: String,
    /// The segments that make up `text`, in order.
    pub segments: Vec<Segment>,
}

/// A segment of a text and the range of the body it came from, in bytes.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The byte offset in the text at which the segment starts.
    pub start: usize,
    pub source: Range<usize>,
    /// Whether text and source are the same bytes. If not, the segment maps to its source only as a whole.
    pub is_verbatim: bool,
}

impl MappedText {
    /// Adds text that came from this range of the body.
    pub fn push(&mut self, body: &str, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let is_verbatim = body.get(source.clone()) == Some(text);
        self.segments.push(Segment { start: self.text.len(), source, is_verbatim });
        self.text.push_str(text);
    }

    /// Adds a separator that has no source, unless the text is empty or already ends with white space.
    pub fn push_gap(&mut self, gap: char) {
        if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) {
            let at = self.segments.last().map_or(0, |segment| segment.source.end);
            self.segments.push(Segment { start: self.text.len(), source: at..at, is_verbatim: false });
            self.text.push(gap);
        }
    }

    /// Adds an address, separated from the text around it.
    pub fn push_address(&mut self, body: &str, address: &str, source: Range<usize>) {
        self.push_gap(' ');
        self.push(body, address, source);
        self.push_gap(' ');
    }

    /// Adds another text.
    pub fn append(&mut self, other: MappedText) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        self.segments.extend(other.segments.into_iter().map(|segment| Segment { start: start + segment.start, ..segment }));
    }

    /// Returns a part of the text, with its source ranges.
    pub fn slice(&self, part: Range<usize>) -> MappedText {
        let text = self.text.get(part.clone()).unwrap_or_default().to_owned();
        let from = self.segments.partition_point(|segment| segment.start <= part.start).saturating_sub(1);
        let to = self.segments.partition_point(|segment| segment.start < part.end);
        let segments = self.segments.get(from..to).unwrap_or_default().iter().map(|segment| {
            let skipped = if segment.is_verbatim { part.start.saturating_sub(segment.start) } else { 0 };
            let source = segment.source.start + skipped..segment.source.end;
            Segment { start: segment.start.saturating_sub(part.start), source, is_verbatim: segment.is_verbatim }
        });
        MappedText { text, segments: segments.collect() }
    }

    /// Returns the range of the body that a byte range of the text came from. Returns `None` if it did not come from the body.
    pub fn source_range(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.is_empty() || range.end > self.text.len() {
            return None;
        }
        // Binary search: a body may have thousands of segments, each looked up thousands of times.
        let segment = |behind: usize| self.segments.get(behind.checked_sub(1)?);
        let first = segment(self.segments.partition_point(|segment| segment.start <= range.start))?;
        let last = segment(self.segments.partition_point(|segment| segment.start < range.end))?;
        let start = if first.is_verbatim {
            (first.source.start + range.start - first.start).min(first.source.end)
        } else {
            first.source.start
        };
        let end =
            if last.is_verbatim { (last.source.start + range.end - last.start).min(last.source.end) } else { last.source.end };
        (start < end).then_some(start..end)
    }
}
