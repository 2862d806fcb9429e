//! Features of who writes: the author's name, web address and e-mail domain, and how they fit each other and the comment.
//!
//! Every feature is in [`Group::Author`], so that it can be left out as a whole while learning: a host that sends no author
//! must not be worse off than with a model that knows the text alone.

use std::sync::LazyLock;

use super::Author;
use super::features::{DOMAIN, Evidence, Group, MAX_SIDE_BYTES, Sink, UNIGRAM, What, cut};
use super::hash::join;
use super::lexicon::{self, Classes, WordSet};
use super::link;
use super::manner::{self, NameIs};
use super::shape::{self, longest_consonants};
use super::signal::few;
use super::text::Text;
use super::token::{Kind, Token, Tokens};

const NAME_WORD: u64 = 0x51;
const NAME_GRAM: u64 = 0x52;
const NAME_FORM: u64 = 0x53;
const NAME_CLASS: u64 = 0x54;
const NAME_ODDITY: u64 = 0x55;
const HOST_WORD: u64 = 0x56;
const HOST_GRAM: u64 = 0x57;
const HOST_DOMAIN: u64 = 0x58;
const HOST_TLD: u64 = 0x59;
const PATH_WORD: u64 = 0x5A;
const URL_FORM: u64 = 0x5B;
const EMAIL_DOMAIN: u64 = 0x5C;
const EMAIL_CLASS: u64 = 0x5D;
const MATCH: u64 = 0x5E;
const WITH_BODY: u64 = 0x5F;

/// Longer names and hosts are not read to their end.
const MAX_NAME_BYTES: usize = 120;
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

/// What is compared with the author of a comment that was read.
pub struct Body<'a> {
    /// The normalised text.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// How many words it has.
    pub words: u32,
    /// How many links it has.
    pub links: u32,
    /// How many words of general praise it has.
    pub praise: u32,
}

/// Adds the features of an author; returns what the name is, if it is not what people are called.
pub fn extract(author: &Author, body: &Body, text: &mut Text, tokens: &mut Tokens, sink: &mut impl Sink) -> Option<NameIs> {
    let name = read_name(author.name, body, text, tokens, sink);
    let host = author.url.map(|url| read_url(url, author.name, body, text, sink));
    read_email(author.email, host.as_deref().unwrap_or_default(), sink);
    name
}

fn read_name(name: &str, body: &Body, text: &mut Text, tokens: &mut Tokens, sink: &mut impl Sink) -> Option<NameIs> {
    let name = &name[..name.floor_char_boundary(MAX_NAME_BYTES)];
    let evidence = Evidence { what: What::AuthorName, start: 0, end: 0 };
    // Without a name it was not sent, or not asked for: that says nothing.
    if name.trim().is_empty() {
        return None;
    }
    text.read(name);
    tokens.read(text);
    let mut classes = [0u32; 4];
    let mut words = 0;
    for token in &tokens.tokens {
        sink.add_name(Group::Author, join(NAME_WORD, token.hash), 1.0, evidence);
        words += u64::from(token.kind == Kind::Word);
        for (count, class) in classes.iter_mut().zip([Classes::WARES, Classes::CALL, Classes::PLACE, Classes::FUNCTION]) {
            *count += u32::from(token.classes.has(class));
        }
    }
    let mut add = |hash| sink.add(Group::Author, hash, 1.0, evidence);
    for (class, count) in (0u64..).zip(classes) {
        if count > 0 {
            add(join(NAME_CLASS, class << 8 | u64::from(few(count))));
        }
    }
    let normal = text.as_str();
    grams(NAME_GRAM, 3, normal, &mut add);
    let counts = &tokens.counts;
    let capitals = match (counts.capitals, counts.letters) {
        (0, _) => 0,
        (capitals, letters) if capitals == letters => 1,
        (capitals, _) if u64::from(capitals) == words => 2,
        _ => 3,
    };
    let marks = u64::from(counts.digits > 0) | u64::from(counts.marks > 0) << 1 | u64::from(counts.foreign > 0) << 2;
    add(join(NAME_FORM, 1 << 16 | words.min(7) << 8 | capitals << 4 | marks));
    add(join(NAME_FORM, 2 << 16 | (normal.chars().count() as u64 / 4).min(12)));
    let address = tokens.tokens.iter().any(|token| matches!(token.kind, Kind::Link | Kind::Email));
    if address {
        add(join(NAME_FORM, 3 << 16));
    }
    // What was typed at random has long runs of consonants, or capitals inside of words.
    add(join(NAME_ODDITY, longest_consonants(normal).min(7)));
    if name.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()) {
        add(join(NAME_ODDITY, 16));
    }
    // A name that the text repeats is signed, or advertised.
    let long = |token: &&Token| token.kind == Kind::Word && usize::from(token.end - token.start) >= MIN_MATCH_BYTES;
    let all = tokens.tokens.iter().filter(long).count();
    let said = tokens.tokens.iter().filter(long).filter(|token| sink.contains(Group::Words, join(UNIGRAM, token.hash)));
    let said = said.count();
    if all > 0 {
        let level = if said == 0 { 0 } else { 1 + u64::from(said == all) + 2 * u64::from(all > 1) };
        sink.add(Group::Author, join(MATCH, level), 1.0, evidence);
        sink.add(Group::Author, join(MATCH, 16 | u64::from(few(body.words)) << 8 | level), 1.0, evidence);
    }
    manner::name(&tokens.tokens)
}

