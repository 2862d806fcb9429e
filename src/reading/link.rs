//! Finds web and e-mail addresses in normalised text and takes them apart.

use std::ops::Range;

use super::host;
use super::text::Whole;

/// Top-level domains that make a bare `name.tld` a link even without a scheme. Only such as nobody ends a sentence
/// and begins the next with; the others count when a path follows.
pub const TLDS: &str = " com net org info biz edu gov co io ru uk de fr nl eu ua pl br au ca cn jp kr id tv cc ly gl gg \
    xyz top site online club shop store live app dev link click space website tech pro vip win bet casino poker loan \
    work fun icu life world today agency blog ws mobi name press host stream trade buzz cash finance money \
    example ";

/// Top-level domains that are words too.
const WORD_TLDS: &str = " me it is in to so us be at my am do no la at ch se es ";

/// Second-level names under which registries sell: `example.co.uk`.
const SECOND_LEVELS: &str = " co com org net ac gov edu or ne ";

/// What was found in a piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A web address, with or without scheme.
    Link(Range<usize>),
    /// An e-mail address.
    Email(Range<usize>),
}

/// The addresses in a piece of normalised text without white space, one after the other. Linear in its length.
pub struct Addresses<'p> {
    piece: &'p str,
    from: usize,
    /// The next scheme's end at or after `from`. Remembered, because it is asked for before each address.
    scheme: Option<usize>,
}

impl<'p> Addresses<'p> {
    /// From the beginning of the piece on.
    pub fn of(piece: &'p str) -> Self {
        Self { piece, from: 0, scheme: piece.find(SCHEME_END) }
    }
}

impl Iterator for Addresses<'_> {
    type Item = Address;

    fn next(&mut self) -> Option<Address> {
        let rest = self.piece.get(self.from..)?;
        if self.scheme.is_some_and(|at| at < self.from) {
            self.scheme = rest.find(SCHEME_END).map(|at| self.from + at);
        }
        let found = self.scheme.and_then(|at| with_scheme(rest, at - self.from)).or_else(|| bare(rest))?;
        let within = |at: Range<usize>| self.from + at.start..self.from + at.end;
        let found = match found {
            Address::Link(at) => Address::Link(within(at)),
            Address::Email(at) => Address::Email(within(at)),
        };
        self.from = found.at().end;
        Some(found)
    }
}

impl Address {
    /// The bytes it covers.
    pub fn at(&self) -> &Range<usize> {
        let (Address::Link(at) | Address::Email(at)) = self;
        at
    }
}

/// What stands between a scheme and a host.
const SCHEME_END: &str = "://";

/// The address whose scheme ends at `colon`.
fn with_scheme(piece: &str, colon: usize) -> Option<Address> {
    let bytes = piece.as_bytes();
    let letters = bytes[..colon].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let after = colon + SCHEME_END.len();
    let is_host = bytes.get(after).is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    (letters > 0 && is_host).then(|| Address::Link(colon - letters..link_end(piece, after)))
}

/// The first address without a scheme.
fn bare(piece: &str) -> Option<Address> {
    let bytes = piece.as_bytes();
    let mut from = 0;
    while let Some(dot) = bytes[from..].iter().position(|&byte| byte == b'.').map(|at| at + from) {
        let start = dot - bytes[..dot].iter().rev().take_while(|&&byte| is_host(byte)).count();
        let end = dot + bytes[dot..].iter().take_while(|&&byte| is_host(byte) || byte == b'.').count();
        let host = piece[start..end].trim_end_matches(['.', '-']);
        let end = start + host.len();
        if start < dot && is_bare_host(host, bytes.get(end) == Some(&b'/')) {
            if start > 1 && bytes[start - 1] == b'@' {
                let is_local = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
                let local = bytes[..start - 1].iter().rev().take_while(is_local).count();
                if local > 0 {
                    return Some(Address::Email(start - 1 - local..end));
                }
            }
            let end = if bytes.get(end).is_some_and(|byte| b"/?:".contains(byte)) { link_end(piece, end) } else { end };
            return Some(Address::Link(start..end));
        }
        // Dots before a name are only decoration: "...shop.example".
        from = if start == dot { dot + 1 } else { end.max(dot + 1) };
    }
    None
}

