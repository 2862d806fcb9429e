//! What a copy of the store holds.

/// What [`snapshot()`](super::snapshot()) has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// The file's length.
    pub bytes: u64,
    /// How many comments are in it.
    pub comments: u64,
    /// How many of them are held.
    pub held: u64,
}
