//! Takes words apart that are written without spaces: "youareanidiot".

use super::mark::Tone;
use crate::classify::lexicon::{self, Classes, word_hash};
use crate::classify::words::{WordClasses, Words};

/// Shorter words are not taken apart, nor are longer ones.
pub const GLUED: usize = 12;
const LONGEST_GLUED: usize = 48;
/// The fewest words that are glued together, and the most letters of one.
const FEWEST_PARTS: usize = 3;
const LONGEST_PART: usize = 12;

/// Takes a row of words without spaces apart, if all of it is words that are known here and one of them is hostile.
pub fn unglue(words: &Words, row: &str) -> Vec<(u64, WordClasses)> {
    if !(GLUED..=LONGEST_GLUED).contains(&row.len()) || !row.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Vec::new();
    }
    let known = |part: &str| {
        let hash = word_hash(part.as_bytes());
        let classes = words.get(&hash).copied().unwrap_or_default();
        let is_word = classes != WordClasses::default() || lexicon::classes(hash).has(Classes::FUNCTION);
        is_word.then_some((hash, classes))
    };
    // The fewest words that reach each byte, and where the last of them begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; row.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=row.len() {
        for begin in end.saturating_sub(LONGEST_PART)..end {
            if let Some((count, _)) = best[begin]
                && known(&row[begin..end]).is_some()
                && best[end].is_none_or(|(least, _)| count + 1 < least)
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
    let is_hostile = |(_, classes): &(u64, WordClasses)| Tone::of(*classes).is_some_and(Tone::is_hostile);
    if parts.len() >= FEWEST_PARTS && parts.iter().any(is_hostile) { parts } else { Vec::new() }
}