/// A web address in a text as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The host that a browser opens, as [`host::of`] returns it; as it is written if no browser would open it.
    pub host: String,
    /// The bytes of the text that it covers.
    pub at: Range<usize>,
    /// Whether everybody takes it for a link. Others may be ordinary text, and only few programs make links of them.
    pub certain: bool,
}

/// Dots and colons in the forms that a browser or a reader takes for them.
const MARKS: [char; 14] = ['.', ':', '。', '．', '｡', '․', '﹒', '︒', '：', '﹕', '︓', '‥', '…', '&'];
/// The full stop of Chinese and Japanese, between the labels of a host the same as a dot.
const IDEOGRAPHIC_DOT: char = '。';
/// Schemes that browsers follow to the host however many slashes stand behind them.
const LENIENT_SCHEMES: [&str; 3] = ["http", "https", "ftp"];

/// Returns every web address in a text, with the host that a browser opens.
pub fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for piece in text.split_whitespace().filter(|piece| piece.contains(MARKS)) {
        // Pieces are slices of the text, so the distance of their addresses is their place in it.
        let begin = piece.as_ptr().addr() - text.as_ptr().addr();
        let whole = Whole::read(piece, |c| if c == IDEOGRAPHIC_DOT { '.' } else { c });
        let first = links.len();
        links_of(whole.as_str(), &mut links);
        for link in links.iter_mut().skip(first) {
            let source = whole.span(link.at.clone());
            // Between sentences there may be no space.
            let is_sentence = |part: &str| part.contains([IDEOGRAPHIC_DOT, '｡', '︒']) && !part.contains(':');
            link.certain &= !piece.get(source.clone()).is_some_and(is_sentence);
            link.at = begin + source.start..begin + source.end;
        }
    }
    links
}

/// How a dot in a host is written so that no program makes a link of it. The longest first.
const DEFANGED: [&str; 9] = ["[dot]", "(dot)", "{dot}", "[.]", "(.)", "{.}", "[.", "(.", "{."];

