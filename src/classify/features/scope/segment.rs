//! Splits words that are written without spaces, such as "youareanidiot".

use super::mark::Tone;
use crate::classify::lexicon::{self, LexicalClasses, word_hash};
use crate::classify::words::{WordClasses, Words};

/// The minimum length of a word that is split, in bytes.
pub const MIN_SEGMENTED_BYTES: usize = 12;
/// The maximum length of a word that is split, in bytes.
const MAX_SEGMENTED_BYTES: usize = 48;
/// The minimum number of segments.
const MIN_SEGMENTS: usize = 3;
/// The maximum length of a segment, in bytes.
const MAX_SEGMENT_BYTES: usize = 12;

/// Splits a word into as few known words as possible. Returns the hash and the classes of each, or nothing if a part is
/// unknown, if there are fewer than three segments, or if no segment is hostile.
pub fn segment_words(words: &Words, row: &str) -> Vec<(u64, WordClasses)> {
    if !(MIN_SEGMENTED_BYTES..=MAX_SEGMENTED_BYTES).contains(&row.len()) || !row.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Vec::new();
    }
    let known = |part: &str| {
        let hash = word_hash(part.as_bytes());
        let classes = words.get(&hash).copied().unwrap_or_default();
        let is_word = classes != WordClasses::default() || lexicon::classes_of(hash).intersects(LexicalClasses::FUNCTION);
        is_word.then_some((hash, classes))
    };
    // For each end, the smallest number of segments and the start of the last one.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; row.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=row.len() {
        for begin in end.saturating_sub(MAX_SEGMENT_BYTES)..end {
            if let Some((count, _)) = best[begin]
                && known(&row[begin..end]).is_some()
                && best[end].is_none_or(|(best_count, _)| count + 1 < best_count)
            {
                best[end] = Some((count + 1, begin));
            }
        }
    }
    let (mut parts, mut end) = (Vec::new(), row.len());
    while let Some((_, begin)) = best[end].filter(|_| end > 0) {
        parts.extend(known(&row[begin..end]));
        end = begin;
    }
    parts.reverse();
    let is_hostile = |(_, classes): &(u64, WordClasses)| Tone::from_classes(*classes).is_some_and(Tone::is_hostile);
    if parts.len() >= MIN_SEGMENTS && parts.iter().any(is_hostile) { parts } else { Vec::new() }
}
