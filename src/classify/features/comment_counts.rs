//! The counts of a comment from which the dense signals are computed.

use super::spelling;
use super::style::PraiseCounter;
use crate::classify::lexicon::LexicalClasses;
use crate::classify::token::{CharCounts, Token, TokenKind, Tokens};
use crate::reading::text::ScoringText;

/// The counts of a comment.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommentCounts {
    /// The length of the normalised text, in bytes.
    pub bytes: usize,
    /// The character counts.
    pub counts: CharCounts,
    /// The number of words.
    pub words: u32,
    /// The number of distinct words.
    pub distinct_words: u32,
    /// The total length of the words, in bytes.
    pub word_bytes: u32,
    /// The length of the longest run of one character.
    pub longest_run: usize,
    /// The number of exclamation marks.
    pub exclamations: u32,
    /// The number of question marks.
    pub questions: u32,
    /// The number of links.
    pub links: u32,
    /// The number of emoji.
    pub emoji: u32,
    /// The number of second-person words.
    pub second_person: u32,
    /// The number of first-person words.
    pub first_person: u32,
    /// The code of the first token's form, or 0 without tokens.
    pub opening: u8,
    /// The code of the last token's form, or 0 without tokens.
    pub closing: u8,
    /// The number of words in capitals.
    pub uppercase_words: u32,
    /// The number of disguised words, plus one if the text has styled characters.
    pub disguised: u32,
    /// The number of invisible characters.
    pub invisible: usize,
    /// The number of call-to-action words.
    pub calls_to_action: u32,
    /// The number of words for places on the web.
    pub web_places: u32,
    /// The number of sales words.
    pub sales_words: u32,
    /// The number of words of praise.
    pub praise: u32,
    /// The number of words of violence.
    pub harm: u32,
    /// The number of words of contempt.
    pub contempt: u32,
    /// The counts for detecting generic praise.
    pub praise_counter: PraiseCounter,
    /// The number of words that cannot be pronounced.
    pub garbled_words: u32,
    /// The number of words that mix Latin letters with those of another alphabet.
    pub mixed_script_words: u32,
    /// The number of runs of braces and vertical bars.
    pub braces: u32,
    /// The number of content words that would fit any post: words of praise and of blogging.
    pub generic_words: u32,
    /// The number of content words.
    pub content_words: u32,
    /// The number of content words that the post also contains.
    pub post_words: u32,
}

impl CommentCounts {
    /// Creates the counts of a comment whose tokens are not counted yet.
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

    /// Counts a token. `written` is its normalised text, `in_post` tells whether the post contains it, and `is_new` whether
    /// it occurs for the first time.
    pub fn count_token(&mut self, token: &Token, written: &str, in_post: bool, is_new: bool) {
        self.praise_counter.count(token, in_post);
        if token.is_content() {
            self.content_words += 1;
            self.generic_words += u32::from(
                token.classes.intersects(LexicalClasses::PRAISE_WORDS)
                    || token.classes.intersects(LexicalClasses::BLOGGING_WORDS),
            );
            self.post_words += u32::from(in_post);
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

    /// Counts a run of one punctuation mark.
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

/// Returns the code of a token's form: its kind, and for punctuation its first byte.
fn token_form(text: &str, token: &Token) -> u8 {
    match token.kind {
        TokenKind::Word if token.is_uppercase => 1,
        TokenKind::Punctuation => 0x80 | text.as_bytes()[usize::from(token.start)] & 0x7F,
        kind => 2 + kind as u8,
    }
}
