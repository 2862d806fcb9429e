//! Words that are shown from right to left.

use super::form::{Word, words};
use crate::reading::bidi::{self, RIGHT_TO_LEFT_OVERRIDE};
use crate::reading::text::NormalizedText;

/// The characters that end an override.
const OVERRIDE_ENDS: [char; 4] = ['\u{202C}', '\u{202D}', '\u{2029}', '\n'];

/// Returns the words that are shown from right to left, as they are read.
pub fn reversed_words(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices(RIGHT_TO_LEFT_OVERRIDE) {
        let begin = at + RIGHT_TO_LEFT_OVERRIDE.len_utf8();
        let run = bidi::override_run(&text[begin..], &OVERRIDE_ENDS);
        let whole = NormalizedText::normalize(run, |c| c);
        let first = all.len();
        all.extend(words(whole.as_str()).map(|word| {
            let of_run = whole.source_span(word.span);
            let at = begin + of_run.start..begin + of_run.end;
            Word { text: word.text.chars().rev().collect(), span: at, ..word }
        }));
        if let Some(words) = all.get_mut(first..) {
            words.reverse();
        }
    }
    all
}
