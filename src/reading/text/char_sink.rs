//! The receiver of a normal form, character by character.

/// A receiver of a normal form, character by character.
pub trait CharSink {
    /// Adds a lower-case character that came from the byte `at` of the original. `capital` says whether it was a capital there.
    fn push(&mut self, c: char, at: usize, capital: bool);

    /// Records an invisible character, which is dropped.
    fn count_invisible(&mut self);

    /// Records a letter written as a symbol, upside down or reversed.
    fn count_styled(&mut self);

    /// Returns whether the receiver accepts no more characters.
    fn is_full(&self) -> bool;
}
