//! Formats words and hosts of a comment for the messages of reasons.

use crate::reading::host;

/// Returns words in quotation marks, truncated to a length that fits a line.
pub fn quoted(words: &str) -> String {
    const MAX_CHARS: usize = 60;
    match words.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("“{}…”", &words[..end]),
        None => format!("“{words}”"),
    }
}

/// Returns a host in Unicode, without `www.`.
pub fn readable_host(host: &str) -> String {
    host::unicode_host(host.strip_prefix("www.").unwrap_or(host))
}
