//! Splits normalised text into tokens and pieces, and counts characters for the dense signals.

use std::ops::Range;

use super::hash;
use super::lexicon::{self, LexicalClasses};
use super::words::Words;
use crate::reading::link::{Address, Addresses};
use crate::reading::text::ScoringText;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, with digits and apostrophes inside.
    Word,
    /// Digits, with separators inside.
    Number,
    /// A run of one and the same punctuation mark or symbol.
    Punctuation,
    /// One character of a script that is written without spaces.
    Ideograph,
    /// One emoji.
    Emoji,
    /// A web address.
    Link,
    /// An e-mail address.
    Email,
    /// A mention: `@name`.
    Mention,
    /// A hashtag: `#word`.
    Hashtag,
}

/// A token of the normalised text.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// The kind of the token.
    pub kind: TokenKind,
    /// The byte offset of its start in the normalised text.
    pub start: u16,
    /// The byte offset of its end in the normalised text.
    pub end: u16,
    /// Whether it is a word of at least two letters, all of them capitals.
    pub is_uppercase: bool,
    /// The lexical classes of a word; empty for other tokens.
    pub classes: LexicalClasses,
    /// The hash of the token. Links, e-mail addresses and mentions have one hash per kind.
    pub hash: u64,
    /// The hash for features that combine words. All identity terms share one, so that such features do not depend on which
    /// group is meant.
    pub context_hash: u64,
    /// The share of the token that counts as evidence for abuse, `0..=1`.
    pub weight: f32,
}

impl Token {
    /// Returns whether the token is a content word: at least three bytes long and not a function word.
    pub fn is_content(&self) -> bool {
        self.kind == TokenKind::Word && self.end - self.start >= 3 && !self.classes.intersects(LexicalClasses::FUNCTION)
    }
}

/// A part of the normalised text between white space and addresses.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// The byte offset of its start in the normalised text.
    pub start: u16,
    /// The byte offset of its end in the normalised text.
    pub end: u16,
    /// Whether it consists only of ASCII letters without doubled ones. Such a piece needs no deobfuscation.
    pub is_plain: bool,
    /// Whether it contains an identity term.
    pub has_identity_term: bool,
    /// The share of the piece that counts as evidence for abuse, `0..=1`.
    pub weight: f32,
}

/// Counts of the characters of a text, without those of addresses.
#[derive(Debug, Clone, Copy, Default)]
pub struct CharCounts {
    /// The number of letters.
    pub letters: u32,
    /// The number of capital letters.
    pub uppercase: u32,
    /// The number of digits.
    pub digits: u32,
    /// The number of punctuation marks and symbols.
    pub punctuation: u32,
    /// The number of characters outside of ASCII.
    pub non_ascii: u32,
    /// The number of line breaks.
    pub newlines: u32,
    /// The number of bytes of web and e-mail addresses.
    pub link_bytes: u32,
}

/// The tokens of one text. Reused from call to call to keep its buffers.
#[derive(Default)]
pub struct Tokens {
    /// The tokens, in text order.
    pub tokens: Vec<Token>,
    /// The pieces, in text order.
    pub pieces: Vec<Piece>,
    /// The character counts.
    pub counts: CharCounts,
}

impl Tokens {
    /// Replaces the content with the tokens of `text`.
    pub fn tokenize(&mut self, text: &ScoringText) {
        self.tokens.clear();
        self.pieces.clear();
        self.counts = CharCounts::default();
        let normalised = text.as_str();
        let mut at = 0;
        // Normalised white space is one of two ASCII bytes, so it is never part of a longer character.
        for (end, byte) in normalised.bytes().chain([b' ']).enumerate() {
            if byte == b' ' || byte == b'\n' {
                self.counts.newlines += u32::from(byte == b'\n');
                if at < end {
                    self.read_piece(text, at, end);
                }
                at = end + 1;
            }
        }
    }

