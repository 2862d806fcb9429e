//! Features of who writes: the author's name, web address and e-mail domain, and how they fit each other and the comment.
//!
//! Every feature is in [`Group::Author`], so that it can be left out as a whole while learning: a host that sends no author
//! must not be worse off than with a model that knows the text alone.

use std::sync::LazyLock;

use super::address;
use super::bounds::{MAX_NAME_BYTES, MAX_SIDE_BYTES, cut};
use super::comment::Comment;
use super::evidence::{Evidence, What};
use super::facts::Facts;
use super::manner::{self, NameIs};
use super::seeds::{
    DOMAIN, EMAIL_CLASS, EMAIL_DOMAIN, HOST_DOMAIN, HOST_GRAM, HOST_TLD, HOST_WORD, MATCH, NAME_CLASS, NAME_FORM, NAME_GRAM,
    NAME_ODDITY, NAME_WORD, PATH_WORD, UNIGRAM, URL_FORM, WITH_BODY,
};
use super::signal::few;
use super::sink::{Group, Sink};
use super::spelling::longest_consonants;
use crate::classify::Author;
use crate::classify::hash::join;
use crate::classify::lexicon::{self, Classes, WordSet};
use crate::classify::token::{Counts, Kind, Token, Tokens};
use crate::reading::link;
use crate::reading::text::Text;

/// How many links of a comment are compared with the author's address.
const MAX_LINKS: usize = 32;
/// Shorter words of a name stand in many texts by chance.
const MIN_MATCH_BYTES: usize = 4;

/// Mail providers at which anybody gets an address for nothing.
const FREE_MAIL: &str = "gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com \
    me.com mac.com mail.com gmx.com gmx.de gmx.net web.de freenet.de t-online.de mail.ru yandex.ru yandex.com rambler.ru \
    list.ru bk.ru inbox.ru protonmail.com proton.me zoho.com qq.com 163.com 126.com sina.com naver.com hanmail.net \
    orange.fr laposte.net free.fr wanadoo.fr libero.it virgilio.it wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz \
    sapo.pt uol.com.br bol.com.br terra.com.br rediffmail.com hotmail.co.uk yahoo.co.uk btinternet.com comcast.net \
    verizon.net att.net sbcglobal.net inbox.com fastmail.com tutanota.com abv.bg ukr.net i.ua";

/// Domains of throw-away addresses: the list of disposable-email-domains on GitHub, CC0.
static THROW_AWAY: LazyLock<WordSet> = LazyLock::new(|| hashes(include_str!("disposable_domains.txt")));
static FREE: LazyLock<WordSet> = LazyLock::new(|| hashes(FREE_MAIL));

fn hashes(words: &str) -> WordSet {
    words.split_ascii_whitespace().map(|word| lexicon::word_hash(word.as_bytes())).collect()
}

/// Adds the features of an author; returns what the name is, if it is not what people are called.
pub fn extract(
    author: &Author,
    comment: &Comment,
    facts: &Facts,
    text: &mut Text,
    tokens: &mut Tokens,
    sink: &mut impl Sink,
) -> Option<NameIs> {
    let name = add_name(author.name, facts, text, tokens, &mut AuthorSink::new(What::AuthorName, sink));
    let url_sink = &mut AuthorSink::new(What::AuthorUrl, sink);
    let host = author.url.map(|url| add_url(url, author.name, comment, facts, text, url_sink));
    add_email(author.email, host.as_deref().unwrap_or_default(), &mut AuthorSink::new(What::AuthorEmail, sink));
    name
}

/// Adds features of [`Group::Author`] that are all evidence of the same part of the author.
struct AuthorSink<'s, S> {
    evidence: Evidence,
    sink: &'s mut S,
}

impl<'s, S: Sink> AuthorSink<'s, S> {
    fn new(what: What, sink: &'s mut S) -> Self {
        Self { evidence: Evidence { what, start: 0, end: 0 }, sink }
    }

    fn add(&mut self, hash: u64) {
        self.sink.add(Group::Author, hash, 1.0, self.evidence);
    }

    /// Adds a feature that names somebody or some place.
    fn add_name(&mut self, hash: u64) {
        self.sink.add_name(Group::Author, hash, 1.0, self.evidence);
    }

    /// Adds all runs of `length` characters, with a space before and after the text.
    fn add_grams(&mut self, seed: u64, length: usize, text: &str) {
        let mut window: Vec<char> = vec![' '];
        for c in text.chars().chain([' ']) {
            window.push(c);
            if window.len() == length {
                self.add(window.iter().fold(seed, |hash, c| join(hash, u64::from(*c))));
                window.remove(0);
            }
        }
    }

    /// Returns whether the comment's text has the word.
    fn is_in_text(&self, word: &Token) -> bool {
        self.sink.contains(Group::Words, join(UNIGRAM, word.hash))
    }
}

