//! What is counted in a comment, for the signals to be computed from.

use super::manner::PraiseCount;
use super::spelling;
use crate::classify::lexicon::Classes;
use crate::classify::token::{Counts, Kind, Token, Tokens};
use crate::reading::text::Text;

/// What the signals are computed from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    pub bytes: usize,
    pub counts: Counts,
    pub words: u32,
    pub distinct_words: u32,
    pub word_bytes: u32,
    pub longest_run: usize,
    pub exclamations: u32,
    pub questions: u32,
    pub links: u32,
    pub emoji: u32,
    pub you: u32,
    pub i: u32,
    pub opening: u8,
    pub closing: u8,
    pub shouted: u32,
    pub disguised: u32,
    pub invisible: usize,
    pub calls: u32,
    pub places: u32,
    pub wares: u32,
    pub praise: u32,
    pub harm: u32,
    pub contempt: u32,
    pub generic: PraiseCount,
    pub garbled: u32,
    pub mixed: u32,
    pub braces: u32,
    /// Words that carry content, but would fit any post.
    pub generic_words: u32,
    /// Words that carry content, and those of them that the post uses too.
    pub content: u32,
    pub of_post: u32,
}

impl Facts {
    /// Returns what is known of a comment before its tokens are counted.
    pub fn new(text: &Text, tokens: &Tokens) -> Facts {
        let normalised = text.as_str();
        let form = |token: Option<&Token>| token.map_or(0, |token| form(normalised, token));
        Facts {
            bytes: normalised.len(),
            counts: tokens.counts,
            longest_run: text.longest_run(),
            invisible: text.invisible_count(),
            disguised: u32::from(text.styled_count() > 0),
            opening: form(tokens.tokens.first()),
            closing: form(tokens.tokens.last()),
            ..Facts::default()
        }
    }

    /// Counts a token: as it is written, whether the post uses it too, and whether it is new in the comment.
    pub fn count(&mut self, token: &Token, written: &str, of_post: bool, is_new: bool) {
        self.generic.add(token, of_post);
        if token.is_content() {
            self.content += 1;
            self.generic_words += u32::from(token.classes.has(Classes::PRAISE) || token.classes.has(Classes::OF_BLOGS));
            self.of_post += u32::from(of_post);
        }
        match token.kind {
            Kind::Word => self.count_word(token, written, is_new),
            Kind::Mark => self.count_mark(written),
            Kind::Link => self.links += 1,
            Kind::Emoji => self.emoji += 1,
            Kind::Number | Kind::Ideograph | Kind::Email | Kind::Handle | Kind::Tag => {}
        }
    }

    fn count_word(&mut self, token: &Token, written: &str, is_new: bool) {
        let has = |class| u32::from(token.classes.has(class));
        self.words += 1;
        self.mixed += u32::from(spelling::is_mixed(written));
        self.garbled += u32::from(spelling::is_garbled(written));
        self.distinct_words += u32::from(is_new);
        self.word_bytes += written.len() as u32;
        self.you += has(Classes::YOU);
        self.i += has(Classes::I);
        self.calls += has(Classes::CALL);
        self.places += has(Classes::PLACE);
        self.wares += has(Classes::WARES);
        self.praise += has(Classes::PRAISE);
        self.harm += has(Classes::HARM);
        self.contempt += has(Classes::CONTEMPT);
        self.shouted += u32::from(token.shouted);
    }

    /// Counts a run of one and the same mark.
    fn count_mark(&mut self, written: &str) {
        let run = written.len() as u32;
        match written.as_bytes().first() {
            Some(b'{' | b'}' | b'|') => self.braces += 1,
            Some(b'!') => self.exclamations += run,
            Some(b'?') => self.questions += run,
            _ => {}
        }
    }
}

/// Returns a code for the kind of token that opens or closes a comment.
fn form(text: &str, token: &Token) -> u8 {
    match token.kind {
        Kind::Word if token.shouted => 1,
        Kind::Mark => 0x80 | text.as_bytes()[usize::from(token.start)] & 0x7F,
        kind => 2 + kind as u8,
    }
}
