//! How reasons show words and hosts of a comment.

use crate::reading::host;

/// A few words in quotation marks, cut to a length that fits a line.
pub fn quoted(words: &str) -> String {
    const MOST: usize = 60;
    match words.char_indices().nth(MOST) {
        Some((end, _)) => format!("“{}…”", &words[..end]),
        None => format!("“{words}”"),
    }
}

/// A host as people read it.
pub fn readable_host(host: &str) -> String {
    host::unicode_host(host.strip_prefix("www.").unwrap_or(host))
}
