//! Features of disguised words: words behind look-alike characters, inner symbols, doubled letters and spacing.

use isolang::Language;

use super::evidence::{Evidence, EvidenceKind};
use super::scope;
use super::seeds::{CHAR_NGRAM, DISGUISED, UNIGRAM};
use super::sink::{FeatureGroup, FeatureSink};
use crate::classify::hash::combine;
use crate::classify::lexicon::{self, LexicalClasses};
use crate::classify::token::Piece;
use crate::reading::deobfuscate::{self, Deobfuscation};

/// The minimum number of consecutive single letters that form a spaced-out word.
const MIN_SPACED_LETTERS: usize = 3;
/// The maximum length of a single letter with surrounding punctuation, in bytes.
const MAX_SINGLE_BYTES: usize = 3;

/// The buffers of [`extract`].
#[derive(Default)]
pub struct DisguiseBuffers {
    reading: String,
    spaced: String,
}

/// Adds the features of every disguised word. Returns the number of disguised words, without those that only have doubled
/// letters.
pub fn extract(
    text: &str,
    pieces: &[Piece],
    language: Language,
    buffers: &mut DisguiseBuffers,
    sink: &mut impl FeatureSink,
) -> u32 {
    let DisguiseBuffers { reading, spaced } = buffers;
    let mut disguised = 0;
    let (mut spaced_from, mut spaced_to) = (0, 0);
    spaced.clear();
    for piece in pieces {
        let written = &text[usize::from(piece.start)..usize::from(piece.end)];
        if written.len() <= MAX_SINGLE_BYTES
            && let Some(letter) = deobfuscate::single_letter(written)
        {
            if spaced.is_empty() {
                spaced_from = piece.start;
            }
            spaced_to = piece.end;
            spaced.push(letter);
            continue;
        }
        disguised += add_spaced(spaced, language, spaced_from, spaced_to, sink);
        if !piece.is_plain {
            match deobfuscate::deobfuscate(written, reading) {
                Deobfuscation::AsWritten => {}
                // The doubled letter belongs to the identity term, and identity terms are not evidence.
                Deobfuscation::Folded if piece.has_identity_term => {}
                Deobfuscation::Folded => {
                    add_disguised_word(reading, language, piece.start, piece.end, EvidenceKind::Token, sink)
                }
                Deobfuscation::Revealed => {
                    disguised += 1;
                    add_disguised_word(reading, language, piece.start, piece.end, EvidenceKind::Disguise, sink);
                }
            }
        }
    }
    disguised + add_spaced(spaced, language, spaced_from, spaced_to, sink)
}

/// Adds the word that consecutive single letters form, if there are enough of them. Returns the number of added words, 0 or 1.
fn add_spaced(spaced: &mut String, language: Language, start: u16, end: u16, sink: &mut impl FeatureSink) -> u32 {
    let is_word = spaced.len() >= MIN_SPACED_LETTERS;
    if is_word {
        add_disguised_word(spaced, language, start, end, EvidenceKind::Disguise, sink);
    }
    spaced.clear();
    u32::from(is_word)
}

/// Adds a disguised word: as the plain word, as its character n-grams, and as a disguise.
fn add_disguised_word(
    word: &mut String,
    language: Language,
    start: u16,
    end: u16,
    kind: EvidenceKind,
    sink: &mut impl FeatureSink,
) {
    let evidence = Evidence { kind, start, end };
    let hash = lexicon::word_hash(word.as_bytes());
    if sink.contains(FeatureGroup::Words, combine(UNIGRAM, hash))
        || lexicon::classes_of(hash).intersects(LexicalClasses::IDENTITY)
    {
        return;
    }
    sink.add(FeatureGroup::Words, combine(UNIGRAM, hash), 1.0, evidence);
    sink.add(FeatureGroup::Words, combine(DISGUISED, hash), 1.0, evidence);
    scope::add_disguised(language, hash, evidence, sink);
    word.insert(0, ' ');
    word.push(' ');
    for length in 3..=5 {
        for gram in word.as_bytes().windows(length) {
            let (packed, rest) = gram.split_at(3);
            let packed = packed.iter().rev().fold(0, |packed, &byte| packed << 21 | u64::from(byte));
            let hash = rest.iter().fold(combine(CHAR_NGRAM, packed), |hash, &byte| combine(hash, u64::from(byte)));
            sink.add(FeatureGroup::Chars, hash, 1.0, evidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use isolang::Language;

    use super::{DisguiseBuffers, extract};
    use crate::classify::feature_counts::FeatureCounts;
    use crate::classify::token::Tokens;
    use crate::reading::text::ScoringText;

    #[test]
    fn disguises_are_counted() {
        let count = |source: &str| {
            let (mut text, mut tokens, mut tally) = (ScoringText::default(), Tokens::default(), FeatureCounts::default());
            text.normalize(source);
            tokens.tokenize(&text);
            tally.reset(source.len());
            extract(text.as_str(), &tokens.pieces, Language::Eng, &mut DisguiseBuffers::default(), &mut tally)
        };
        assert_eq!(count("you f u c k e r, buy v1agra"), 2);
        assert_eq!(count("buy s p a m"), 1);
        assert_eq!(count("I am a good-natured fellow, 1 2 3 4"), 0);
    }
}
