//! The words of a text in each way it can be read: as written, in normal form, and with disguises removed.

mod disguise;
mod form;
mod loose;
mod piece;
mod readings;
mod reversed;
mod spaced;

pub use form::{MASK, MIN_MASKED, Word, WordForm, fold_case};
pub use readings::readings;
