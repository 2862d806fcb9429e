//! Loosely typed words: without a space after a mark, with disguising accents, or with a masked letter.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::form::{MASK, MIN_MASKED, Word, WordForm, fold_case};
use super::piece::trim_punctuation;
use crate::reading::address::Addresses;
use crate::reading::deobfuscate::strip_accents;

/// Symbols that mask a letter.
const MASK_SYMBOLS: &str = "*#%•●■█▪✱∗";

/// Marks that UAX #29 treats as part of a word if a letter follows. Many people leave out the space after them.
const JOINING_MARKS: &str = ".:_'·‧‿⁀";

/// Minimum number of letters in at least one of the words that such marks join.
const MIN_JOINED: usize = 3;

/// Returns the words of a text in normal form, split at joining marks, without disguising accents, and with masked letters.
/// Returns `None` if this makes no difference.
pub fn loose_words(normal: &str) -> Option<Vec<Word>> {
    let is_suspect = |c: char| !c.is_ascii() || JOINING_MARKS.contains(c) || MASK_SYMBOLS.contains(c);
    if !normal.contains(is_suspect) {
        return None;
    }
    let (mut all, mut differs) = (Vec::new(), false);
    for piece in normal.split_whitespace() {
        let begin = piece.as_ptr().addr() - normal.as_ptr().addr();
        if let Some((text, at)) = masked_word(piece) {
            all.push(Word { text, span: begin + at.start..begin + at.end, form: WordForm::Masked });
            differs = true;
            continue;
        }
        let addresses: Vec<Range<usize>> = match piece.contains('.') {
            true => Addresses::new(piece).map(|address| address.span().clone()).collect(),
            false => Vec::new(),
        };
        for (at, word) in piece.unicode_word_indices() {
            // The last address that begins before the word's end; addresses do not overlap.
            let next = addresses.partition_point(|address| address.start < at + word.len());
            let in_address =
                next.checked_sub(1).and_then(|last| addresses.get(last)).is_some_and(|address| address.contains(&at));
            let parts = if in_address { vec![(0, word)] } else { split_joined(word) };
            differs |= parts.len() != 1 || parts.iter().any(|(_, part)| part.len() < word.len());
            for (offset, part) in parts {
                let mut part = Word::plain(part, begin + at + offset);
                if let Some(bare) = strip_accents(&part.text) {
                    part.text = bare;
                    differs = true;
                }
                all.push(part);
            }
        }
    }
    differs.then_some(all)
}

/// Returns the words that marks join into one, with their byte offsets in it. One or two letters beside an apostrophe are not a
/// word.
fn split_joined(word: &str) -> Vec<(usize, &str)> {
    let is_joined = |(at, c): (usize, char)| {
        let beside = |c: Option<char>| c.is_none_or(char::is_alphabetic);
        JOINING_MARKS.contains(c)
            && (beside(word[..at].chars().next_back()) || beside(word[at + c.len_utf8()..].chars().next()))
    };
    if !word.contains(|c| JOINING_MARKS.contains(c)) {
        return vec![(0, word)];
    }
    let (mut parts, mut from, mut apostrophe) = (Vec::new(), 0, false);
    let ends = word.char_indices().filter(|mark| is_joined(*mark)).chain(std::iter::once((word.len(), ' ')));
    for (at, mark) in ends {
        let part = &word[from..at];
        let is_short = (apostrophe || mark == '\'') && part.chars().nth(MIN_JOINED - 1).is_none();
        if !part.is_empty() && !is_short {
            parts.push((from, part));
        }
        apostrophe = mark == '\'';
        from = at + mark.len_utf8();
    }
    if parts.iter().any(|(_, part)| part.chars().nth(MIN_JOINED - 1).is_some()) { parts } else { vec![(0, word)] }
}

/// Returns the word in which a symbol masks one letter, and its byte range in the piece. Returns `None` if there is none.
fn masked_word(piece: &str) -> Option<(String, Range<usize>)> {
    let is_mask = |c: char| MASK_SYMBOLS.contains(c);
    let core = trim_punctuation(piece);
    let at = core.find(is_mask)?;
    let (before, rest) = core.split_at(at);
    let after = rest.trim_start_matches(is_mask);
    let is_word = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let is_masked = rest.chars().take_while(|c| is_mask(*c)).count() == 1
        && is_word(before)
        && is_word(after)
        && before.chars().count() + after.chars().count() + 1 >= MIN_MASKED;
    let start = core.as_ptr().addr() - piece.as_ptr().addr();
    is_masked.then(|| (fold_case(&format!("{before}{MASK}{after}")), start..start + core.len()))
}
