//! The parts of a web address.

use crate::classify::lexicon;
use crate::reading::link;

/// Returns the hash of the registrable domain of a host.
pub fn domain_hash(host: &str) -> u64 {
    lexicon::word_hash(link::registrable_domain(host).as_bytes())
}

/// Returns the first 16 words of a host or path: runs of at least three ASCII letters.
pub fn words(part: &str) -> impl Iterator<Item = &str> {
    part.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() >= 3).take(16)
}

/// Returns a host without its top-level domain.
pub fn name_of_host(host: &str) -> &str {
    host.strip_suffix(link::top_level_domain(host)).unwrap_or(host).trim_end_matches('.')
}
