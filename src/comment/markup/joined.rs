//! Words that appear where a host strips tags. A browser shows their parts apart, or hides some of them.

use std::ops::Range;

use super::run::MappedText;

/// Maximum length of the part of a word that is joined to its neighbour, in bytes.
const MAX_JOINED_PART: usize = 64;

/// A hidden part of a body that a host that strips tags would show within the visible text.
pub struct HiddenPart {
    /// The byte offset in the visible text at which it would appear.
    pub visible_at: usize,
    /// Its byte range in the hidden text.
    pub hidden_range: Range<usize>,
}

/// Joins the words on both sides of the tags that break words. `gaps` are the byte offsets of the gaps that stand for those
/// tags.
pub fn across_gaps(visible: &MappedText, gaps: &[usize]) -> MappedText {
    let text = visible.text.as_str();
    let mut joined = MappedText::default();
    // The end of the last word that was joined, up to the next gap.
    let mut end = 0;
    for &at in gaps.iter().filter(|at| joins_words(text, **at)) {
        let after = at + 1;
        if end < at || end == 0 {
            joined.push_gap('\n');
            joined.append(visible.slice(at - last_word_len(&text[..at])..at));
        }
        end = after + first_word_len(&text[after..]);
        joined.append(visible.slice(after..end));
    }
    joined
}

/// Returns whether the text on both sides of a gap may be one word or address.
fn joins_words(text: &str, gap: usize) -> bool {
    let before = text[..gap].chars().next_back();
    let after = text.get(gap + 1..).and_then(|text| text.chars().next());
    let is_part = |c: char| c.is_alphanumeric() || ".-:/@".contains(c);
    // A sentence ends and another one begins.
    let is_sentence = before == Some('.') && after.is_some_and(char::is_uppercase);
    before.is_some_and(is_part) && after.is_some_and(is_part) && !is_sentence
}

/// Adds to the hidden text the words that appear where a host strips the tags around content hidden within a word. `max` limits
/// the added length, in bytes; the last word may exceed it.
pub fn across_hidden_parts(visible: &MappedText, hidden: &mut MappedText, parts: Vec<HiddenPart>, mut max: usize) {
    for HiddenPart { visible_at, hidden_range: part } in parts {
        let (before, after) = visible.text.split_at(visible_at);
        let (before, after) = (last_word_len(before), first_word_len(after));
        let text = hidden.text.get(part.clone()).unwrap_or_default();
        let (first, last) = (first_word_len(text), last_word_len(text));
        if before + after == 0 || first + last == 0 || max == 0 {
            continue;
        }
        max = max.saturating_sub(before + after + first + last);
        let words = if first == part.len() {
            vec![(before, part, after)]
        } else {
            vec![(before, part.start..part.start + first, 0), (0, part.end - last..part.end, after)]
        };
        for (before, part, after) in words {
            hidden.push_gap('\n');
            let (before, after) = (visible_at - before..visible_at, visible_at..visible_at + after);
            for text in [visible.slice(before), hidden.slice(part), visible.slice(after)] {
                hidden.append(text);
            }
        }
    }
}

/// Returns the length of the last word of a text, at most [`MAX_JOINED_PART`] bytes.
fn last_word_len(text: &str) -> usize {
    let word = text.chars().rev().take(MAX_JOINED_PART).take_while(|c| !c.is_whitespace());
    let length = word.map(char::len_utf8).sum::<usize>().min(MAX_JOINED_PART);
    text.len() - text.ceil_char_boundary(text.len() - length)
}

/// Returns the length of the first word of a text, at most [`MAX_JOINED_PART`] bytes.
fn first_word_len(text: &str) -> usize {
    let word = text.chars().take(MAX_JOINED_PART).take_while(|c| !c.is_whitespace());
    let length = word.map(char::len_utf8).sum::<usize>();
    text.floor_char_boundary(length.min(MAX_JOINED_PART))
}
