//! Features of form: web and e-mail addresses, mentions, hashtags, numbers, telephone numbers, emoji.

use super::address;
use super::evidence::{Evidence, EvidenceKind, token_evidence};
use super::seeds::{DOMAIN, EMOJI, FORM, HOST_FORM, LINK_WORD, NUMBER_FORM, PATH_LENGTH, REPEATED_DOMAIN, TLD};
use super::sink::{FeatureGroup, FeatureSink};
use super::spelling::longest_consonants;
use crate::classify::hash::combine;
use crate::classify::lexicon::{self, LexicalClasses};
use crate::classify::token::{Token, TokenKind};
use crate::reading::link;

/// The form code of a long word with digits. Codes below are those of token kinds.
const LONG_CODE_FORM: u64 = 0x20;
/// The form code of a telephone number.
const PHONE_FORM: u64 = 0x21;
/// The form code of an address that is written with gaps.
const BROKEN_LINK_FORM: u64 = 0x22;

/// The minimum length of a word with digits that counts as a code, such as a coin address, a key or a token, in bytes.
const MIN_CODE_BYTES: usize = 26;

/// Adds the features of form.
pub fn extract(text: &str, tokens: &[Token], sink: &mut impl FeatureSink) {
    let mut phone = PhoneNumberScanner::default();
    for (at, token) in tokens.iter().enumerate() {
        let written = &text[usize::from(token.start)..usize::from(token.end)];
        let mut add = |hash| sink.add(FeatureGroup::Shape, hash, 1.0, token_evidence(token));
        match token.kind {
            TokenKind::Link => add_link(token, written, sink),
            TokenKind::Email | TokenKind::Mention | TokenKind::Hashtag => _ = add(combine(FORM, token.kind as u64)),
            TokenKind::Emoji => _ = add(combine(EMOJI, token.hash)),
            TokenKind::Number => _ = add(number_form(text, tokens, at)),
            TokenKind::Word if written.len() >= MIN_CODE_BYTES && count_digits(written) > 0 => {
                add(combine(FORM, LONG_CODE_FORM));
            }
            TokenKind::Word if is_broken_link(text, tokens, at) => {
                add(combine(FORM, BROKEN_LINK_FORM));
            }
            TokenKind::Word | TokenKind::Punctuation | TokenKind::Ideograph => {}
        }
        if let Some(start) = phone.read(token, written) {
            let evidence = Evidence { kind: EvidenceKind::Phone, start, end: token.end };
            sink.add(FeatureGroup::Shape, combine(FORM, PHONE_FORM), 1.0, evidence);
        }
    }
}

/// Adds the features of a link: its domain, its form and its words.
fn add_link(token: &Token, written: &str, sink: &mut impl FeatureSink) {
    let (host, path) = (link::written_host(written), link::written_path(written));
    if !sink.add_name(FeatureGroup::Shape, combine(DOMAIN, address::domain_hash(host)), 1.0, token_evidence(token)) {
        sink.add(FeatureGroup::Shape, combine(REPEATED_DOMAIN, 0), 1.0, token_evidence(token));
    }
    let mut add = |hash| sink.add(FeatureGroup::Shape, hash, 1.0, token_evidence(token));
    if !link::has_reserved_tld(host) {
        add(combine(TLD, lexicon::word_hash(link::top_level_domain(host).as_bytes())));
    }
    add(combine(PATH_LENGTH, u64::from(path.len().min(127).next_power_of_two().trailing_zeros())));
    add(combine(FORM, TokenKind::Link as u64));
    // Hosts that were made up by a machine have runs of consonants, digits, hyphens.
    let name = address::name_of_host(host);
    add(combine(HOST_FORM, longest_consonants(name).min(7)));
    let digits = u64::from(name.bytes().any(|byte| byte.is_ascii_digit()));
    let hyphens = (name.matches('-').count() as u64).min(3);
    add(combine(HOST_FORM, 1 << 8 | (name.len() as u64 / 4).min(8) << 4 | digits << 2 | hyphens));
    for word in address::words(name).chain(address::words(path)) {
        sink.add_name(FeatureGroup::Shape, combine(LINK_WORD, lexicon::word_hash(word.as_bytes())), 1.0, token_evidence(token));
    }
}

/// Returns whether the token ends an address that is written with gaps: "shop . com", "shop (dot) com", "www shop com".
fn is_broken_link(text: &str, tokens: &[Token], at: usize) -> bool {
    let written = |token: &Token| &text[usize::from(token.start)..usize::from(token.end)];
    let back = |steps: usize| at.checked_sub(steps).and_then(|at| tokens.get(at));
    let is_dot = |token: &Token| matches!(written(token), "." | "dot");
    let is_word = |token: Option<&Token>| token.is_some_and(|token| token.kind == TokenKind::Word);
    if !tokens.get(at).is_some_and(|last| last.classes.intersects(LexicalClasses::TLD)) {
        return false;
    }
    match back(1) {
        Some(dot) if is_dot(dot) => is_word(back(2)),
        Some(close) if matches!(written(close), ")" | "]") => back(2).is_some_and(is_dot) && is_word(back(4)),
        before => is_word(before) && back(2).is_some_and(|www| matches!(written(www), "www" | "ww")),
    }
}

/// A scanner for telephone numbers: numbers with only separators between them.
#[derive(Default)]
struct PhoneNumberScanner {
    /// The number of digits so far.
    digits: u32,
    /// The byte offset of the first digit.
    start: u16,
}

impl PhoneNumberScanner {
    /// Reads the next token. Returns the start of a telephone number if one may end at this token, else `None`.
    fn read(&mut self, token: &Token, written: &str) -> Option<u16> {
        match token.kind {
            TokenKind::Number => {
                if self.digits == 0 {
                    self.start = token.start;
                }
                self.digits += count_digits(written);
                (9..=15).contains(&self.digits).then_some(self.start)
            }
            TokenKind::Punctuation if matches!(written, "+" | "-" | "(" | ")" | "." | "/") => None,
            _ => {
                self.digits = 0;
                None
            }
        }
    }
}

/// Returns the hash of a number's form: its number of digits, and whether a neighbour makes it a price, a percentage or a
/// multiple, as in "10k".
fn number_form(text: &str, tokens: &[Token], at: usize) -> u64 {
    let written = |token: &Token| &text[usize::from(token.start)..usize::from(token.end)];
    let unit = |neighbour: Option<&Token>| match neighbour.map(written) {
        Some("$" | "€" | "£" | "usd" | "eur" | "dollars" | "euros" | "bucks") => 1,
        Some("%") => 2,
        Some("k" | "m" | "million") => 3,
        _ => 0,
    };
    let before = unit(at.checked_sub(1).and_then(|at| tokens.get(at)));
    let after = unit(tokens.get(at + 1));
    let digits = tokens.get(at).map_or(0, |token| count_digits(written(token)).min(12));
    combine(NUMBER_FORM, u64::from(digits) << 8 | before << 4 | after)
}

fn count_digits(text: &str) -> u32 {
    text.bytes().filter(u8::is_ascii_digit).count() as u32
}
