//! Splits long texts into windows that are scored one by one. The number of scored windows is bounded: a cheap pass over
//! the whole text selects the most suspicious ones.

use std::borrow::Cow;
use std::ops::Range;

use super::features::seeds::UNIGRAM;
use super::hash::{self, combine};
use super::lexicon;
use super::model::{LanguageModel, Model};
use super::{Input, LABEL_LANES, Label};
use crate::reading::text::MAX_BYTES;

/// The maximum size of a window, in bytes, about the length of a long comment. Texts of more than [`MAX_BYTES`] are split.
const WINDOW: usize = 2_000;
/// The maximum number of windows that are scored besides the first and the last.
const MAX_INNER_WINDOWS: usize = 3;
/// The maximum length of a word that is looked up, in bytes.
const MAX_WORD_BYTES: usize = 32;
/// The suspicion that a link adds to a window, in units of a weight's scale.
const LINK_SUSPICION: f32 = 40.0;
/// The suspicion that a non-ASCII byte adds, in units of a weight's scale. Such a byte may be part of a disguised word.
const NON_ASCII_SUSPICION: f32 = 0.2;

/// Returns the windows of a text to score, in text order. A text of at most [`MAX_BYTES`] is a single window.
pub fn select_windows(model: &Model, text: &str) -> Vec<Range<usize>> {
    if text.len() <= MAX_BYTES {
        return std::iter::once(0..text.len()).collect();
    }
    let windows: Vec<Range<usize>> = split_into_windows(text).collect();
    let last = windows.len().saturating_sub(1);
    let spam_model = model.language_models().iter().find(|language_model| language_model.head(Label::Spam).is_some());
    let suspicions: Vec<[f32; LABEL_LANES]> =
        windows.iter().map(|window| suspicion(model, spam_model, text.get(window.clone()).unwrap_or_default())).collect();
    // Windows are ranked by how far they exceed the text's mean.
    let mean: [f32; LABEL_LANES] =
        std::array::from_fn(|lane| suspicions.iter().map(|sums| sums[lane]).sum::<f32>() / suspicions.len().max(1) as f32);
    let excess = |sums: &[f32; LABEL_LANES]| sums.iter().zip(mean).map(|(sum, mean)| sum - mean).fold(f32::MIN, f32::max);
    let inner = suspicions.iter().enumerate().filter(|(at, _)| *at > 0 && *at < last);
    let mut ranked: Vec<(f32, usize)> = inner.map(|(at, sums)| (excess(sums), at)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<usize> = ranked.into_iter().take(MAX_INNER_WINDOWS).map(|(_, at)| at).chain([0, last]).collect();
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|at| windows.get(at).cloned()).collect()
}

/// Returns the quoted ranges relative to the start of a window, given those of the whole text.
pub fn quoted_in_window<'q>(all: &'q [Range<usize>], window: &Range<usize>) -> Cow<'q, [Range<usize>]> {
    if window.start == 0 || all.is_empty() {
        return Cow::Borrowed(all);
    }
    let within = |part: &Range<usize>| part.start.saturating_sub(window.start)..part.end.saturating_sub(window.start);
    all.iter().map(within).filter(|part| !part.is_empty()).collect()
}

/// Returns a window of a comment as a separate input. `quoted` are the quoted ranges from [`quoted_in_window`].
pub fn window_input<'a>(input: &Input<'a>, at: &Range<usize>, quoted: &'a [Range<usize>]) -> Input<'a> {
    Input { text: input.text.get(at.clone()).unwrap_or_default(), quoted, ..*input }
}

/// Splits a text into windows, at white space if the second half of a window has any.
fn split_into_windows(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let begin = next;
        let rest = text.get(begin..).filter(|rest| !rest.is_empty())?;
        let limit = rest.floor_char_boundary(WINDOW).max(1);
        let space = rest.get(..limit).and_then(|part| part.rfind(char::is_whitespace)).filter(|at| *at >= WINDOW / 2);
        next = begin + if limit == rest.len() { limit } else { space.map_or(limit, |at| rest.ceil_char_boundary(at + 1)) };
        Some(begin..next)
    })
}

/// Estimates how suspicious a window is: for each lane, the positive weights of its words, plus its links and non-ASCII bytes.
fn suspicion(model: &Model, language_model: Option<&LanguageModel>, text: &str) -> [f32; LABEL_LANES] {
    let mut sums = [0.0f32; LABEL_LANES];
    let mut form = 0.0;
    let mut word = [0u8; MAX_WORD_BYTES];
    let mut length = 0;
    for byte in text.bytes().chain([b' ']) {
        if byte.is_ascii_alphanumeric() {
            if let Some(slot) = word.get_mut(length) {
                *slot = byte.to_ascii_lowercase();
            }
            length += 1;
            continue;
        }
        if (2..=MAX_WORD_BYTES).contains(&length) {
            let key = hash::feature_key(combine(UNIGRAM, lexicon::word_hash(word.get(..length).unwrap_or_default())));
            let sign = if key & 1 == 1 { -1.0 } else { 1.0 };
            if let Some(weights) = language_model.and_then(|language_model| model.bucket_weights(language_model, key >> 1)) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += (sign * f32::from(*weight)).max(0.0);
                }
            }
        }
        length = 0;
        form += if byte.is_ascii() { 0.0 } else { NON_ASCII_SUSPICION };
    }
    form += LINK_SUSPICION * text.matches("://").count() as f32;
    sums.map(|sum| sum + form)
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, MAX_INNER_WINDOWS, WINDOW, select_windows, split_into_windows};
    use crate::classify::{Input, Label, Model};

    #[test]
    fn windows_cover_a_text_and_end_between_words() {
        let text = "word ".repeat(3_000);
        let all: Vec<_> = split_into_windows(&text).collect();
        assert_eq!((all[0].start, all.last().unwrap().end), (0, text.len()));
        assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(all.iter().all(|at| at.len() <= WINDOW && text[at.clone()].ends_with(' ')));
        for odd in ["é".repeat(9_000), "\u{1F468}".repeat(5_000), String::new(), "x".into()] {
            assert_eq!(split_into_windows(&odd).map(|at| at.len()).sum::<usize>(), odd.len());
        }
    }

    #[test]
    fn short_texts_are_one_part_and_of_long_ones_the_number_is_bounded() {
        let model = Model::builtin().unwrap();
        assert_eq!(select_windows(&model, &"a".repeat(MAX_BYTES)).len(), 1);
        assert_eq!(select_windows(&model, &"words of prose ".repeat(4_000)).len(), MAX_INNER_WINDOWS + 2);
    }

    #[test]
    fn what_stands_anywhere_in_a_long_text_is_found() {
        let model = Model::builtin().unwrap();
        let prose = "The loaf rose well on Sunday, though the crust was pale and the crumb a little wet near the base. ";
        let spam = "Cheap viagra and cialis without prescription, order now at http://pills.example/buy with free shipping! ";
        let score = |text: &str| model.score(&Input { text, ..Input::default() }).get(Label::Spam).unwrap_or(0.0);
        assert!(score(&prose.repeat(600)) < 0.5);
        for before in [70, 200, 400, 640] {
            let text = [&prose.repeat(before), spam, &prose.repeat(640 - before)].concat();
            assert!(score(&text) > 0.8, "{before}: {}", score(&text));
        }
    }
}