    /// Replaces the English classes of all words by those of another language. Without classified words for the language,
    /// words keep only their language-independent classes.
    pub fn reclassify(&mut self, words: Option<&Words>) {
        for token in self.tokens.iter_mut().filter(|token| token.kind == TokenKind::Word) {
            let classes = words.and_then(|words| words.get(&token.hash)).copied().unwrap_or_default();
            token.classes = token.classes.language_independent().union(classes.to_lexical());
            token.context_hash =
                if token.classes.intersects(LexicalClasses::IDENTITY) { lexicon::IDENTITY_PLACEHOLDER } else { token.hash };
        }
        let mut tokens = self.tokens.iter().peekable();
        for piece in &mut self.pieces {
            piece.has_identity_term = false;
            while let Some(token) = tokens.next_if(|token| token.start < piece.end) {
                piece.has_identity_term |= token.classes.intersects(LexicalClasses::IDENTITY);
            }
        }
    }

    /// Lowers the weight of every piece to the lowest weight of its tokens.
    pub fn lower_piece_weights(&mut self) {
        let mut all = self.tokens.iter().peekable();
        for piece in &mut self.pieces {
            while let Some(token) = all.peek().filter(|token| token.start < piece.end) {
                if token.start >= piece.start {
                    piece.weight = piece.weight.min(token.weight);
                }
                all.next();
            }
        }
    }

    /// Reads the text between two white-space characters: its addresses, and the text around them.
    fn read_piece(&mut self, text: &ScoringText, mut at: usize, end: usize) {
        let piece = &text.as_str()[at..end];
        let begin = at;
        // Every address has a dot; most pieces have none.
        let mut addresses = piece.contains('.').then(|| Addresses::new(piece));
        while piece[at - begin..].contains('.')
            && let Some(address) = addresses.as_mut().and_then(Iterator::next)
        {
            let kind = if matches!(address, Address::Link(_)) { TokenKind::Link } else { TokenKind::Email };
            let (from, to) = (begin + address.span().start, begin + address.span().end);
            self.read_text(text, at, from);
            self.counts.link_bytes += (to - from) as u32;
            self.push(kind, from, to, false, hash::hash_bytes(lexicon::WORD_SEED, placeholder_text(kind)));
            at = to;
        }
        self.read_text(text, at, end);
    }

    /// Reads text that has neither white space nor addresses, and adds it as a piece.
    fn read_text(&mut self, text: &ScoringText, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let before = self.tokens.len();
        let mut plain = true;
        let mut at = start;
        while at < end {
            let (class, length) = char_class(text.as_str(), at);
            at = match class {
                CharClass::Letter | CharClass::Digit => {
                    let (to, is_plain) = self.read_word(text, at..end, class, length);
                    plain &= is_plain;
                    to
                }
                CharClass::Punctuation => {
                    plain = false;
                    self.read_punctuation(text, at..end, length, at == start)
                }
                CharClass::Ideograph | CharClass::Emoji => {
                    plain = false;
                    self.read_symbol(text, at, class, length)
                }
            }
        }
        let identity = self.tokens[before..].iter().any(|token| token.classes.intersects(LexicalClasses::IDENTITY));
        self.pieces.push(Piece {
            start: start as u16,
            end: end as u16,
            is_plain: plain,
            has_identity_term: identity,
            weight: 1.0,
        });
    }

    /// Reads the word or number at the start of a range. `class` and `length` are those of its first character. Returns its
    /// end and whether it consists only of ASCII letters without doubled ones.
    fn read_word(&mut self, text: &ScoringText, at: Range<usize>, class: CharClass, length: usize) -> (usize, bool) {
        let Range { start: from, end } = at;
        let normalised = text.as_str();
        let bytes = &normalised.as_bytes()[..end];
        let mut letters = u32::from(class == CharClass::Letter);
        let mut capitals = u32::from(text.is_capital(from));
        let mut plain = bytes[from].is_ascii_lowercase();
        let mut previous = bytes[from];
        let mut at = from + length;
        while at < end {
            let (class, length) = char_class(normalised, at);
            match class {
                CharClass::Letter => {
                    letters += 1;
                    capitals += u32::from(text.is_capital(at));
                    plain &= bytes[at] != previous && bytes[at] < 0x80;
                }
                CharClass::Digit => {}
                CharClass::Punctuation if is_inside_word(bytes, at, letters > 0) => {}
                _ => break,
            }
            plain &= bytes[at].is_ascii_lowercase();
            previous = bytes[at];
            at += length;
        }
        self.push_word(text, from, at, letters, capitals);
        (at, plain)
    }

