//! Why a file cannot be used.

use std::error::Error;

/// Why a file cannot be used, in words.
pub type FileError = Box<dyn Error + Send + Sync>;
