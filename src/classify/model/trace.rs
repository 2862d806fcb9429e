//! Remembers what each use of a feature was evidence of.

use crate::classify::features::{Amount, Evidence, Group, Sink};
use crate::classify::tally::Tally;

/// The index of a feature in the tally, how much it counts, and what it is evidence of.
pub type Occurrence = (usize, Amount, Evidence);

/// Counts features like the tally it wraps, and remembers what each occurrence was evidence of.
pub struct Tracer<'a> {
    pub tally: &'a mut Tally,
    pub trace: &'a mut Vec<Occurrence>,
}

impl Sink for Tracer<'_> {
    fn add(&mut self, group: Group, hash: u64, amount: impl Into<Amount>, evidence: Evidence) -> bool {
        let amount = amount.into();
        let (index, first_time) = self.tally.count(group, hash, amount);
        self.trace.push((index, amount, evidence));
        first_time
    }

    fn contains(&self, group: Group, hash: u64) -> bool {
        self.tally.contains(group, hash)
    }
}
