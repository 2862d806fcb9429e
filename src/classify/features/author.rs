//! Features of the author: the name, web address and e-mail domain, and how they match each other and the comment.
//!
//! Every feature is in [`FeatureGroup::Author`], so that training can drop the whole group: without an author, the model
//! must score as well as one trained on the text alone.

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

/// The maximum number of links of a comment that are compared with the author's address.
const MAX_LINKS: usize = 32;
/// The minimum length of a word of a name that is looked up in the text, in bytes. Shorter ones match by chance.
const MIN_MATCH_BYTES: usize = 4;

/// The domains of free mail providers.
const FREE_MAIL_LIST: &str = "gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com \
    me.com mac.com mail.com gmx.com gmx.de gmx.net web.de freenet.de t-online.de mail.ru yandex.ru yandex.com rambler.ru \
    list.ru bk.ru inbox.ru protonmail.com proton.me zoho.com qq.com 163.com 126.com sina.com naver.com hanmail.net \
    orange.fr laposte.net free.fr wanadoo.fr libero.it virgilio.it wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz \
    sapo.pt uol.com.br bol.com.br terra.com.br rediffmail.com hotmail.co.uk yahoo.co.uk btinternet.com comcast.net \
    verizon.net att.net sbcglobal.net inbox.com fastmail.com tutanota.com abv.bg ukr.net i.ua";

/// The domains of disposable addresses: the list of disposable-email-domains on GitHub, CC0.
static DISPOSABLE_DOMAINS: LazyLock<WordSet> = LazyLock::new(|| hashes(include_str!("disposable_domains.txt")));
/// The hashes of [`FREE_MAIL_LIST`].
static FREE_MAIL_DOMAINS: LazyLock<WordSet> = LazyLock::new(|| hashes(FREE_MAIL_LIST));

fn hashes(words: &str) -> WordSet {
    words.split_ascii_whitespace().map(|word| lexicon::word_hash(word.as_bytes())).collect()
}

/// Adds the features of an author. Returns the kind of the name if it is suspicious, else `None`.
pub fn extract(
    author: &Author,
    comment: &TokenizedComment,
    counts: &CommentCounts,
    text: &mut ScoringText,
    tokens: &mut Tokens,
    sink: &mut impl FeatureSink,
) -> Option<SuspiciousName> {
    let name = add_name(author.name, counts, text, tokens, &mut AuthorSink::new(EvidenceKind::AuthorName, sink));
    let url_sink = &mut AuthorSink::new(EvidenceKind::AuthorUrl, sink);
    let host = author.url.map(|url| add_url(url, author.name, comment, counts, text, url_sink));
    add_email(author.email, host.as_deref().unwrap_or_default(), &mut AuthorSink::new(EvidenceKind::AuthorEmail, sink));
    name
}

/// A sink for features of [`FeatureGroup::Author`] that share one kind of evidence.
struct AuthorSink<'s, S> {
    evidence: Evidence,
    sink: &'s mut S,
}

impl<'s, S: FeatureSink> AuthorSink<'s, S> {
    fn new(kind: EvidenceKind, sink: &'s mut S) -> Self {
        Self { evidence: Evidence { kind, start: 0, end: 0 }, sink }
    }

    fn add(&mut self, hash: u64) {
        self.sink.add(FeatureGroup::Author, hash, 1.0, self.evidence);
    }

    /// Adds a feature that names a person or a place.
    fn add_name(&mut self, hash: u64) {
        self.sink.add_name(FeatureGroup::Author, hash, 1.0, self.evidence);
    }

    /// Adds the character n-grams of length `length`, with a space before and after the text.
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

    /// Returns whether the comment's text contains the word.
    fn is_in_text(&self, word: &Token) -> bool {
        self.sink.contains(FeatureGroup::Words, combine(UNIGRAM, word.hash))
    }
}

