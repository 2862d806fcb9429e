//! Progress reports of training.

/// A progress report of training.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// The file with this name is being read.
    Reading(&'a str),
    /// The number of finished steps, and of all steps.
    Learned(usize, usize),
}