/// Returns everything in a text that has the form of a host and stands between other characters, whatever its top-level domain,
/// in the form in which hosts are compared. Most of it is none: it is for comparison with hosts that are known. The hosts of
/// e-mail addresses are left out.
pub fn hosts_named(text: &str) -> Vec<(String, Range<usize>)> {
    let whole = Whole::read(text, |c| if c == IDEOGRAPHIC_DOT { '.' } else { c });
    let normal = whole.as_str();
    let mut hosts = Vec::new();
    let mut at = 0;
    while at < normal.len() {
        let begin = at;
        let mut written = String::new();
        while let Some(c) = normal[at..].chars().next() {
            let dot = DEFANGED.iter().find(|dot| "[({".contains(c) && !written.is_empty() && normal[at..].starts_with(**dot));
            let next_is_of_host = |dot: &&&str| normal[at + dot.len()..].starts_with(is_of_host);
            if let Some(dot) = dot.filter(next_is_of_host) {
                written.push('.');
                at += dot.len();
            } else if is_of_host(c) {
                written.push(c);
                at += c.len_utf8();
            } else {
                break;
            }
        }
        if at == begin {
            at += normal[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let is_mail = normal[..begin].strip_suffix('@').is_some_and(|before| before.ends_with(is_of_host));
        // Before an `@` it is a name.
        let is_user = normal[at..].strip_prefix('@').is_some_and(|after| after.starts_with(is_of_host));
        if !is_mail && !is_user && written.contains('.') {
            let span = whole.span(begin..at);
            hosts.extend(hosts_in(&written).into_iter().map(|host| (host, span.clone())));
        }
    }
    hosts
}

/// Returns the hosts that a run of a host's characters may be: all of it, and what is left between letters of scripts that
/// people write without spaces or beside Latin names.
fn hosts_in(run: &str) -> Vec<String> {
    let bare = |host: &str| host.trim_matches(['.', '-', '_']).to_owned();
    if run.is_ascii() {
        return vec![bare(run)];
    }
    let is_foreign = |c: char| c >= '\u{250}' && !matches!(c, '\u{300}'..='\u{36F}' | '\u{1E00}'..='\u{1EFF}');
    let parts = run.split(is_foreign).filter(|part| part.contains('.') && part.len() < run.len());
    let all = parts.chain([run]).map(bare).filter(|host| host.len() <= MAX_HOST);
    all.filter_map(|host| if host.is_ascii() { Some(host) } else { host::domain(&host) }).collect()
}

fn is_of_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_') || unicode_normalization::char::is_combining_mark(c)
}

/// Longest host that is looked at where nothing else tells that it is one, in bytes: DNS has 253.
const MAX_HOST: usize = 1_024;

/// Adds the links of a piece in normal form. Linear in its length, as long as its links do not overlap.
fn links_of(piece: &str, links: &mut Vec<Link>) {
    let first = links.len();
    for address in Addresses::of(piece) {
        if let Address::Link(at) = address {
            let written = &piece[at.clone()];
            links.push(Link { host: opened(written), at, certain: true });
        }
    }
    let found = links.len();
    let mut authority = Authority::default();
    // What a browser opens reaches further than the address seems to, or has no two slashes.
    for (colon, _) in piece.match_indices(':') {
        let Some(scheme) = LENIENT_SCHEMES.iter().find(|scheme| piece[..colon].ends_with(*scheme)) else { continue };
        let start = colon - scheme.len();
        let slashes = piece[colon + 1..].bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
        let after = colon + 1 + slashes;
        authority.read(piece, after);
        let has_user = authority.at_sign.is_some_and(|at| at >= after);
        let next = first + links[first..found].partition_point(|link| link.at.start <= start);
        let known = next.checked_sub(1).and_then(|at| links.get(at)).filter(|link| link.at.contains(&start));
        if known.is_some_and(|link| link.at.start < start || !has_user) {
            continue;
        }
        let (host, end) = if has_user {
            // Wherever it begins, it leads to the same host: one link.
            let Some(host) = authority.host.take() else { continue };
            (host, authority.end)
        } else {
            let rest = &piece[after..authority.end];
            let length = match rest.find(']') {
                Some(close) if rest.starts_with('[') => close + 1,
                _ => rest.find(|c: char| ":,;()[]{}'|".contains(c)).unwrap_or(rest.len()),
            };
            let written = &rest[..length];
            // Names without a dot lead nowhere on the web; numbers do.
            let may_lead = written.len() <= MAX_HOST && !written.bytes().all(|byte| byte.is_ascii_alphabetic());
            let Some(host) = Some(written).filter(|_| may_lead).and_then(host::of) else { continue };
            (host, after + length)
        };
        let near = links[next.saturating_sub(1).max(first)..found].iter().take_while(|link| link.at.start < end);
        if !near.clone().any(|link| link.host == host && start < link.at.end) {
            links.push(Link { host, at: start..end, certain: slashes > 1 });
        }
    }
}

/// What stands between a scheme and a path.
#[derive(Default)]
struct Authority {
    end: usize,
    /// The last `@` in it.
    at_sign: Option<usize>,
    /// The host behind the `@`, until it is taken.
    host: Option<String>,
}

impl Authority {
    /// Reads the authority that `begin` lies in, unless that is the one that was read last.
    fn read(&mut self, piece: &str, begin: usize) {
        if begin < self.end {
            return;
        }
        let rest = &piece[begin..];
        let length = rest.find(['/', '\\', '?', '#', '"', '<', '>']).unwrap_or(rest.len());
        self.end = begin + length;
        self.at_sign = rest[..length].rfind('@').map(|at| begin + at);
        let host = self.at_sign.map(|at| &piece[at + 1..self.end]).filter(|host| host.len() <= MAX_HOST);
        self.host = host.and_then(host::of);
    }
}

/// Returns the host that a browser opens for a web address of normalised text.
fn opened(link: &str) -> String {
    host::of(link).unwrap_or_else(|| host(link).to_owned())
}

/// The host of a web address as it is written: without scheme, user, `www.`, port and path.
pub fn host(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let rest = authority.rsplit('@').next().unwrap_or_default();
    let rest = match rest.find(']') {
        Some(end) if rest.starts_with('[') => &rest[..=end],
        _ => rest.split(':').next().unwrap_or_default(),
    };
    // Stretched letters are shortened in normalised text, so "www." has become "ww.".
    rest.strip_prefix("www.").or_else(|| rest.strip_prefix("ww.")).unwrap_or(rest)
}

/// What comes after the host of a web address, with its leading slash.
pub fn path(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

/// The part of a host that somebody registered: `example.co.uk` of `shop.example.co.uk`.
pub fn registered_domain(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let third = dots.next().map_or(0, |at| at + 1);
    let under_registry = host.len() - last <= 3 && listed(SECOND_LEVELS, &host[second + 1..last]);
    &host[if under_registry { third } else { second + 1 }..]
}

/// The last label of a host.
pub fn tld(host: &str) -> &str {
    host.rsplit('.').next().unwrap_or_default()
}

/// Returns whether a host is under a top-level domain that nobody can register (RFC 2606 and 6761). Examples are written with
/// them, so that they are no evidence of anything.
pub fn is_reserved(host: &str) -> bool {
    matches!(tld(host), "example" | "test" | "invalid" | "localhost" | "local")
}

fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80
}

fn is_bare_host(host: &str, has_path: bool) -> bool {
    let starts_www = host.starts_with("www.") || host.starts_with("ww.");
    let tld = tld(host);
    let name = host.len().saturating_sub(tld.len() + 1);
    name > 0 && !host.contains("..") && (starts_www && tld.len() > 1 || listed(TLDS, tld) || has_path && listed(WORD_TLDS, tld))
}

fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|entry| entry == word)
}

