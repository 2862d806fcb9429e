//! Features of who writes: the author's name, web address and e-mail domain, and how they fit each other and the comment.
//!
//! Every feature is in [`FeatureGroup::Author`], so that it can be left out as a whole while learning: a host that sends no author
//! must not be worse off than with a model that knows the text alone.

use std::sync::LazyLock;

use super::address;
use super::comment::TokenizedComment;
use super::comment_counts::CommentCounts;
use super::evidence::{Evidence, EvidenceKind};
use super::seeds::{
    AUTHOR_MATCH, DOMAIN, EMAIL_CLASS, EMAIL_DOMAIN, HOST_DOMAIN, HOST_GRAM, HOST_TLD, HOST_WORD, NAME_CLASS, NAME_FORM,
    NAME_GRAM, NAME_ODDITY, NAME_WORD, PATH_WORD, UNIGRAM, URL_FORM, URL_WITH_BODY,
};
use super::side_text::{MAX_AUTHOR_NAME_BYTES, MAX_SIDE_TEXT_BYTES, truncate_str};
use super::signal::count_level;
use super::sink::{FeatureGroup, FeatureSink};
use super::spelling::longest_consonants;
use super::style::{self, SuspiciousName};
use crate::classify::Author;
use crate::classify::hash::combine;
use crate::classify::lexicon::{self, LexicalClasses, WordSet};
use crate::classify::token::{CharCounts, Token, TokenKind, Tokens};
use crate::reading::link;
use crate::reading::text::ScoringText;

/// How many links of a comment are compared with the author's address.
const MAX_LINKS: usize = 32;
/// Shorter words of a name stand in many texts by chance.
const MIN_MATCH_BYTES: usize = 4;

/// Mail providers at which anybody gets an address for nothing.
const FREE_MAIL_LIST: &str = "gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com \
    me.com mac.com mail.com gmx.com gmx.de gmx.net web.de freenet.de t-online.de mail.ru yandex.ru yandex.com rambler.ru \
    list.ru bk.ru inbox.ru protonmail.com proton.me zoho.com qq.com 163.com 126.com sina.com naver.com hanmail.net \
    orange.fr laposte.net free.fr wanadoo.fr libero.it virgilio.it wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz \
    sapo.pt uol.com.br bol.com.br terra.com.br rediffmail.com hotmail.co.uk yahoo.co.uk btinternet.com comcast.net \
    verizon.net att.net sbcglobal.net inbox.com fastmail.com tutanota.com abv.bg ukr.net i.ua";

/// Domains of throw-away addresses: the list of disposable-email-domains on GitHub, CC0.
static DISPOSABLE_DOMAINS: LazyLock<WordSet> = LazyLock::new(|| hashes(include_str!("disposable_domains.txt")));
static FREE_MAIL_DOMAINS: LazyLock<WordSet> = LazyLock::new(|| hashes(FREE_MAIL_LIST));

fn hashes(words: &str) -> WordSet {
    words.split_ascii_whitespace().map(|word| lexicon::word_hash(word.as_bytes())).collect()
}

/// Adds the features of an author; returns what the name is, if it is not what people are called.
pub fn extract(
    author: &Author,
    comment: &TokenizedComment,
    facts: &CommentCounts,
    text: &mut ScoringText,
    tokens: &mut Tokens,
    sink: &mut impl FeatureSink,
) -> Option<SuspiciousName> {
    let name = add_name(author.name, facts, text, tokens, &mut AuthorSink::new(EvidenceKind::AuthorName, sink));
    let url_sink = &mut AuthorSink::new(EvidenceKind::AuthorUrl, sink);
    let host = author.url.map(|url| add_url(url, author.name, comment, facts, text, url_sink));
    add_email(author.email, host.as_deref().unwrap_or_default(), &mut AuthorSink::new(EvidenceKind::AuthorEmail, sink));
    name
}