/// Adds the features of a name. Returns its kind if it is suspicious, else `None`.
fn add_name<S: FeatureSink>(
    name: &str,
    counts: &CommentCounts,
    text: &mut ScoringText,
    tokens: &mut Tokens,
    sink: &mut AuthorSink<'_, S>,
) -> Option<SuspiciousName> {
    let name = truncate_str(name, MAX_AUTHOR_NAME_BYTES);
    // A missing name is not evidence: the host may not send or not ask for names.
    if name.trim().is_empty() {
        return None;
    }
    text.normalize(name);
    tokens.tokenize(text);
    add_name_words(&tokens.tokens, sink);
    sink.add_grams(NAME_GRAM, 3, text.as_str());
    add_name_form(name, text.as_str(), tokens, sink);
    add_name_in_text(&tokens.tokens, counts, sink);
    style::suspicious_name(&tokens.tokens)
}

/// Adds the words of a name, and the number of its sales, call-to-action, web-place and function words.
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

/// Adds the form of a name: its length, capitals, digits and punctuation, and whether it looks like random letters.
fn add_name_form<S: FeatureSink>(name: &str, normal: &str, tokens: &Tokens, sink: &mut AuthorSink<'_, S>) {
    let words = tokens.tokens.iter().filter(|token| token.kind == TokenKind::Word).count() as u64;
    let CharCounts { uppercase, letters, digits, punctuation, non_ascii, .. } = tokens.counts;
    let capitals = match (uppercase, letters) {
        (0, _) => 0,
        (capitals, letters) if capitals == letters => 1,
        (capitals, _) if u64::from(capitals) == words => 2,
        _ => 3,
    };
    let other_chars = u64::from(digits > 0) | u64::from(punctuation > 0) << 1 | u64::from(non_ascii > 0) << 2;
    sink.add(combine(NAME_FORM, 1 << 16 | words.min(7) << 8 | capitals << 4 | other_chars));
    sink.add(combine(NAME_FORM, 2 << 16 | (normal.chars().count() as u64 / 4).min(12)));
    if tokens.tokens.iter().any(|token| matches!(token.kind, TokenKind::Link | TokenKind::Email)) {
        sink.add(combine(NAME_FORM, 3 << 16));
    }
    // Random names have long runs of consonants, or capitals inside words.
    sink.add(combine(NAME_ODDITY, longest_consonants(normal).min(7)));
    if name.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()) {
        sink.add(combine(NAME_ODDITY, 16));
    }
}

/// Adds how much of the name occurs in the text. Such a comment is signed, or it advertises.
fn add_name_in_text<S: FeatureSink>(tokens: &[Token], counts: &CommentCounts, sink: &mut AuthorSink<'_, S>) {
    let is_long = |token: &&Token| token.kind == TokenKind::Word && usize::from(token.end - token.start) >= MIN_MATCH_BYTES;
    let all = tokens.iter().filter(is_long).count();
    let found = tokens.iter().filter(is_long).filter(|token| sink.is_in_text(token)).count();
    if all > 0 {
        let level = if found == 0 { 0 } else { 1 + u64::from(found == all) + 2 * u64::from(all > 1) };
        sink.add(combine(AUTHOR_MATCH, level));
        sink.add(combine(AUTHOR_MATCH, 16 | u64::from(count_level(counts.words)) << 8 | level));
    }
}

/// Adds the features of a web address. Returns its host, or an empty string if the address is empty.
fn add_url<S: FeatureSink>(
    url: &str,
    name: &str,
    comment: &TokenizedComment,
    counts: &CommentCounts,
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
    let sales_words = add_url_words(host, path, sink);
    let depth = path.trim_end_matches('/').matches('/').count() as u64;
    add_url_form(host, path, depth, sales_words, sink);
    add_url_matches(host, name, comment, counts, sink);
    // A comment of little content may exist only for the address.
    let words = u64::from(count_level(counts.words));
    sink.add(combine(URL_WITH_BODY, words));
    sink.add(combine(URL_WITH_BODY, 1 << 16 | u64::from(count_level(counts.praise)) << 4 | (words / 2)));
    sink.add(combine(URL_WITH_BODY, 2 << 16 | u64::from(count_level(counts.links)) << 4 | depth.min(1)));
    host.to_owned()
}

/// Returns the hash of a feature of the form of a web address.
fn url_form(kind: u64, value: u64) -> u64 {
    combine(URL_FORM, kind << 16 | value)
}

