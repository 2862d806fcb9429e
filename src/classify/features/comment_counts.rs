//! What is counted in a comment, for the signals to be computed from.

use super::spelling;
use super::style::PraiseCounter;
use crate::classify::lexicon::LexicalClasses;
use crate::classify::token::{CharCounts, Token, TokenKind, Tokens};
use crate::reading::text::ScoringText;

/// What the signals are computed from.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommentCounts {
    pub bytes: usize,
    pub counts: CharCounts,
    pub words: u32,
    pub distinct_words: u32,
    pub word_bytes: u32,
    pub longest_run: usize,
    pub exclamations: u32,
    pub questions: u32,
    pub links: u32,
    pub emoji: u32,
    pub second_person: u32,
    pub first_person: u32,
    pub opening: u8,
    pub closing: u8,
    pub uppercase_words: u32,
    pub disguised: u32,
    pub invisible: usize,
    pub calls_to_action: u32,
    pub web_places: u32,
    pub sales_words: u32,
    pub praise: u32,
    pub harm: u32,
    pub contempt: u32,
    pub praise_counter: PraiseCounter,
    pub garbled_words: u32,
    pub mixed_script_words: u32,
    pub braces: u32,
    /// Words that carry content, but would fit any post.
    pub generic_words: u32,
    /// Words that carry content, and those of them that the post uses too.
    pub content_words: u32,
    pub post_words: u32,
}

impl CommentCounts {
    /// Returns what is known of a comment before its tokens are counted.
    pub fn new(text: &ScoringText, tokens: &Tokens) -> CommentCounts {
        let normalised = text.as_str();
        let form = |token: Option<&Token>| token.map_or(0, |token| token_form(normalised, token));
        CommentCounts {
            bytes: normalised.len(),
            counts: tokens.counts,
            longest_run: text.longest_run(),
            invisible: text.invisible_count(),
            disguised: u32::from(text.styled_count() > 0),
            opening: form(tokens.tokens.first()),
            closing: form(tokens.tokens.last()),
            ..CommentCounts::default()
        }
    }

    /// Counts a token: as it is written, whether the post uses it too, and whether it is new in the comment.
    pub fn count_token(&mut self, token: &Token, written: &str, of_post: bool, is_new: bool) {
        self.praise_counter.count(token, of_post);
        if token.is_content() {
            self.content_words += 1;
            self.generic_words += u32::from(
                token.classes.intersects(LexicalClasses::PRAISE_WORDS)
                    || token.classes.intersects(LexicalClasses::BLOGGING_WORDS),
            );
            self.post_words += u32::from(of_post);
        }
        match token.kind {
            TokenKind::Word => self.count_word(token, written, is_new),
            TokenKind::Punctuation => self.count_mark(written),
            TokenKind::Link => self.links += 1,
            TokenKind::Emoji => self.emoji += 1,
            TokenKind::Number | TokenKind::Ideograph | TokenKind::Email | TokenKind::Mention | TokenKind::Hashtag => {}
        }
    }

    fn count_word(&mut self, token: &Token, written: &str, is_new: bool) {
        let has = |class| u32::from(token.classes.intersects(class));
        self.words += 1;
        self.mixed_script_words += u32::from(spelling::is_mixed(written));
        self.garbled_words += u32::from(spelling::is_garbled(written));
        self.distinct_words += u32::from(is_new);
        self.word_bytes += written.len() as u32;
        self.second_person += has(LexicalClasses::SECOND_PERSON_WORDS);
        self.first_person += has(LexicalClasses::FIRST_PERSON_WORDS);
        self.calls_to_action += has(LexicalClasses::CALL_TO_ACTION);
        self.web_places += has(LexicalClasses::WEB_PLACE);
        self.sales_words += has(LexicalClasses::SALES_WORDS);
        self.praise += has(LexicalClasses::PRAISE_WORDS);
        self.harm += has(LexicalClasses::VIOLENCE_WORDS);
        self.contempt += has(LexicalClasses::CONTEMPT_WORDS);
        self.uppercase_words += u32::from(token.is_uppercase);
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
fn token_form(text: &str, token: &Token) -> u8 {
    match token.kind {
        TokenKind::Word if token.is_uppercase => 1,
        TokenKind::Punctuation => 0x80 | text.as_bytes()[usize::from(token.start)] & 0x7F,
        kind => 2 + kind as u8,
    }
}