/// Adds features of [`FeatureGroup::Author`] that are all evidence of the same part of the author.
struct AuthorSink<'s, S> {
    evidence: Evidence,
    sink: &'s mut S,
}

impl<'s, S: FeatureSink> AuthorSink<'s, S> {
    fn new(what: EvidenceKind, sink: &'s mut S) -> Self {
        Self { evidence: Evidence { kind: what, start: 0, end: 0 }, sink }
    }

    fn add(&mut self, hash: u64) {
        self.sink.add(FeatureGroup::Author, hash, 1.0, self.evidence);
    }

    /// Adds a feature that names somebody or some place.
    fn add_name(&mut self, hash: u64) {
        self.sink.add_name(FeatureGroup::Author, hash, 1.0, self.evidence);
    }

    /// Adds all runs of `length` characters, with a space before and after the text.
    fn add_grams(&mut self, seed: u64, length: usize, text: &str) {
        let mut window: Vec<char> = vec![' '];
        for c in text.chars().chain([' ']) {
            window.push(c);
            if window.len() == length {
                self.add(window.iter().fold(seed, |hash, c| combine(hash, u64::from(*c))));
                window.remove(0);
            }
        }
    }

    /// Returns whether the comment's text has the word.
    fn is_in_text(&self, word: &Token) -> bool {
        self.sink.contains(FeatureGroup::Words, combine(UNIGRAM, word.hash))
    }
}

/// Adds the features of a name; returns what it is, if it is not what people are called.
fn add_name<S: FeatureSink>(
    name: &str,
    facts: &CommentCounts,
    text: &mut ScoringText,
    tokens: &mut Tokens,
    sink: &mut AuthorSink<'_, S>,
) -> Option<SuspiciousName> {
    let name = truncate_str(name, MAX_AUTHOR_NAME_BYTES);
    // Without a name it was not sent, or not asked for: that says nothing.
    if name.trim().is_empty() {
        return None;
    }
    text.normalize(name);
    tokens.tokenize(text);
    add_name_words(&tokens.tokens, sink);
    sink.add_grams(NAME_GRAM, 3, text.as_str());
    add_name_form(name, text.as_str(), tokens, sink);
    add_name_in_text(&tokens.tokens, facts, sink);
    style::suspicious_name(&tokens.tokens)
}

/// Adds the words of a name and how many of them are of telling classes.
fn add_name_words<S: FeatureSink>(tokens: &[Token], sink: &mut AuthorSink<'_, S>) {
    for token in tokens {
        sink.add_name(combine(NAME_WORD, token.hash));
    }
    for (number, class) in (0u64..).zip([
        LexicalClasses::SALES_WORDS,
        LexicalClasses::CALL_TO_ACTION,
        LexicalClasses::WEB_PLACE,
        LexicalClasses::FUNCTION,
    ]) {
        let count = tokens.iter().filter(|token| token.classes.intersects(class)).count() as u32;
        if count > 0 {
            sink.add(combine(NAME_CLASS, number << 8 | u64::from(count_level(count))));
        }
    }
}

/// Adds what a name looks like: its length, capitals and marks, and whether it was typed at random.
fn add_name_form<S: FeatureSink>(name: &str, normal: &str, tokens: &Tokens, sink: &mut AuthorSink<'_, S>) {
    let words = tokens.tokens.iter().filter(|token| token.kind == TokenKind::Word).count() as u64;
    let CharCounts { uppercase: capitals, letters, digits, punctuation: marks, non_ascii: foreign, .. } = tokens.counts;
    let capitals = match (capitals, letters) {
        (0, _) => 0,
        (capitals, letters) if capitals == letters => 1,
        (capitals, _) if u64::from(capitals) == words => 2,
        _ => 3,
    };
    let marks = u64::from(digits > 0) | u64::from(marks > 0) << 1 | u64::from(foreign > 0) << 2;
    sink.add(combine(NAME_FORM, 1 << 16 | words.min(7) << 8 | capitals << 4 | marks));
    sink.add(combine(NAME_FORM, 2 << 16 | (normal.chars().count() as u64 / 4).min(12)));
    if tokens.tokens.iter().any(|token| matches!(token.kind, TokenKind::Link | TokenKind::Email)) {
        sink.add(combine(NAME_FORM, 3 << 16));
    }
    // What was typed at random has long runs of consonants, or capitals inside of words.
    sink.add(combine(NAME_ODDITY, longest_consonants(normal).min(7)));
    if name.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()) {
        sink.add(combine(NAME_ODDITY, 16));
    }
}

