//! Turns a comment into hashed features. Training, scoring and explaining all go through [`extract`].

mod address;
mod author;
pub mod bounds;
mod comment;
mod context;
mod disguise;
mod evidence;
mod facts;
mod grams;
mod lexical;
pub mod manner;
mod post;
mod quote;
pub mod scope;
pub mod seeds;
mod shape;
pub mod signal;
mod sink;
mod spelling;

use isolang::Language;

use self::comment::Comment;
pub use self::evidence::{Evidence, What};
use self::facts::Facts;
use self::manner::Manner;
pub use self::sink::{Amount, Group, Sink};
use super::Input;
use super::hash::join;
use super::lexicon::WordSet;
use super::token::Tokens;
use super::words;
use crate::reading::text::Text;

/// Buffers that extraction needs. Reused from call to call.
#[derive(Default)]
pub struct Workspace {
    pub text: Text,
    pub tokens: Tokens,
    side_text: Text,
    side_tokens: Tokens,
    post_words: WordSet,
    disguise: disguise::Buffers,
    scope: scope::Units,
}

/// Reads a comment into the workspace.
pub fn read(input: &Input, work: &mut Workspace) {
    let Workspace { text, tokens, side_text, .. } = work;
    text.normalize(input.text);
    tokens.read(text);
    quote::weigh(input, text, tokens, side_text);
}

/// Extracts every feature of the comment that was read into the workspace, and tells what it is like besides.
pub fn extract(input: &Input, language: Language, work: &mut Workspace, sink: &mut impl Sink) -> Manner {
    let Workspace { text, tokens, side_text, side_tokens, post_words, disguise, scope } = work;
    post::read_words(input, side_text, side_tokens, post_words);
    if language != Language::Eng {
        tokens.classify_in(words::of(language));
    }
    scope::extract(text, tokens, language, scope, sink);
    let comment = Comment { text: text.as_str(), tokens: &tokens.tokens, post_words };
    let mut facts = Facts::new(text, tokens);
    lexical::extract(&comment, &mut facts, sink);
    context::extract(&comment, sink);
    context::themes(&comment, sink);
    for piece in &tokens.pieces {
        grams::extract(&comment, piece, sink);
    }
    facts.disguised += disguise::extract(comment.text, &tokens.pieces, language, disguise, sink);
    shape::extract(comment.text, comment.tokens, sink);
    add_signals(&facts, sink);
    post::extract(&facts, comment.post_words, sink);
    let name = input.author.and_then(|author| author::extract(&author, &comment, &facts, side_text, side_tokens, sink));
    Manner { generic_praise: facts.generic.is_generic(), of_post: facts.generic.is_of_post(), name }
}

/// Adds every dense signal at its level.
fn add_signals(facts: &Facts, sink: &mut impl Sink) {
    for (signal, level) in signal::levels(facts) {
        let hash = join(seeds::SIGNAL, (signal as u64) << 8 | u64::from(level));
        sink.add(Group::Dense, hash, 1.0, Evidence { what: What::Signal(signal, level), start: 0, end: 0 });
    }
}
