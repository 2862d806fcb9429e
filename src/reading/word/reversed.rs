//! Words that are displayed from right to left.

use super::form::{Word, words};
use crate::reading::bidi::{self, RIGHT_TO_LEFT_OVERRIDE};
use crate::reading::text::NormalizedText;

/// Returns the words that are displayed from right to left, as they read.
pub fn reversed_words(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices(RIGHT_TO_LEFT_OVERRIDE) {
        let begin = at + RIGHT_TO_LEFT_OVERRIDE.len_utf8();
        let rest = &text[begin..];
        // A program that does not know isolates displays more of the text reversed.
        let (shortest, longest) = (bidi::override_run(rest, true), bidi::override_run(rest, false));
        add_reversed(shortest, begin, &mut all);
        if longest.len() > shortest.len() {
            add_reversed(longest, begin, &mut all);
        }
    }
    all
}

/// Adds the words of a run that begins at this byte of the text and is displayed from right to left.
fn add_reversed(run: &str, begin: usize, all: &mut Vec<Word>) {
    let whole = NormalizedText::normalize(run, |c| c);
    let first = all.len();
    all.extend(words(whole.as_str()).map(|word| {
        let in_run = whole.source_span(word.span);
        let span = begin + in_run.start..begin + in_run.end;
        Word { text: word.text.chars().rev().collect(), span, ..word }
    }));
    if let Some(words) = all.get_mut(first..) {
        words.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::reversed_words;

    #[test]
    fn an_end_of_an_isolate_hides_no_reversed_word() {
        for (text, word) in [
            ("so \u{202E}argaiv\u{202C} ok", "viagra"),
            ("so \u{202E}arg\u{2069}aiv\u{202C} ok", "viagra"),
            ("so \u{2066}\u{202E}argaiv\u{2069}ok", "viagra"),
            ("so \u{2066}\u{202E}arg\u{2069}aiv ok", "viagra"),
            ("so \u{202E}\u{2067}arg\u{2069}aiv ok", "viagra"),
        ] {
            let found = reversed_words(text);
            assert!(found.iter().any(|found| found.text == word), "{text:?}: {found:?}");
            assert!(found.iter().all(|word| text.get(word.span.clone()).is_some_and(|part| !part.is_empty())), "{found:?}");
        }
    }
}