    /// Reads a run of one punctuation mark at the start of a range. A mark that is the first of its piece may also start a
    /// mention or a hashtag. Returns the end of the token.
    fn read_punctuation(&mut self, text: &ScoringText, at: Range<usize>, length: usize, is_first: bool) -> usize {
        let Range { start: from, end } = at;
        let normalised = text.as_str();
        let bytes = &normalised.as_bytes()[..end];
        let mark = &bytes[from..from + length];
        let mut at = from + length;
        while at < end && normalised.as_bytes()[at..].starts_with(mark) {
            at += length;
        }
        let run = ((at - from) / length) as u32;
        self.counts.punctuation += run;
        self.counts.non_ascii += u32::from(length > 1) * run;
        // Runs of four marks and more share a hash.
        let hashed = &bytes[from..from + length * run.min(4) as usize];
        let may_be_mention = is_first && (hashed == b"@" || hashed == b"#") && at < end;
        if may_be_mention && char_class(normalised, at).0 == CharClass::Letter {
            return self.read_mention(text, from, end);
        }
        self.push(TokenKind::Punctuation, from, at, false, lexicon::word_hash(hashed));
        at
    }

    /// Reads an emoji or an ideograph. Returns its end.
    fn read_symbol(&mut self, text: &ScoringText, from: usize, class: CharClass, length: usize) -> usize {
        let to = from + length;
        self.counts.non_ascii += 1;
        self.counts.letters += u32::from(class == CharClass::Ideograph);
        let kind = if class == CharClass::Emoji { TokenKind::Emoji } else { TokenKind::Ideograph };
        self.push(kind, from, to, false, lexicon::word_hash(&text.as_str().as_bytes()[from..to]));
        to
    }

    /// Reads `@name` or `#word` and returns its end. A hashtag has the hash of its word.
    fn read_mention(&mut self, text: &ScoringText, from: usize, end: usize) -> usize {
        let normalised = text.as_str();
        let mut at = from + 1;
        while at < end {
            let (class, length) = char_class(normalised, at);
            if !matches!(class, CharClass::Letter | CharClass::Digit) && normalised.as_bytes()[at] != b'_' {
                break;
            }
            at += length;
        }
        let name = &normalised.as_bytes()[from..at];
        if name[0] == b'@' {
            self.push(
                TokenKind::Mention,
                from,
                at,
                false,
                hash::hash_bytes(lexicon::WORD_SEED, placeholder_text(TokenKind::Mention)),
            );
        } else {
            self.push(TokenKind::Hashtag, from, at, false, lexicon::word_hash(&name[1..]));
        }
        at
    }

    /// Adds a word or a number, and its characters to the counts.
    fn push_word(&mut self, text: &ScoringText, from: usize, to: usize, letters: u32, capitals: u32) {
        let bytes = &text.as_str().as_bytes()[from..to];
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count() as u32;
        self.counts.letters += letters;
        self.counts.uppercase += capitals;
        self.counts.digits += digits;
        self.counts.non_ascii += bytes.iter().filter(|&&byte| byte >= 0xC0).count() as u32;
        if letters == 0 {
            // Years and small numbers are hashed by value, longer numbers by their length.
            let hash = match digits {
                0..=4 => lexicon::word_hash(bytes),
                _ => hash::combine(lexicon::WORD_SEED, u64::from(digits)),
            };
            self.push(TokenKind::Number, from, to, false, hash);
        } else {
            self.push(TokenKind::Word, from, to, letters > 1 && letters == capitals, lexicon::word_hash(bytes));
        }
    }

    fn push(&mut self, kind: TokenKind, from: usize, to: usize, is_uppercase: bool, hash: u64) {
        let classes = if kind == TokenKind::Word { lexicon::classes_of(hash) } else { LexicalClasses::default() };
        let context_hash = if classes.intersects(LexicalClasses::IDENTITY) { lexicon::IDENTITY_PLACEHOLDER } else { hash };
        self.tokens.push(Token {
            kind,
            start: from as u16,
            end: to as u16,
            is_uppercase,
            classes,
            hash,
            context_hash,
            weight: 1.0,
        });
    }
}

