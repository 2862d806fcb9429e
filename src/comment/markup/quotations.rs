//! The parts of a text that are marked up as quotations.

use std::ops::Range;

/// A collector of the quotations in a text.
#[derive(Default)]
pub struct Quotations {
    /// The number of open quotations, nested in each other.
    depth: usize,
    /// The byte offset at which the outermost open quotation starts.
    start: usize,
    found: Vec<Range<usize>>,
}

impl Quotations {
    /// Starts a quotation at this byte of the text.
    pub fn open(&mut self, at: usize) {
        if self.depth == 0 {
            self.start = at;
        }
        self.depth += 1;
    }

    /// Ends the innermost open quotation at this byte of the text.
    pub fn close(&mut self, at: usize) {
        if self.depth == 1 {
            self.found.push(self.start..at);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Returns the quotations of a text of this length. A quotation that is still open extends to the end.
    pub fn finish(mut self, length: usize) -> Vec<Range<usize>> {
        self.depth = self.depth.min(1);
        self.close(length);
        self.found
    }
}
