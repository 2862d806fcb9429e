//! Turns a comment into hashed features. Training, scoring and explaining all call [`extract`].

mod address;
mod author;
mod char_ngrams;
mod comment;
mod comment_counts;
mod context;
mod disguise;
mod evidence;
mod lexical;
mod post;
mod quote;
pub mod scope;
pub mod seeds;
mod shape;
pub mod side_text;
pub mod signal;
mod sink;
mod spelling;
pub mod style;

use isolang::Language;

use self::comment::TokenizedComment;
use self::comment_counts::CommentCounts;
pub use self::evidence::{Evidence, EvidenceKind};
pub use self::sink::{CountedShare, FeatureGroup, FeatureSink};
use self::style::StyleSignals;
use super::Input;
use super::hash::combine;
use super::lexicon::WordSet;
use super::token::Tokens;
use super::words;
use crate::reading::text::ScoringText;

/// The buffers of feature extraction, reused from call to call.
#[derive(Default)]
pub struct Workspace {
    /// The normalised text of the comment.
    pub text: ScoringText,
    /// The tokens of the comment.
    pub tokens: Tokens,
    side_text: ScoringText,
    side_tokens: Tokens,
    post_words: WordSet,
    disguise: disguise::DisguiseBuffers,
    scope: scope::ScopeWords,
}

/// Normalises and tokenises a comment into the workspace, and lowers the weights of quoted tokens.
pub fn read(input: &Input, work: &mut Workspace) {
    let Workspace { text, tokens, side_text, .. } = work;
    text.normalize(input.text);
    tokens.tokenize(text);
    quote::lower_quoted_weights(input, text, tokens, side_text);
}

/// Extracts every feature of the comment that [`read`] put into the workspace. Returns its style signals.
pub fn extract(input: &Input, language: Language, work: &mut Workspace, sink: &mut impl FeatureSink) -> StyleSignals {
    let Workspace { text, tokens, side_text, side_tokens, post_words, disguise, scope } = work;
    post::read_post_words(input, side_text, side_tokens, post_words);
    if language != Language::Eng {
        tokens.reclassify(words::for_language(language));
    }
    scope::extract(text, tokens, language, scope, sink);
    let comment = TokenizedComment { text: text.as_str(), tokens: &tokens.tokens, post_words };
    let mut counts = CommentCounts::new(text, tokens);
    lexical::extract(&comment, &mut counts, sink);
    context::extract(&comment, sink);
    context::add_class_pairs(&comment, sink);
    for piece in &tokens.pieces {
        char_ngrams::extract(&comment, piece, sink);
    }
    counts.disguised += disguise::extract(comment.text, &tokens.pieces, language, disguise, sink);
    shape::extract(comment.text, comment.tokens, sink);
    add_signals(&counts, sink);
    post::extract(&counts, comment.post_words, sink);
    let name = input.author.and_then(|author| author::extract(&author, &comment, &counts, side_text, side_tokens, sink));
    StyleSignals {
        is_generic_praise: counts.praise_counter.is_generic_praise(),
        is_about_post: counts.praise_counter.is_about_post(),
        name,
    }
}

/// Adds one feature per dense signal: the signal at its level.
fn add_signals(counts: &CommentCounts, sink: &mut impl FeatureSink) {
    for (signal, level) in signal::levels(counts) {
        let hash = combine(seeds::SIGNAL, (signal as u64) << 8 | u64::from(level));
        sink.add(FeatureGroup::Dense, hash, 1.0, Evidence { kind: EvidenceKind::Signal(signal, level), start: 0, end: 0 });
    }
}
