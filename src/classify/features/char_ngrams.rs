//! Character n-gram features: runs of four characters within a piece of the text.

use super::comment::TokenizedComment;
use super::evidence::{Evidence, EvidenceKind};
use super::seeds::CHAR_NGRAM;
use super::sink::{CountedShare, FeatureGroup, FeatureSink};
use crate::classify::hash::combine;
use crate::classify::lexicon;
use crate::classify::token::Piece;

/// Adds the runs of four characters of a piece, with a space before and after it. A shorter piece is added as a whole.
pub fn extract(comment: &TokenizedComment, piece: &Piece, sink: &mut impl FeatureSink) {
    let (start, end) = (usize::from(piece.start), usize::from(piece.end));
    let text = &comment.text[start..end];
    let group = if piece.has_identity_term { FeatureGroup::Identity } else { FeatureGroup::Chars };
    let post_share = if comment.post_words.is_empty() {
        1.0
    } else {
        comment.post_share(lexicon::word_hash(text.trim_matches(|c: char| c.is_ascii_punctuation()).as_bytes()))
    };
    let share = CountedShare { spam: post_share, abuse: post_share.min(piece.weight) };
    // The last three characters, 21 bits each, and the starts of the last four.
    let mut window = u64::from(b' ') << 42;
    let mut starts = [start; 4];
    let mut length = 1;
    let chars = text.char_indices().map(|(at, c)| (start + at, c)).chain([(end, ' ')]);
    for (at, c) in chars {
        length += 1;
        if length >= 4 {
            let hash = combine(combine(CHAR_NGRAM, window), u64::from(c));
            let stop = (at + c.len_utf8()).min(end);
            let evidence = Evidence { kind: EvidenceKind::Token, start: starts[1] as u16, end: stop as u16 };
            sink.add(group, hash, share, evidence);
        }
        window = window >> 21 | u64::from(c) << 42;
        starts = [starts[1], starts[2], starts[3], at];
    }
    if length < 4 {
        let evidence = Evidence { kind: EvidenceKind::Token, start: piece.start, end: piece.end };
        sink.add(group, combine(CHAR_NGRAM, window), share, evidence);
    }
}
