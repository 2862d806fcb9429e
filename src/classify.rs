//! The classifier: from a comment's text to a calibrated probability per label, and the reasons for it.
//!
//! A comment is scored in steps, each a module of its own:
//!
//! 1. `token` splits the normalised text into words, punctuation and addresses. `language` detects the language; `lexicon`
//!    and `words` assign words to classes.
//! 2. `features` turns the tokens into hashed features, which `feature_counts` counts.
//! 3. `model` looks up the weights of each feature (`table`), sums them and calibrates the sums (`calibrate`). Long texts
//!    are scored in windows (`window`).
//! 4. `model::explain` reports which parts of the comment moved a score.
//!
//! Serving is pure: no clock, no I/O, no allocation per feature. Training (`recipe`, `rows`, `example_set`, `learn`,
//! `train`, `evaluate`; `site` for corrections learned from a site's own outcomes) extracts features with the same code as
//! serving, so a feature has the same meaning in both.

mod calibrate;
mod digest;
mod example_set;
mod feature_counts;
mod features;
mod file;
mod hash;
mod input;
mod label;
mod language;
mod lexicon;
mod min_hash;
mod model;
mod table;
mod token;
mod vocabulary;
mod window;
mod words;

pub mod evaluate;
pub mod learn;
pub mod recipe;
pub mod rows;
pub mod site;
pub mod train;

pub use calibrate::log_odds;
pub use digest::{TextDigest, text_digest};
pub use features::style::{StyleSignals, SuspiciousName};
pub use file::ModelError;
pub use input::{Author, Input};
pub use label::{LABEL_LANES, Label};
pub use language::parse_tag as parse_language;
pub use min_hash::{BANDS, MinHash};
pub use model::explain::{Contribution, Explanation};
pub use model::{HeadInfo, Model, Scores};
