//! Style signals, which training data cannot teach: praise that would fit any post, and names that advertise. They have no
//! trained weight; a policy sets their effect.

use crate::classify::lexicon::LexicalClasses;
use crate::classify::token::{Token, TokenKind};

/// The maximum number of content words of generic praise. Longer praise is usually specific.
const MAX_PRAISE_WORDS: u32 = 40;
/// The minimum number of blogging words if there is no praise, as in "which theme is this, the page loads so fast".
const MIN_GENERIC_WORDS: u32 = 4;
/// At least one in this many content words of generic praise is a word of praise or a blogging word.
const GENERIC_RATIO: u32 = 2;
/// At most one in this many content words of generic praise is from the post: a template can include the post's subject.
const MAX_POST_RATIO: u32 = 4;

/// At least one in this many content words of a comment about its post is from the post.
const ABOUT_POST_RATIO: u32 = 4;
/// The minimum number of words from the post in a comment about its post.
const ABOUT_POST_MIN_WORDS: u32 = 2;

/// Signals about the style of a comment and its author's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StyleSignals {
    /// Whether the comment is only praise that would fit any post, with hardly a word of the post and no link.
    pub is_generic_praise: bool,
    /// Whether the comment is about the post: it shares a good part of its words with it.
    pub is_about_post: bool,
    /// The kind of the author's name, if it is suspicious.
    pub name: Option<SuspiciousName>,
}

/// The kind of a name that is not a person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspiciousName {
    /// A name that contains a web address.
    Address,
    /// A name of two or more words with a sales word among them.
    Advertisement,
}

/// The word counts by which generic praise is detected.
#[derive(Debug, Clone, Copy, Default)]
pub struct PraiseCounter {
    content: u32,
    praise: u32,
    /// The number of blogging words.
    generic: u32,
    /// The number of other words that the post contains.
    of_post: u32,
    links: u32,
}

impl PraiseCounter {
    /// Counts a token of the comment. `in_post` tells whether the post contains the word.
    pub fn count(&mut self, token: &Token, in_post: bool) {
        self.links += u32::from(matches!(token.kind, TokenKind::Link | TokenKind::Email));
        let praise = token.classes.intersects(LexicalClasses::PRAISE_WORDS);
        if token.kind != TokenKind::Word || token.classes.intersects(LexicalClasses::FUNCTION) && !praise {
            return;
        }
        let generic = token.classes.intersects(LexicalClasses::BLOGGING_WORDS);
        self.content += 1;
        self.praise += u32::from(praise);
        self.generic += u32::from(generic && !praise);
        self.of_post += u32::from(in_post && !praise && !generic);
    }

    /// Returns whether the comment is about the post. Words that would fit any post do not count.
    pub fn is_about_post(self) -> bool {
        self.of_post >= ABOUT_POST_MIN_WORDS && self.of_post * ABOUT_POST_RATIO >= self.content
    }

    /// Returns whether the comment is praise that would fit any post.
    pub fn is_generic_praise(self) -> bool {
        let Self { content, praise, generic, of_post, links } = self;
        generic > 0
            && (praise > 0 || generic >= MIN_GENERIC_WORDS)
            && of_post * MAX_POST_RATIO <= content
            && links == 0
            && content <= MAX_PRAISE_WORDS
            && (praise + generic) * GENERIC_RATIO >= content
    }
}

/// Returns the kind of an author's name, given by its tokens, if it is suspicious, else `None`.
pub fn suspicious_name(tokens: &[Token]) -> Option<SuspiciousName> {
    if tokens.iter().any(|token| token.kind == TokenKind::Link) {
        return Some(SuspiciousName::Address);
    }
    let words = tokens.iter().filter(|token| token.kind == TokenKind::Word);
    let selling = LexicalClasses::SALES_WORDS;
    let sells = words.clone().any(|token| token.classes.intersects(selling));
    (sells && words.count() >= 2).then_some(SuspiciousName::Advertisement)
}

#[cfg(test)]
mod tests {
    use super::{PraiseCounter, SuspiciousName, suspicious_name};
    use crate::classify::token::Tokens;
    use crate::reading::text::ScoringText;

    fn tokens(source: &str) -> Tokens {
        let (mut text, mut tokens) = (ScoringText::default(), Tokens::default());
        text.normalize(source);
        tokens.tokenize(&text);
        tokens
    }

    fn is_generic(source: &str, of_post: &str) -> bool {
        count(source, of_post).is_generic_praise()
    }

    fn count(source: &str, of_post: &str) -> PraiseCounter {
        let mut count = PraiseCounter::default();
        let post = tokens(of_post);
        for token in &tokens(source).tokens {
            count.count(token, post.tokens.iter().any(|word| word.hash == token.hash));
        }
        count
    }

    #[test]
    fn what_speaks_of_the_post_uses_its_words() {
        let post = "Stolen rifles: serial numbers lead to government depots";
        assert!(count("The serial numbers are documented here: https://a.example/x", post).is_about_post());
        assert!(!count("Serial entrepreneurs earn more, join our channel and see how we do it", post).is_about_post());
        assert!(!count("The serial numbers are documented here", "").is_about_post());
    }

    #[test]
    fn praise_that_fits_any_post_is_told_from_praise_of_this_one() {
        assert!(is_generic("Great post! Thanks for sharing such useful information.", ""));
        assert!(is_generic("I really enjoyed reading your article, keep up the good work", ""));
        assert!(!is_generic("Great recipe, the dough came out wonderful", "A recipe for sourdough"));
        assert!(!is_generic("Great post, but the torque you give for the rear axle is wrong", ""));
        assert!(!is_generic("Thanks!", ""));
        assert!(!is_generic("The post office was closed", ""));
    }

    #[test]
    fn names_that_advertise_are_told_from_names() {
        let name = |source: &str| suspicious_name(&tokens(source).tokens);
        assert_eq!(name("best-casino.example.com"), Some(SuspiciousName::Address));
        assert_eq!(name("Cheap Payday Loans"), Some(SuspiciousName::Advertisement));
        for person in ["Ann", "J. R. Miller", "María del Carmen", "old_gunner77", "Price"] {
            assert_eq!(name(person), None, "{person}");
        }
    }
}
