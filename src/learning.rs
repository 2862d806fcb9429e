//! Per-site learning: follows each site's log of outcomes and keeps the model made from it.
//!
//! This module only reads the logs. A decision writes its outcome to the log in the step that records the decision. A model
//! is a fold over the log (`classify/site/fold.rs`), so that all servers come to the same result. Each server caches the
//! models of the sites used most recently, and folds the others again on demand.

mod clock;
mod follow;
mod refresh;
mod sites;
mod state;
mod teach;

pub use state::{Learning, LearningInput, LearningInputFn, ServingCheckFn};
pub use teach::{DecisionMaker, OutcomeReport};
