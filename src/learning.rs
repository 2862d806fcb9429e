//! What each site has learned from its own outcomes, kept up with its log.
//!
//! A log is followed, not written to: whoever decides writes to it in the step of the decision. What was learned is a fold
//! over the log (`classify/site/fold.rs`), so that all servers come to the same; each keeps it for the sites that were asked
//! for last, and folds the others again when somebody asks.

mod clock;
mod follow;
mod refresh;
mod sites;
mod state;
mod teach;

pub use state::{Learning, LearningInput, LearningInputFn, ServingCheckFn};
pub use teach::{DecisionMaker, OutcomeReport};
