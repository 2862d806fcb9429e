//! A site's policy: thresholds, limits and rules, and the decision they lead to. Pure: no clock, no I/O.

mod checks;
mod decide;
mod describe;
mod entries;
mod file;
mod findings;
mod lists;
mod policies;
mod rules;
mod signals;
#[cfg(test)]
mod testing;
pub mod tune;
mod vote;
mod wording;

pub use decide::Ruling;
pub use entries::{Entries, Kind, Listed, Senders, Target};
pub use file::DEFAULT;
pub use findings::{Findings, Without};
pub use policies::Policies;
pub use rules::{Away, Policy, Strip, Threshold};
