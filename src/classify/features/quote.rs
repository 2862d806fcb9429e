//! Detects quotations. They count less as evidence for abuse, since the author's own words matter more.

use std::ops::Range;

use super::side_text::{MAX_SIDE_TEXT_BYTES, truncate_str};
use crate::classify::Input;
use crate::classify::token::{Token, TokenKind, Tokens};
use crate::reading::text::ScoringText;

/// The weight of a quotation that the post or the parent comment contains.
const KNOWN_QUOTE_WEIGHT: f32 = 0.1;
/// The weight of a quotation from an unknown source.
const UNKNOWN_QUOTE_WEIGHT: f32 = 0.25;
/// The minimum number of words outside quotations. With fewer, quotations count in full.
const MIN_OWN_WORDS: usize = 2;
/// The maximum number of quotations of each kind. Further ones count in full.
const MAX_QUOTATIONS: usize = 64;
/// The minimum length of a quotation that is looked up, in bytes. Shorter ones match by chance.
const MIN_QUOTATION_BYTES: usize = 12;

/// Finds the quotations of a text and lowers the weights of their tokens and pieces. Quotations are blocks that markup sets
/// apart, lines that start with `>`, and text in quotation marks that the post or the parent comment contains.
pub fn lower_quoted_weights(input: &Input, text: &ScoringText, tokens: &mut Tokens, side: &mut ScoringText) {
    let normalised = text.as_str();
    if input.quoted.is_empty() && !normalised.contains(['>', '"']) {
        return;
    }
    let lines = quoted_lines(normalised);
    let in_marks =
        if input.parent_text.is_empty() && input.post_text.is_empty() { Vec::new() } else { in_quotation_marks(normalised) };
    let blocks = is_in_blocks(input, text, &tokens.tokens, &lines);
    if !blocks.contains(&true) && in_marks.is_empty() {
        return;
    }
    let known = known_quotations(input, normalised, &lines, &in_marks, side);
    let is_known = |token: &Token| known.iter().take(MAX_QUOTATIONS).any(|part| part.contains(&usize::from(token.start)));
    let own_words = tokens.tokens.iter().zip(&blocks).filter(|(token, block)| {
        matches!(token.kind, TokenKind::Word | TokenKind::Ideograph | TokenKind::Emoji) && !**block && !is_known(token)
    });
    if own_words.count() < MIN_OWN_WORDS {
        return;
    }
    for (token, block) in tokens.tokens.iter_mut().zip(blocks) {
        if is_known(token) {
            token.weight = KNOWN_QUOTE_WEIGHT;
        } else if block {
            token.weight = UNKNOWN_QUOTE_WEIGHT;
        }
    }
    tokens.lower_piece_weights();
}

/// Returns, for each token, whether it is in a block that markup sets apart or in a quoted line.
fn is_in_blocks(input: &Input, text: &ScoringText, tokens: &[Token], lines: &[Range<usize>]) -> Vec<bool> {
    let is_in_block = |token: &Token| {
        let at = usize::from(token.start);
        let origin = text.source_span(at..at + 1).start;
        input.quoted.iter().take(MAX_QUOTATIONS).any(|part| part.contains(&origin))
            || lines.iter().take(MAX_QUOTATIONS).any(|line| line.contains(&at))
    };
    tokens.iter().map(is_in_block).collect()
}

/// Returns the byte ranges of the lines that start with `>`, as mail programs quote.
fn quoted_lines(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut quoted = Vec::new();
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        if rest.starts_with('>') && !rest.starts_with(">:") && !rest.starts_with(">=") {
            quoted.push(at..at + line.len());
        }
        at += line.len();
    }
    quoted
}

/// Returns the byte ranges in quotation marks that are long enough to be looked up.
fn in_quotation_marks(text: &str) -> Vec<Range<usize>> {
    let marks: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
    let parts = marks.chunks_exact(2).map(|pair| pair[0] + 1..pair[1]);
    parts.filter(|part| part.len() >= MIN_QUOTATION_BYTES).collect()
}

/// Returns the quotations that the post or the parent comment contains.
fn known_quotations(
    input: &Input,
    text: &str,
    lines: &[Range<usize>],
    in_marks: &[Range<usize>],
    side: &mut ScoringText,
) -> Vec<Range<usize>> {
    let mut known = Vec::new();
    for source in [input.parent_text, input.post_text].into_iter().filter(|source| !source.is_empty()) {
        side.normalize(truncate_str(source, MAX_SIDE_TEXT_BYTES));
        for part in lines.iter().chain(in_marks) {
            let quoted = text.get(part.clone()).unwrap_or_default();
            let quoted = quoted.trim_matches(|c: char| c == '>' || c.is_whitespace() || c == '…' || c == '.');
            if quoted.len() >= MIN_QUOTATION_BYTES && side.as_str().contains(quoted) {
                known.push(part.clone());
            }
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the weight of each word.
    fn weights(text: &str, parent: &str) -> Vec<(String, f32)> {
        let (mut read, mut tokens) = (ScoringText::default(), Tokens::default());
        read.normalize(text);
        tokens.tokenize(&read);
        lower_quoted_weights(
            &Input { text, parent_text: parent, ..Input::default() },
            &read,
            &mut tokens,
            &mut ScoringText::default(),
        );
        let word = |token: &Token| read.as_str()[usize::from(token.start)..usize::from(token.end)].to_owned();
        let words = tokens.tokens.iter().filter(|token| token.kind == TokenKind::Word);
        words.map(|token| (word(token), token.weight)).collect()
    }

    #[test]
    fn what_is_quoted_counts_less_and_what_is_added_in_full() {
        let found = weights("> you fool\nThat was uncalled for", "");
        assert!(
            found.contains(&("fool".into(), UNKNOWN_QUOTE_WEIGHT)) && found.contains(&("uncalled".into(), 1.0)),
            "{found:?}"
        );
        let found = weights("> everybody is a fool here\nThat was uncalled for", "Everybody is a fool here, I say");
        assert!(found.contains(&("fool".into(), KNOWN_QUOTE_WEIGHT)), "{found:?}");
        let found = weights("\"everybody is a fool\" was uncalled for", "Well, everybody is a fool!");
        assert!(found.contains(&("fool".into(), KNOWN_QUOTE_WEIGHT)) && found.contains(&("was".into(), 1.0)), "{found:?}");
    }

    #[test]
    fn a_quotation_alone_is_what_the_comment_says() {
        assert!(weights("> you fool", "").contains(&("fool".into(), 1.0)));
        assert!(weights("You said \"fool\" and fool is what you are", "").iter().all(|(_, weight)| *weight == 1.0));
    }
}
