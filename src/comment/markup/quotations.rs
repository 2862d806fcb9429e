//! The parts of a text that markup marks as quotations.

use std::ops::Range;

/// The quotations of a text, while it is read.
#[derive(Default)]
pub struct Quotations {
    /// How many are open, one within another.
    depth: usize,
    /// The byte of the text at which the outermost began.
    start: usize,
    found: Vec<Range<usize>>,
}

impl Quotations {
    /// Begins a quotation at this byte of the text.
    pub fn open(&mut self, at: usize) {
        if self.depth == 0 {
            self.start = at;
        }
        self.depth += 1;
    }

    /// Ends the quotation that was begun last.
    pub fn close(&mut self, at: usize) {
        if self.depth == 1 {
            self.found.push(self.start..at);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Returns the quotations of a text of this length. One that never ends reaches to the end.
    pub fn finish(mut self, length: usize) -> Vec<Range<usize>> {
        self.depth = self.depth.min(1);
        self.close(length);
        self.found
    }
}