/// Adds how much of a name the text repeats: then it is signed, or advertised.
fn add_name_in_text<S: FeatureSink>(tokens: &[Token], facts: &CommentCounts, sink: &mut AuthorSink<'_, S>) {
    let is_long = |token: &&Token| token.kind == TokenKind::Word && usize::from(token.end - token.start) >= MIN_MATCH_BYTES;
    let all = tokens.iter().filter(is_long).count();
    let said = tokens.iter().filter(is_long).filter(|token| sink.is_in_text(token)).count();
    if all > 0 {
        let level = if said == 0 { 0 } else { 1 + u64::from(said == all) + 2 * u64::from(all > 1) };
        sink.add(combine(AUTHOR_MATCH, level));
        sink.add(combine(AUTHOR_MATCH, 16 | u64::from(count_level(facts.words)) << 8 | level));
    }
}

/// Adds the features of a web address; returns its host.
fn add_url<S: FeatureSink>(
    url: &str,
    name: &str,
    comment: &TokenizedComment,
    facts: &CommentCounts,
    text: &mut ScoringText,
    sink: &mut AuthorSink<'_, S>,
) -> String {
    let url = url.trim();
    if url.is_empty() {
        sink.add(url_form(0, 0));
        return String::new();
    }
    text.normalize(truncate_str(url, MAX_SIDE_TEXT_BYTES));
    let address = text.as_str();
    let (host, path) = (truncate_str(link::written_host(address), MAX_AUTHOR_NAME_BYTES), link::written_path(address));
    sink.add(url_form(1, 0));
    add_host(host, sink);
    let wares = add_url_words(host, path, sink);
    let depth = path.trim_end_matches('/').matches('/').count() as u64;
    add_url_form(host, path, depth, wares, sink);
    add_url_matches(host, name, comment, facts, sink);
    // An address beside a text that says little is what the comment is for.
    let words = u64::from(count_level(facts.words));
    sink.add(combine(URL_WITH_BODY, words));
    sink.add(combine(URL_WITH_BODY, 1 << 16 | u64::from(count_level(facts.praise)) << 4 | (words / 2)));
    sink.add(combine(URL_WITH_BODY, 2 << 16 | u64::from(count_level(facts.links)) << 4 | depth.min(1)));
    host.to_owned()
}

/// Returns the hash of a feature of a web address's form.
fn url_form(kind: u64, value: u64) -> u64 {
    combine(URL_FORM, kind << 16 | value)
}

/// Adds the domain of a host, its top-level domain, words and characters.
fn add_host<S: FeatureSink>(host: &str, sink: &mut AuthorSink<'_, S>) {
    sink.add_name(combine(HOST_DOMAIN, address::domain_hash(host)));
    // The same weights as for a link in a text, at this group's norm.
    sink.add_name(combine(DOMAIN, address::domain_hash(host)));
    if !link::has_reserved_tld(host) {
        sink.add(combine(HOST_TLD, lexicon::word_hash(link::top_level_domain(host).as_bytes())));
    }
    let name = address::name_of_host(host);
    for word in address::words(name) {
        sink.add_name(combine(HOST_WORD, lexicon::word_hash(word.as_bytes())));
    }
    sink.add_grams(HOST_GRAM, 4, name);
}

