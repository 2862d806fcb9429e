//! Features of form: web and e-mail addresses, handles, tags, numbers, telephone numbers, emoji.

use super::address;
use super::evidence::{Evidence, What, at_token};
use super::seeds::{DOMAIN, EMOJI, FORM, HOST_FORM, LINK_WORD, NUMBER_FORM, PATH_LENGTH, REPEATED_DOMAIN, TLD};
use super::sink::{Group, Sink};
use super::spelling::longest_consonants;
use crate::classify::hash::join;
use crate::classify::lexicon::{self, Classes};
use crate::classify::token::{Kind, Token};
use crate::reading::link;

/// Forms beside the kinds of tokens.
const LONG_CODE: u64 = 0x20;
const PHONE: u64 = 0x21;
const BROKEN_LINK: u64 = 0x22;

/// A word with digits from this length on is an address to send coins to, a key, a token.
const MIN_CODE_BYTES: usize = 26;

/// Adds the features of form.
pub fn extract(text: &str, tokens: &[Token], sink: &mut impl Sink) {
    let mut phone = Phone::default();
    for (at, token) in tokens.iter().enumerate() {
        let written = &text[usize::from(token.start)..usize::from(token.end)];
        let mut add = |hash| sink.add(Group::Shape, hash, 1.0, at_token(token));
        match token.kind {
            Kind::Link => add_link(token, written, sink),
            Kind::Email | Kind::Handle | Kind::Tag => _ = add(join(FORM, token.kind as u64)),
            Kind::Emoji => _ = add(join(EMOJI, token.hash)),
            Kind::Number => _ = add(number_form(text, tokens, at)),
            Kind::Word if written.len() >= MIN_CODE_BYTES && digits(written) > 0 => {
                add(join(FORM, LONG_CODE));
            }
            Kind::Word if is_broken_link(text, tokens, at) => {
                add(join(FORM, BROKEN_LINK));
            }
            Kind::Word | Kind::Mark | Kind::Ideograph => {}
        }
        if let Some(start) = phone.read(token, written) {
            let evidence = Evidence { what: What::Phone, start, end: token.end };
            sink.add(Group::Shape, join(FORM, PHONE), 1.0, evidence);
        }
    }
}

/// Adds the features of a link: its domain, its form and its words.
fn add_link(token: &Token, written: &str, sink: &mut impl Sink) {
    let (host, path) = (link::host(written), link::path(written));
    if !sink.add_name(Group::Shape, join(DOMAIN, address::domain_hash(host)), 1.0, at_token(token)) {
        sink.add(Group::Shape, join(REPEATED_DOMAIN, 0), 1.0, at_token(token));
    }
    let mut add = |hash| sink.add(Group::Shape, hash, 1.0, at_token(token));
    if !link::is_reserved(host) {
        add(join(TLD, lexicon::word_hash(link::tld(host).as_bytes())));
    }
    add(join(PATH_LENGTH, u64::from(path.len().min(127).next_power_of_two().trailing_zeros())));
    add(join(FORM, Kind::Link as u64));
    // Hosts that were made up by a machine have runs of consonants, digits, hyphens.
    let name = address::name_of_host(host);
    add(join(HOST_FORM, longest_consonants(name).min(7)));
    let digits = u64::from(name.bytes().any(|byte| byte.is_ascii_digit()));
    let hyphens = (name.matches('-').count() as u64).min(3);
    add(join(HOST_FORM, 1 << 8 | (name.len() as u64 / 4).min(8) << 4 | digits << 2 | hyphens));
    for word in address::words(name).chain(address::words(path)) {
        sink.add_name(Group::Shape, join(LINK_WORD, lexicon::word_hash(word.as_bytes())), 1.0, at_token(token));
    }
}

/// Whether the token ends an address that was taken apart: "shop . com", "shop (dot) com", "www shop com".
fn is_broken_link(text: &str, tokens: &[Token], at: usize) -> bool {
    let written = |token: &Token| &text[usize::from(token.start)..usize::from(token.end)];
    let back = |steps: usize| at.checked_sub(steps).and_then(|at| tokens.get(at));
    let is_dot = |token: &Token| matches!(written(token), "." | "dot");
    let is_word = |token: Option<&Token>| token.is_some_and(|token| token.kind == Kind::Word);
    if !tokens.get(at).is_some_and(|last| last.classes.has(Classes::TLD)) {
        return false;
    }
    match back(1) {
        Some(dot) if is_dot(dot) => is_word(back(2)),
        Some(close) if matches!(written(close), ")" | "]") => back(2).is_some_and(is_dot) && is_word(back(4)),
        before => is_word(before) && back(2).is_some_and(|www| matches!(written(www), "www" | "ww")),
    }
}

/// Joins numbers that only separators stand between.
#[derive(Default)]
struct Phone {
    digits: u32,
    start: u16,
}

impl Phone {
    /// Reads the next token; returns where a telephone number began if it may end here.
    fn read(&mut self, token: &Token, written: &str) -> Option<u16> {
        match token.kind {
            Kind::Number => {
                if self.digits == 0 {
                    self.start = token.start;
                }
                self.digits += digits(written);
                (9..=15).contains(&self.digits).then_some(self.start)
            }
            Kind::Mark if matches!(written, "+" | "-" | "(" | ")" | "." | "/") => None,
            _ => {
                self.digits = 0;
                None
            }
        }
    }
}

/// How many digits a number has and what stands before and after it: price, share, "10k".
fn number_form(text: &str, tokens: &[Token], at: usize) -> u64 {
    let written = |token: &Token| &text[usize::from(token.start)..usize::from(token.end)];
    let beside = |neighbour: Option<&Token>| match neighbour.map(written) {
        Some("$" | "€" | "£" | "usd" | "eur" | "dollars" | "euros" | "bucks") => 1,
        Some("%") => 2,
        Some("k" | "m" | "million") => 3,
        _ => 0,
    };
    let before = beside(at.checked_sub(1).and_then(|at| tokens.get(at)));
    let after = beside(tokens.get(at + 1));
    let digits = tokens.get(at).map_or(0, |token| digits(written(token)).min(12));
    join(NUMBER_FORM, u64::from(digits) << 8 | before << 4 | after)
}

fn digits(text: &str) -> u32 {
    text.bytes().filter(u8::is_ascii_digit).count() as u32
}
