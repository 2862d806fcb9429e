//! The words of a text in each way it reads, with their places in it: as written, in normal form, in disguise.

mod disguise;
mod form;
mod loose;
mod piece;
mod readings;
mod reversed;
mod spaced;

pub use form::{MASK, MIN_MASKED, Word, WordForm, fold_case};
pub use readings::readings;
