//! Words that a host makes which strips tags: a browser shows their parts apart, or hides some of them.

use std::ops::Range;

use super::run::MappedText;

/// Longest part of a word that is joined to what is hidden beside it, in bytes.
const MAX_JOINED_PART: usize = 64;

/// A hidden part of a body that would be shown within the visible text by a host that strips tags.
pub struct HiddenPart {
    /// The byte of the visible text at which it would be.
    pub visible_at: usize,
    /// The bytes that it covers in the hidden text.
    pub hidden_range: Range<usize>,
}

/// Returns the words on both sides of tags that break words, joined. `gaps` are the bytes of the text at which there is a gap
/// because of a tag.
pub fn across_gaps(seen: &MappedText, gaps: &[usize]) -> MappedText {
    let text = seen.text.as_str();
    let mut joined = MappedText::default();
    // How far the last word reaches, up to the next gap.
    let mut end = 0;
    for &at in gaps.iter().filter(|at| joins_words(text, **at)) {
        let after = at + 1;
        if end < at || end == 0 {
            joined.push_gap('\n');
            joined.append(seen.slice(at - last_word_len(&text[..at])..at));
        }
        end = after + first_word_len(&text[after..]);
        joined.append(seen.slice(after..end));
    }
    joined
}

/// Returns whether what stands on both sides of a gap may be parts of one word or address.
fn joins_words(text: &str, gap: usize) -> bool {
    let before = text[..gap].chars().next_back();
    let after = text.get(gap + 1..).and_then(|text| text.chars().next());
    let is_part = |c: char| c.is_alphanumeric() || ".-:/@".contains(c);
    // A sentence ends, and another one begins.
    let is_sentence = before == Some('.') && after.is_some_and(char::is_uppercase);
    before.is_some_and(is_part) && after.is_some_and(is_part) && !is_sentence
}

/// Adds to the hidden text the words that a host makes which strips the tags of what is hidden within a word. No more than
/// about `most` bytes of words are added.
pub fn across_hidden_parts(seen: &MappedText, hidden: &mut MappedText, parts: Vec<HiddenPart>, mut most: usize) {
    for HiddenPart { visible_at: place, hidden_range: part } in parts {
        let (before, after) = seen.text.split_at(place);
        let (before, after) = (last_word_len(before), first_word_len(after));
        let text = hidden.text.get(part.clone()).unwrap_or_default();
        let (first, last) = (first_word_len(text), last_word_len(text));
        if before + after == 0 || first + last == 0 || most == 0 {
            continue;
        }
        most = most.saturating_sub(before + after + first + last);
        let words = if first == part.len() {
            vec![(before, part, after)]
        } else {
            vec![(before, part.start..part.start + first, 0), (0, part.end - last..part.end, after)]
        };
        for (before, part, after) in words {
            hidden.push_gap('\n');
            for run in [seen.slice(place - before..place), hidden.slice(part), seen.slice(place..place + after)] {
                hidden.append(run);
            }
        }
    }
}

/// Returns the length of the word, or of the last bytes of it, that a text ends with.
fn last_word_len(text: &str) -> usize {
    let word = text.chars().rev().take(MAX_JOINED_PART).take_while(|c| !c.is_whitespace());
    let length = word.map(char::len_utf8).sum::<usize>().min(MAX_JOINED_PART);
    text.len() - text.ceil_char_boundary(text.len() - length)
}

/// Returns the length of the word, or of the first bytes of it, that a text begins with.
fn first_word_len(text: &str) -> usize {
    let word = text.chars().take(MAX_JOINED_PART).take_while(|c| !c.is_whitespace());
    let length = word.map(char::len_utf8).sum::<usize>();
    text.floor_char_boundary(length.min(MAX_JOINED_PART))
}