/// Adds the features of a name; returns what it is, if it is not what people are called.
fn add_name<S: Sink>(
    name: &str,
    facts: &Facts,
    text: &mut Text,
    tokens: &mut Tokens,
    sink: &mut AuthorSink<'_, S>,
) -> Option<NameIs> {
    let name = cut(name, MAX_NAME_BYTES);
    // Without a name it was not sent, or not asked for: that says nothing.
    if name.trim().is_empty() {
        return None;
    }
    text.normalize(name);
    tokens.read(text);
    add_name_words(&tokens.tokens, sink);
    sink.add_grams(NAME_GRAM, 3, text.as_str());
    add_name_form(name, text.as_str(), tokens, sink);
    add_name_in_text(&tokens.tokens, facts, sink);
    manner::name(&tokens.tokens)
}

/// Adds the words of a name and how many of them are of telling classes.
fn add_name_words<S: Sink>(tokens: &[Token], sink: &mut AuthorSink<'_, S>) {
    for token in tokens {
        sink.add_name(join(NAME_WORD, token.hash));
    }
    for (number, class) in (0u64..).zip([Classes::WARES, Classes::CALL, Classes::PLACE, Classes::FUNCTION]) {
        let count = tokens.iter().filter(|token| token.classes.has(class)).count() as u32;
        if count > 0 {
            sink.add(join(NAME_CLASS, number << 8 | u64::from(few(count))));
        }
    }
}

/// Adds what a name looks like: its length, capitals and marks, and whether it was typed at random.
fn add_name_form<S: Sink>(name: &str, normal: &str, tokens: &Tokens, sink: &mut AuthorSink<'_, S>) {
    let words = tokens.tokens.iter().filter(|token| token.kind == Kind::Word).count() as u64;
    let Counts { capitals, letters, digits, marks, foreign, .. } = tokens.counts;
    let capitals = match (capitals, letters) {
        (0, _) => 0,
        (capitals, letters) if capitals == letters => 1,
        (capitals, _) if u64::from(capitals) == words => 2,
        _ => 3,
    };
    let marks = u64::from(digits > 0) | u64::from(marks > 0) << 1 | u64::from(foreign > 0) << 2;
    sink.add(join(NAME_FORM, 1 << 16 | words.min(7) << 8 | capitals << 4 | marks));
    sink.add(join(NAME_FORM, 2 << 16 | (normal.chars().count() as u64 / 4).min(12)));
    if tokens.tokens.iter().any(|token| matches!(token.kind, Kind::Link | Kind::Email)) {
        sink.add(join(NAME_FORM, 3 << 16));
    }
    // What was typed at random has long runs of consonants, or capitals inside of words.
    sink.add(join(NAME_ODDITY, longest_consonants(normal).min(7)));
    if name.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()) {
        sink.add(join(NAME_ODDITY, 16));
    }
}

/// Adds how much of a name the text repeats: then it is signed, or advertised.
fn add_name_in_text<S: Sink>(tokens: &[Token], facts: &Facts, sink: &mut AuthorSink<'_, S>) {
    let is_long = |token: &&Token| token.kind == Kind::Word && usize::from(token.end - token.start) >= MIN_MATCH_BYTES;
    let all = tokens.iter().filter(is_long).count();
    let said = tokens.iter().filter(is_long).filter(|token| sink.is_in_text(token)).count();
    if all > 0 {
        let level = if said == 0 { 0 } else { 1 + u64::from(said == all) + 2 * u64::from(all > 1) };
        sink.add(join(MATCH, level));
        sink.add(join(MATCH, 16 | u64::from(few(facts.words)) << 8 | level));
    }
}

/// Adds the features of a web address; returns its host.
fn add_url<S: Sink>(
    url: &str,
    name: &str,
    comment: &Comment,
    facts: &Facts,
    text: &mut Text,
    sink: &mut AuthorSink<'_, S>,
) -> String {
    let url = url.trim();
    if url.is_empty() {
        sink.add(url_form(0, 0));
        return String::new();
    }
    text.normalize(cut(url, MAX_SIDE_BYTES));
    let address = text.as_str();
    let (host, path) = (cut(link::host(address), MAX_NAME_BYTES), link::path(address));
    sink.add(url_form(1, 0));
    add_host(host, sink);
    let wares = add_url_words(host, path, sink);
    let depth = path.trim_end_matches('/').matches('/').count() as u64;
    add_url_form(host, path, depth, wares, sink);
    add_url_matches(host, name, comment, facts, sink);
    // An address beside a text that says little is what the comment is for.
    let words = u64::from(few(facts.words));
    sink.add(join(WITH_BODY, words));
    sink.add(join(WITH_BODY, 1 << 16 | u64::from(few(facts.praise)) << 4 | (words / 2)));
    sink.add(join(WITH_BODY, 2 << 16 | u64::from(few(facts.links)) << 4 | depth.min(1)));
    host.to_owned()
}

