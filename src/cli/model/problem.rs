//! Errors of files that cannot be used.

use std::error::Error;

/// An error that says why a file cannot be used.
pub type FileError = Box<dyn Error + Send + Sync>;