/// Where a link ends: before brackets and quotes, and before the punctuation of the sentence around it.
fn link_end(piece: &str, from: usize) -> usize {
    let rest = &piece[from..];
    let end = rest.find(['<', '>', '"', '\'', '(', ')', '[', ']', '{', '}', '|', '\\']).unwrap_or(rest.len());
    from + rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '~']).len()
}

#[cfg(test)]
mod tests {
    use super::{Address, Addresses, host, hosts_named, links, path, registered_domain};

    fn find(piece: &str) -> Option<Address> {
        Addresses::of(piece).next()
    }

    fn found(piece: &str) -> Option<&str> {
        find(piece).map(|address| match address {
            Address::Link(range) | Address::Email(range) => &piece[range],
        })
    }

    #[test]
    fn links_are_found_with_and_without_scheme() {
        assert_eq!(found("see:https://a.example/x?y=1)."), Some("https://a.example/x?y=1"));
        assert_eq!(found("(ww.shop.example/buy)"), Some("ww.shop.example/buy"));
        assert_eq!(found("cheap-pills.com!"), Some("cheap-pills.com"));
        assert_eq!(found("t.me/join"), Some("t.me/join"));
        assert_eq!(found("href=\"http://x.com/a\">here</a>"), Some("http://x.com/a"));
        assert_eq!(found("...a-shop.blogspot.com/2013"), Some("a-shop.blogspot.com/2013"));
        assert_eq!(find("me@mail.com,"), Some(Address::Email(0..11)));
    }

    #[test]
    fn addresses_follow_each_other() {
        let piece = "a.com,://,b.com/x;me@mail.com,http://c.example/y(d.org";
        let found: Vec<&str> = Addresses::of(piece).map(|address| &piece[address.at().clone()]).collect();
        // What comes before a scheme is passed over once the scheme is the next.
        assert_eq!(found, ["a.com", "b.com/x;me@mail.com,http://c.example/y", "d.org"]);
    }

    #[test]
    fn sentences_and_numbers_are_not_links() {
        for piece in ["end.it", "3.14", "e.g.", "...", "a..b.com..", "://", "x://", ".com", "you.me", "1.5x"] {
            assert!(!matches!(find(piece), Some(Address::Link(range)) if &piece[range.clone()] == piece), "{piece}");
        }
        assert_eq!(found("end.it"), None);
    }

    #[test]
    fn links_are_taken_apart() {
        assert_eq!(host("https://user@www.shop.example.co.uk:80/a/b"), "shop.example.co.uk");
        assert_eq!(host("http://en.wikipedia.org:x@pills.example/a@b"), "pills.example");
        assert_eq!(host("http://pills.example?x@b.example"), "pills.example");
        assert_eq!(host("http://[2001:db8::1]:80/"), "[2001:db8::1]");
        assert_eq!(registered_domain("shop.example.co.uk"), "example.co.uk");
        assert_eq!(registered_domain("a.b.example.com"), "example.com");
        assert_eq!(registered_domain("example.com"), "example.com");
        assert_eq!(path("http://x.com/a?b"), "/a?b");
        assert_eq!(path("x.com"), "");
    }

