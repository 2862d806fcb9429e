//! The result of copying the embedded store.

/// A summary of the copy that [`snapshot()`](super::snapshot()) wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Size of the file, in bytes.
    pub bytes: u64,
    /// Number of comments in the copy.
    pub comments: u64,
    /// Number of held comments in the copy.
    pub held: u64,
}
