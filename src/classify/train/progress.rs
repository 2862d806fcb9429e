//! What training reports while it runs.

/// How far training has come.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A file is being read.
    Reading(&'a str),
    /// So many of so many steps are learned.
    Learned(usize, usize),
}