    #[test]
    fn links_lead_where_a_browser_goes_and_are_found_where_they_stand() {
        for written in [
            "pills.example",
            "Pills.Example/x",
            "www.pills.example",
            "http://pills.example",
            "HTTP://pills.example./x",
            "http://en.wikipedia.org:x@pills.example/",
            "http://en.wikipedia.org(x)'@pills.example/y",
            "http://%70ills.example/",
            "http://p%69lls%2eexample/",
            "http://ｐｉｌｌｓ.example/",
            "ｐｉｌｌｓ．ｅｘａｍｐｌｅ",
            "ｈｔｔｐ：／／ｐｉｌｌｓ．ｅｘａｍｐｌｅ",
            "pi\u{200B}lls.exam\u{AD}ple",
            "pills\u{2060}.example",
            "pills&#46;example",
            "http://pills。example/",
            "http:///pills.example/x",
            "http:\\\\pills.example",
            "http://pills.example:81/x",
            "http://pills.example:80",
        ] {
            let text = format!("see {written}, or not");
            let found = links(&text);
            let link = found.iter().find(|link| link.host.trim_start_matches("www.") == "pills.example");
            let link = link.unwrap_or_else(|| panic!("{written}: {found:?}"));
            assert!(link.certain, "{written}");
            let covered = &text[link.at.clone()];
            assert!(covered.len() >= 13 && written.contains(covered.trim_end_matches(',')), "{covered} of {written}");
        }
    }

    #[test]
    fn what_only_some_programs_link_is_not_certain() {
        for written in ["pills。example", "pills｡example", "http:pills.example2", "https:/pills.example2"] {
            let found = links(written);
            assert!(found.iter().any(|link| link.host.starts_with("pills.example") && !link.certain), "{written}: {found:?}");
        }
        assert_eq!(links("终于。没有 see:this a:b http: http:// 12:30 user@pills.example"), []);
    }

    #[test]
    fn numbers_and_brackets_are_hosts_too() {
        for (written, host) in [
            ("http://3221225991/x", "192.0.2.7"),
            ("http://0xC0.0.2.7", "192.0.2.7"),
            ("http://[2001:DB8:0::1]:80/x", "[2001:db8::1]"),
            ("http://Müller.example/", "xn--mller-kva.example"),
        ] {
            assert_eq!(links(written).first().map(|link| link.host.clone()).as_deref(), Some(host), "{written}");
        }
    }

    #[test]
    fn a_host_is_named_whatever_stands_beside_it() {
        for written in [
            "pills.example",
            "pills.example/x",
            "pills.example:443",
            "-pills.example",
            "(pills.example)",
            "_pills.example_",
            "pills.example.",
            "pills[.]example",
            "hxxps[:]//pills[.]example/x",
            "pills(dot)example",
            "pills{.}example",
            "http://ok.test,http://pills.example",
            "看pills。example吧",
            "pi\u{200B}lls.example",
            "@pills.example",
        ] {
            let text = format!("é {written}");
            let found = hosts_named(&text);
            assert!(
                found.iter().any(|(host, at)| host == "pills.example" && text.get(at.clone()).is_some()),
                "{written}: {found:?}"
            );
        }
        for (written, host) in [("a…pills.example", "a...pills.example"), ("müller.example", "xn--mller-kva.example")] {
            assert!(hosts_named(written).iter().any(|(found, _)| found == host), "{written}");
        }
        for written in ["x@pills.example", "xpills.example", "épills.example", "pills example", "pills.examples"] {
            assert!(hosts_named(written).iter().all(|(host, _)| host != "pills.example"), "{written}");
        }
    }

    #[test]
    fn an_ordinary_link_is_one_link() {
        for written in ["http://a.example/b(c)d", "https://a.example/http://b.example", "a.example/x:y", "http://u@a.example/"]
        {
            assert_eq!(links(written).len(), 1, "{written}");
        }
    }
}