/// Adds the words of a web address; returns how many of them sell.
fn add_url_words<S: FeatureSink>(host: &str, path: &str, sink: &mut AuthorSink<'_, S>) -> u32 {
    let mut wares = 0;
    for word in address::words(path).chain(address::words(address::name_of_host(host))) {
        let hash = lexicon::word_hash(word.as_bytes());
        sink.add_name(combine(PATH_WORD, hash));
        wares += u32::from(lexicon::classes_of(hash).intersects(LexicalClasses::SALES_WORDS));
    }
    wares
}

/// Adds what a web address looks like.
fn add_url_form<S: FeatureSink>(host: &str, path: &str, depth: u64, wares: u32, sink: &mut AuthorSink<'_, S>) {
    let domain = link::registrable_domain(host);
    let subdomains = host.matches('.').count().saturating_sub(domain.matches('.').count()) as u64;
    sink.add(url_form(2, depth.min(4)));
    sink.add(url_form(3, u64::from((path.len() as u32).checked_ilog2().unwrap_or(0).min(7))));
    sink.add(url_form(4, (host.matches('-').count() as u64).min(3)));
    sink.add(url_form(5, subdomains.min(2)));
    sink.add(url_form(6, u64::from(path.contains(['?', '=']))));
    sink.add(url_form(7, (domain.len() as u64 / 4).min(8)));
    sink.add(url_form(8, u64::from(host.bytes().any(|byte| byte.is_ascii_digit()))));
    sink.add(url_form(9, u64::from(count_level(wares))));
    sink.add(url_form(10, longest_consonants(address::name_of_host(host)).min(7)));
}

/// Adds how a web address fits the author's name and the links of the comment.
fn add_url_matches<S: FeatureSink>(
    host: &str,
    name: &str,
    comment: &TokenizedComment,
    facts: &CommentCounts,
    sink: &mut AuthorSink<'_, S>,
) {
    // The name in the address: a person's own site, or a shop that signs as one.
    let of_name = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= MIN_MATCH_BYTES);
    let named = of_name.filter(|word| host.contains(&word.to_lowercase())).count() as u32;
    sink.add(combine(AUTHOR_MATCH, 1 << 20 | u64::from(count_level(named))));
    let domain = link::registrable_domain(host);
    let links = comment.tokens.iter().filter(|token| token.kind == TokenKind::Link).take(MAX_LINKS);
    let mut linked = links.map(|token| link::registrable_domain(link::written_host(comment.written(token))));
    let is_linked = linked.any(|linked| linked == domain);
    sink.add(combine(AUTHOR_MATCH, 2 << 20 | u64::from(is_linked) | u64::from(facts.links > 0) << 1));
}

/// Adds the features of an e-mail address's domain.
fn add_email<S: FeatureSink>(email: &str, host: &str, sink: &mut AuthorSink<'_, S>) {
    let Some((_, domain)) = email.trim().rsplit_once('@') else { return };
    let domain = domain.to_lowercase();
    let hash = lexicon::word_hash(domain.as_bytes());
    if !link::has_reserved_tld(&domain) {
        // A domain that everybody may have an address of names nobody.
        match FREE_MAIL_DOMAINS.contains(&hash) {
            true => sink.add(combine(EMAIL_DOMAIN, hash)),
            false => sink.add_name(combine(EMAIL_DOMAIN, hash)),
        }
    }
    let of_site = !host.is_empty() && link::registrable_domain(host) == link::registrable_domain(&domain);
    let class = if FREE_MAIL_DOMAINS.contains(&hash) {
        0
    } else if DISPOSABLE_DOMAINS.contains(&hash) {
        1
    } else if of_site {
        2
    } else {
        3
    };
    sink.add(combine(EMAIL_CLASS, class));
    sink.add(combine(EMAIL_CLASS, 16 | class << 1 | u64::from(host.is_empty())));
}
