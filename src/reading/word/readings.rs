//! The readings of a text: its words as written, in normal form, and with disguises removed.

use std::ops::Range;

use super::disguise::{DisguiseReader, MIN_STRETCH};
use super::form::{Word, words};
use super::loose::loose_words;
use super::reversed::reversed_words;
use crate::reading::text::{NormalizedText, is_invisible, is_plain_ascii};

/// Returns the words of a text in each way it can be read, the first being as written. Readings that would equal another are
/// left out.
pub fn readings(text: &str) -> Vec<Vec<Word>> {
    let mut readings = vec![words(text).filter(|word| is_complete(text, &word.span)).collect()];
    let whole = NormalizedText::normalize(text, |c| c);
    let normal = whole.as_str();
    if !is_plain_ascii(text) && normal != text.to_lowercase() {
        readings.push(words(normal).collect());
    }
    for max_repeats in [MIN_STRETCH - 1, 1] {
        let reader = DisguiseReader::read(normal, max_repeats);
        let is_stretched = reader.is_stretched;
        if reader.differs {
            readings.push(reader.words);
        }
        if !is_stretched {
            break;
        }
    }
    readings.extend(loose_words(normal));
    for word in readings.iter_mut().skip(1).flatten() {
        word.span = whole.source_span(word.span.clone());
    }
    readings.extend(Some(reversed_words(text)).filter(|words| !words.is_empty()));
    readings
}

/// Returns whether a word does not continue behind invisible characters.
fn is_complete(text: &str, at: &Range<usize>) -> bool {
    let (before, after) = (&text[..at.start], &text[at.end..]);
    let (seen_before, seen_after) = (before.trim_end_matches(is_invisible), after.trim_start_matches(is_invisible));
    let goes_on_before = seen_before.len() < before.len() && seen_before.ends_with(char::is_alphanumeric);
    let goes_on_after = seen_after.len() < after.len() && seen_after.starts_with(char::is_alphanumeric);
    !goes_on_before && !goes_on_after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Vec<&str>> {
        let places = |reading: Vec<Word>| reading.into_iter().map(|word| &text[word.span]).collect();
        readings(text).into_iter().map(places).collect()
    }

    #[test]
    fn an_ordinary_text_reads_in_one_way() {
        assert_eq!(all("Buy it now, Ada! (Or not.)"), [["Buy", "it", "now", "Ada", "Or", "not"]]);
    }

    #[test]
    fn words_are_where_they_stand_however_they_read() {
        let text = "so Vi\u{200B}agra v i a g r a v1agra Soooo é";
        let found = readings(text);
        let place = |word: &str| {
            let of = found.iter().flatten().filter(|found| found.text == word).map(|word| &text[word.span.clone()]);
            of.collect::<Vec<_>>()
        };
        assert!(place("viagra").contains(&"Vi\u{200B}agra"));
        assert!(place("viagra").contains(&"v i a g r a") && place("viagra").contains(&"v1agra"));
        assert!(place("soo").contains(&"Soooo") && place("so").contains(&"Soooo"));
        assert!(found.len() <= 4);
    }
}