/// Returns the hash of a feature of a web address's form.
fn url_form(kind: u64, value: u64) -> u64 {
    join(URL_FORM, kind << 16 | value)
}

/// Adds the domain of a host, its top-level domain, words and characters.
fn add_host<S: Sink>(host: &str, sink: &mut AuthorSink<'_, S>) {
    sink.add_name(join(HOST_DOMAIN, address::domain_hash(host)));
    // The same weights as for a link in a text, at this group's norm.
    sink.add_name(join(DOMAIN, address::domain_hash(host)));
    if !link::is_reserved(host) {
        sink.add(join(HOST_TLD, lexicon::word_hash(link::tld(host).as_bytes())));
    }
    let name = address::name_of_host(host);
    for word in address::words(name) {
        sink.add_name(join(HOST_WORD, lexicon::word_hash(word.as_bytes())));
    }
    sink.add_grams(HOST_GRAM, 4, name);
}

/// Adds the words of a web address; returns how many of them sell.
fn add_url_words<S: Sink>(host: &str, path: &str, sink: &mut AuthorSink<'_, S>) -> u32 {
    let mut wares = 0;
    for word in address::words(path).chain(address::words(address::name_of_host(host))) {
        let hash = lexicon::word_hash(word.as_bytes());
        sink.add_name(join(PATH_WORD, hash));
        wares += u32::from(lexicon::classes(hash).has(Classes::WARES));
    }
    wares
}

/// Adds what a web address looks like.
fn add_url_form<S: Sink>(host: &str, path: &str, depth: u64, wares: u32, sink: &mut AuthorSink<'_, S>) {
    let domain = link::registered_domain(host);
    let subdomains = host.matches('.').count().saturating_sub(domain.matches('.').count()) as u64;
    sink.add(url_form(2, depth.min(4)));
    sink.add(url_form(3, u64::from((path.len() as u32).checked_ilog2().unwrap_or(0).min(7))));
    sink.add(url_form(4, (host.matches('-').count() as u64).min(3)));
    sink.add(url_form(5, subdomains.min(2)));
    sink.add(url_form(6, u64::from(path.contains(['?', '=']))));
    sink.add(url_form(7, (domain.len() as u64 / 4).min(8)));
    sink.add(url_form(8, u64::from(host.bytes().any(|byte| byte.is_ascii_digit()))));
    sink.add(url_form(9, u64::from(few(wares))));
    sink.add(url_form(10, longest_consonants(address::name_of_host(host)).min(7)));
}

/// Adds how a web address fits the author's name and the links of the comment.
fn add_url_matches<S: Sink>(host: &str, name: &str, comment: &Comment, facts: &Facts, sink: &mut AuthorSink<'_, S>) {
    // The name in the address: a person's own site, or a shop that signs as one.
    let of_name = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= MIN_MATCH_BYTES);
    let named = of_name.filter(|word| host.contains(&word.to_lowercase())).count() as u32;
    sink.add(join(MATCH, 1 << 20 | u64::from(few(named))));
    let domain = link::registered_domain(host);
    let links = comment.tokens.iter().filter(|token| token.kind == Kind::Link).take(MAX_LINKS);
    let mut linked = links.map(|token| link::registered_domain(link::host(comment.written(token))));
    let is_linked = linked.any(|linked| linked == domain);
    sink.add(join(MATCH, 2 << 20 | u64::from(is_linked) | u64::from(facts.links > 0) << 1));
}

/// Adds the features of an e-mail address's domain.
fn add_email<S: Sink>(email: &str, host: &str, sink: &mut AuthorSink<'_, S>) {
    let Some((_, domain)) = email.trim().rsplit_once('@') else { return };
    let domain = domain.to_lowercase();
    let hash = lexicon::word_hash(domain.as_bytes());
    if !link::is_reserved(&domain) {
        // A domain that everybody may have an address of names nobody.
        match FREE.contains(&hash) {
            true => sink.add(join(EMAIL_DOMAIN, hash)),
            false => sink.add_name(join(EMAIL_DOMAIN, hash)),
        }
    }
    let of_site = !host.is_empty() && link::registered_domain(host) == link::registered_domain(&domain);
    let class = if FREE.contains(&hash) {
        0
    } else if THROW_AWAY.contains(&hash) {
        1
    } else if of_site {
        2
    } else {
        3
    };
    sink.add(join(EMAIL_CLASS, class));
    sink.add(join(EMAIL_CLASS, 16 | class << 1 | u64::from(host.is_empty())));
}