/// Adds the features of an address; returns its host.
fn read_url(url: &str, name: &str, body: &Body, text: &mut Text, sink: &mut impl Sink) -> String {
    let evidence = Evidence { what: What::AuthorUrl, start: 0, end: 0 };
    let form = |kind: u64, value: u64| join(URL_FORM, kind << 16 | value);
    let url = url.trim();
    if url.is_empty() {
        sink.add(Group::Author, form(0, 0), 1.0, evidence);
        return String::new();
    }
    text.read(cut(url, MAX_SIDE_BYTES));
    let address = text.as_str();
    let (host, path) = (link::host(address), link::path(address));
    let host = &host[..host.floor_char_boundary(MAX_NAME_BYTES)];
    sink.add(Group::Author, form(1, 0), 1.0, evidence);
    let domain = link::registered_domain(host);
    sink.add_name(Group::Author, join(HOST_DOMAIN, shape::domain_hash(host)), 1.0, evidence);
    // The same weights as for a link in a text, at this group's norm.
    sink.add_name(Group::Author, join(DOMAIN, shape::domain_hash(host)), 1.0, evidence);
    let mut add = |hash| _ = sink.add(Group::Author, hash, 1.0, evidence);
    if !link::is_reserved(host) {
        add(join(HOST_TLD, lexicon::word_hash(link::tld(host).as_bytes())));
    }
    let name_of_host = host.strip_suffix(link::tld(host)).unwrap_or(host).trim_end_matches('.');
    for word in shape::words(name_of_host) {
        sink.add_name(Group::Author, join(HOST_WORD, lexicon::word_hash(word.as_bytes())), 1.0, evidence);
    }
    let mut add = |hash| _ = sink.add(Group::Author, hash, 1.0, evidence);
    grams(HOST_GRAM, 4, name_of_host, &mut |hash| {
        add(hash);
        true
    });
    let mut wares = 0;
    for word in shape::words(path).chain(shape::words(name_of_host)) {
        let hash = lexicon::word_hash(word.as_bytes());
        sink.add_name(Group::Author, join(PATH_WORD, hash), 1.0, evidence);
        wares += u32::from(lexicon::classes(hash).has(Classes::WARES));
    }
    let mut add = |hash| _ = sink.add(Group::Author, hash, 1.0, evidence);
    let depth = path.trim_end_matches('/').matches('/').count() as u64;
    add(form(2, depth.min(4)));
    add(form(3, u64::from((path.len() as u32).checked_ilog2().unwrap_or(0).min(7))));
    add(form(4, (host.matches('-').count() as u64).min(3)));
    add(form(5, host.matches('.').count().saturating_sub(domain.matches('.').count()).min(2) as u64));
    add(form(6, u64::from(path.contains(['?', '=']))));
    add(form(7, (domain.len() as u64 / 4).min(8)));
    add(form(8, u64::from(host.bytes().any(|byte| byte.is_ascii_digit()))));
    add(form(9, u64::from(few(wares))));
    add(form(10, longest_consonants(name_of_host).min(7)));
    // The name in the address: a person's own site, or a shop that signs as one.
    let of_name = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= MIN_MATCH_BYTES);
    let named = of_name.filter(|word| host.contains(&word.to_lowercase())).count() as u32;
    add(join(MATCH, 1 << 20 | u64::from(few(named))));
    let linked = body.tokens.iter().filter(|token| token.kind == Kind::Link).take(MAX_LINKS);
    let linked = linked.map(|token| link::host(&body.text[usize::from(token.start)..usize::from(token.end)]));
    let mut linked = linked.map(link::registered_domain);
    add(join(MATCH, 2 << 20 | u64::from(linked.any(|linked| linked == domain)) | u64::from(body.links > 0) << 1));
    // An address beside a text that says little is what the comment is for.
    add(join(WITH_BODY, u64::from(few(body.words))));
    add(join(WITH_BODY, 1 << 16 | u64::from(few(body.praise)) << 4 | u64::from(few(body.words) / 2)));
    add(join(WITH_BODY, 2 << 16 | u64::from(few(body.links)) << 4 | depth.min(1)));
    host.to_owned()
}

fn read_email(email: &str, host: &str, sink: &mut impl Sink) {
    let Some((_, domain)) = email.trim().rsplit_once('@') else { return };
    let domain = domain.to_lowercase();
    let evidence = Evidence { what: What::AuthorEmail, start: 0, end: 0 };
    let hash = lexicon::word_hash(domain.as_bytes());
    if !link::is_reserved(&domain) {
        let hash = join(EMAIL_DOMAIN, hash);
        // A domain that everybody may have an address of names nobody.
        match FREE.contains(&lexicon::word_hash(domain.as_bytes())) {
            true => sink.add(Group::Author, hash, 1.0, evidence),
            false => sink.add_name(Group::Author, hash, 1.0, evidence),
        };
    }
    let mut add = |hash| _ = sink.add(Group::Author, hash, 1.0, evidence);
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
    add(join(EMAIL_CLASS, class));
    add(join(EMAIL_CLASS, 16 | class << 1 | u64::from(host.is_empty())));
}

/// Hands over the hashes of all runs of `length` characters, with a space before and after the text.
fn grams(seed: u64, length: usize, text: &str, add: &mut impl FnMut(u64) -> bool) {
    let mut window: Vec<char> = vec![' '];
    for c in text.chars().chain([' ']) {
        window.push(c);
        if window.len() == length {
            add(window.iter().fold(seed, |hash, c| join(hash, u64::from(*c))));
            window.remove(0);
        }
    }
}