/// Adds the registrable domain of a host, its top-level domain, words and character n-grams.
fn add_host<S: FeatureSink>(host: &str, sink: &mut AuthorSink<'_, S>) {
    sink.add_name(combine(HOST_DOMAIN, address::domain_hash(host)));
    // This hash has the weights of a domain that the text links to, scaled by the norm of this group.
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

/// Adds the words of a web address. Returns the number of sales words.
fn add_url_words<S: FeatureSink>(host: &str, path: &str, sink: &mut AuthorSink<'_, S>) -> u32 {
    let mut sales_words = 0;
    for word in address::words(path).chain(address::words(address::name_of_host(host))) {
        let hash = lexicon::word_hash(word.as_bytes());
        sink.add_name(combine(PATH_WORD, hash));
        sales_words += u32::from(lexicon::classes_of(hash).intersects(LexicalClasses::SALES_WORDS));
    }
    sales_words
}

/// Adds the form of a web address: its lengths, digits, hyphens, subdomains, path depth and number of sales words.
fn add_url_form<S: FeatureSink>(host: &str, path: &str, depth: u64, sales_words: u32, sink: &mut AuthorSink<'_, S>) {
    let domain = link::registrable_domain(host);
    let subdomains = host.matches('.').count().saturating_sub(domain.matches('.').count()) as u64;
    sink.add(url_form(2, depth.min(4)));
    sink.add(url_form(3, u64::from((path.len() as u32).checked_ilog2().unwrap_or(0).min(7))));
    sink.add(url_form(4, (host.matches('-').count() as u64).min(3)));
    sink.add(url_form(5, subdomains.min(2)));
    sink.add(url_form(6, u64::from(path.contains(['?', '=']))));
    sink.add(url_form(7, (domain.len() as u64 / 4).min(8)));
    sink.add(url_form(8, u64::from(host.bytes().any(|byte| byte.is_ascii_digit()))));
    sink.add(url_form(9, u64::from(count_level(sales_words))));
    sink.add(url_form(10, longest_consonants(address::name_of_host(host)).min(7)));
}

/// Adds whether a web address contains the author's name and matches the links of the comment.
fn add_url_matches<S: FeatureSink>(
    host: &str,
    name: &str,
    comment: &TokenizedComment,
    counts: &CommentCounts,
    sink: &mut AuthorSink<'_, S>,
) {
    // The name in the address indicates a personal site, or a shop that signs with its name.
    let name_words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= MIN_MATCH_BYTES);
    let matches = name_words.filter(|word| host.contains(&word.to_lowercase())).count() as u32;
    sink.add(combine(AUTHOR_MATCH, 1 << 20 | u64::from(count_level(matches))));
    let domain = link::registrable_domain(host);
    let links = comment.tokens.iter().filter(|token| token.kind == TokenKind::Link).take(MAX_LINKS);
    let mut linked_domains = links.map(|token| link::registrable_domain(link::written_host(comment.written(token))));
    let is_linked = linked_domains.any(|linked| linked == domain);
    sink.add(combine(AUTHOR_MATCH, 2 << 20 | u64::from(is_linked) | u64::from(counts.links > 0) << 1));
}

/// Adds the features of the domain of an e-mail address. `host` is the host of the author's web address, or empty.
fn add_email<S: FeatureSink>(email: &str, host: &str, sink: &mut AuthorSink<'_, S>) {
    let Some((_, domain)) = email.trim().rsplit_once('@') else { return };
    let domain = domain.to_lowercase();
    let hash = lexicon::word_hash(domain.as_bytes());
    if !link::has_reserved_tld(&domain) {
        // The domain of a free mail provider does not identify anybody.
        match FREE_MAIL_DOMAINS.contains(&hash) {
            true => sink.add(combine(EMAIL_DOMAIN, hash)),
            false => sink.add_name(combine(EMAIL_DOMAIN, hash)),
        }
    }
    let is_own_site = !host.is_empty() && link::registrable_domain(host) == link::registrable_domain(&domain);
    let class = if FREE_MAIL_DOMAINS.contains(&hash) {
        0
    } else if DISPOSABLE_DOMAINS.contains(&hash) {
        1
    } else if is_own_site {
        2
    } else {
        3
    };
    sink.add(combine(EMAIL_CLASS, class));
    sink.add(combine(EMAIL_CLASS, 16 | class << 1 | u64::from(host.is_empty())));
}