/// Returns the text that is hashed in place of the text of a link, an e-mail address or a mention.
fn placeholder_text(kind: TokenKind) -> &'static [u8] {
    match kind {
        TokenKind::Link => b" link",
        TokenKind::Email => b" email",
        _ => b" handle",
    }
}

/// The class of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CharClass {
    Letter,
    Digit,
    Punctuation,
    Ideograph,
    Emoji,
}

/// Returns the class of the character at a byte offset, and its length in bytes.
#[inline]
fn char_class(text: &str, at: usize) -> (CharClass, usize) {
    let byte = text.as_bytes()[at];
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => (CharClass::Letter, 1),
        b'0'..=b'9' => (CharClass::Digit, 1),
        0..0x80 => (CharClass::Punctuation, 1),
        _ => non_ascii_class(text, at),
    }
}

fn non_ascii_class(text: &str, at: usize) -> (CharClass, usize) {
    let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return (CharClass::Punctuation, 1) };
    let class = match c {
        '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' => CharClass::Ideograph,
        '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B50}' | '\u{2B55}' => CharClass::Emoji,
        c if c.is_numeric() => CharClass::Digit,
        c if c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c) => CharClass::Letter,
        _ => CharClass::Punctuation,
    };
    (class, c.len_utf8())
}

/// Returns whether the mark at `at` is part of a word or number, as in "don't", "snake_case" and "1,000.50".
fn is_inside_word(bytes: &[u8], at: usize, in_word: bool) -> bool {
    let next = bytes.get(at + 1).copied().unwrap_or(b' ');
    match bytes[at] {
        b'\'' => in_word && next.is_ascii_lowercase(),
        b'_' => true,
        b'.' | b',' => !in_word && next.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, Tokens};
    use crate::reading::text::ScoringText;

    fn tokens(source: &str) -> Vec<(TokenKind, String)> {
        let (mut text, mut tokens) = (ScoringText::default(), Tokens::default());
        text.normalize(source);
        tokens.tokenize(&text);
        let part = |start: u16, end: u16| text.as_str()[usize::from(start)..usize::from(end)].to_owned();
        tokens.tokens.iter().map(|token| (token.kind, part(token.start, token.end))).collect()
    }

    #[test]
    fn every_kind_is_told_apart() {
        let found = tokens("Don't @Bob: #win 1,000.50$ 😀日本!!! at http://x.com/a. Mail a@b.com");
        let expected = [
            (TokenKind::Word, "don't"),
            (TokenKind::Mention, "@bob"),
            (TokenKind::Punctuation, ":"),
            (TokenKind::Hashtag, "#win"),
            (TokenKind::Number, "1,000.50"),
            (TokenKind::Punctuation, "$"),
            (TokenKind::Emoji, "😀"),
            (TokenKind::Ideograph, "日"),
            (TokenKind::Ideograph, "本"),
            (TokenKind::Punctuation, "!!!"),
            (TokenKind::Word, "at"),
            (TokenKind::Link, "http://x.com/a"),
            (TokenKind::Punctuation, "."),
            (TokenKind::Word, "mail"),
            (TokenKind::Email, "a@b.com"),
        ];
        let expected: Vec<_> = expected.map(|(kind, text)| (kind, text.to_owned())).into();
        assert_eq!(found, expected);
    }

    #[test]
    fn counts_and_pieces_are_kept() {
        let (mut text, mut tokens) = (ScoringText::default(), Tokens::default());
        text.normalize("BUY now\nf*ck hello x.com/aa");
        tokens.tokenize(&text);
        assert_eq!((tokens.counts.uppercase, tokens.counts.newlines, tokens.counts.link_bytes), (3, 1, 8));
        assert!(tokens.tokens[0].is_uppercase && !tokens.tokens[1].is_uppercase);
        let plain: Vec<bool> = tokens.pieces.iter().map(|piece| piece.is_plain).collect();
        assert_eq!(plain, [true, true, false, false]);
    }
}
