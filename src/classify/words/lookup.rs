//! Looks up the classes of the words of a text.

use super::classes::{WordClasses, Words};
use crate::classify::lexicon::word_hash;
use crate::classify::token::{Token, TokenKind};

/// The maximum length of an entry in languages that are written without spaces, in characters.
const MAX_ENTRY_CHARS: usize = 6;
/// The minimum length of a Korean stem that is looked up, in characters. Particles follow the stem without a space.
const MIN_STEM_CHARS: usize = 2;

/// Returns the classes of the word that starts at a token, and its number of tokens. Scripts without spaces have one token
/// per character, so the longest matching entry is used. A Korean word that has no entry is matched by its longest prefix.
pub fn look_up(words: &Words, text: &str, tokens: &[Token], at: usize) -> (WordClasses, usize) {
    let Some(token) = tokens.get(at) else { return (WordClasses::default(), 1) };
    let written = |end: u16| text.get(usize::from(token.start)..usize::from(end)).unwrap_or_default();
    if token.kind == TokenKind::Ideograph {
        let run = tokens[at..].iter().take(MAX_ENTRY_CHARS).take_while(|token| token.kind == TokenKind::Ideograph);
        let ends: Vec<u16> = run.map(|token| token.end).collect();
        let longest = ends.iter().enumerate().rev().find_map(|(more, end)| {
            let classes = words.get(&word_hash(written(*end).as_bytes()))?;
            Some((*classes, more + 1))
        });
        return longest.unwrap_or((WordClasses::default(), 1));
    }
    if let Some(classes) = words.get(&token.hash) {
        return (*classes, 1);
    }
    let word = written(token.end);
    if word.starts_with(|c: char| ('가'..='힣').contains(&c)) {
        let ends = word.char_indices().map(|(at, _)| at).skip(MIN_STEM_CHARS).collect::<Vec<usize>>();
        let stem = ends.into_iter().rev().find_map(|end| words.get(&word_hash(&word.as_bytes()[..end])));
        return (stem.copied().unwrap_or_default(), 1);
    }
    (WordClasses::default(), 1)
}
