//! A site's policy: thresholds, limits and rules, and the decision that follows from them. Pure: no clock, no I/O.

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

pub use decide::PolicyDecision;
pub use entries::{Entries, EntryKind, EntryTarget, ListContext, SenderHashes};
pub use file::DEFAULT_POLICY;
pub use findings::{Findings, Omission};
pub use policies::Policies;
pub use rules::{LinkStripping, Policy, StoreOutageAction, Threshold};
