//! Where the normal form of a text goes, character by character.

/// What takes a normal form, character by character.
pub trait CharSink {
    /// Takes a character, in lower case, that came from the byte `at`, and whether it was a capital there.
    fn push(&mut self, c: char, at: usize, capital: bool);

    /// Takes note of a character that nobody can see.
    fn count_invisible(&mut self);

    /// Takes note of a letter that is written as a symbol, upside down or backwards.
    fn count_styled(&mut self);

    /// Returns whether there is room for no more.
    fn is_full(&self) -> bool;
}
