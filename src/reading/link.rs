//! Links in a text, with the hosts that a browser opens.

use std::ops::Range;

use super::host::{self, IDEOGRAPHIC_DOT, MAX_HOST};

pub use super::address::{Address, Addresses, BARE_LINK_TLDS};
pub use super::host_names::find_host_names;
pub use super::url_parts::{has_reserved_tld, registrable_domain, top_level_domain, written_host, written_path};

/// A web address in a text as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The host that a browser opens, as [`canonical_host`](host::canonical_host) returns it, or as written if no browser would
    /// open it.
    pub host: String,
    /// The byte range of the link in the text.
    pub span: Range<usize>,
    /// Whether most programs recognize the link. An uncertain one may be ordinary text, which few programs turn into a link.
    pub is_certain: bool,
}

/// Dots and colons, including characters that a browser or a reader takes for them.
const DOTS_AND_COLONS: [char; 14] = ['.', ':', '。', '．', '｡', '․', '﹒', '︒', '：', '﹕', '︓', '‥', '…', '&'];

/// Schemes for which browsers find the host after any number of slashes.
const LENIENT_SCHEMES: [&str; 3] = ["http", "https", "ftp"];

/// Returns all web addresses in a text, with the hosts that a browser opens.
pub fn find_links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for piece in text.split_whitespace().filter(|piece| piece.contains(DOTS_AND_COLONS)) {
        // Pieces are slices of the text, so the distance of their addresses is their offset.
        let begin = piece.as_ptr().addr() - text.as_ptr().addr();
        let whole = host::normalize_with_dots(piece);
        let first = links.len();
        add_links(whole.as_str(), &mut links);
        for link in links.iter_mut().skip(first) {
            let source = whole.source_span(link.span.clone());
            // There may be no space between sentences.
            let is_sentence = |part: &str| part.contains([IDEOGRAPHIC_DOT, '｡', '︒']) && !part.contains(':');
            link.is_certain &= !piece.get(source.clone()).is_some_and(is_sentence);
            link.span = begin + source.start..begin + source.end;
        }
    }
    links
}

/// Adds the links of a piece in normal form. Takes time linear in its length if its links do not overlap.
fn add_links(piece: &str, links: &mut Vec<Link>) {
    let first = links.len();
    for address in Addresses::new(piece) {
        if let Address::Link(at) = address {
            let written = &piece[at.clone()];
            links.push(Link { host: browser_host(written), span: at, is_certain: true });
        }
    }
    let found = links.len();
    let mut authority = Authority::default();
    // A browser may read more of the text as the address, and accepts other than two slashes.
    for (colon, _) in piece.match_indices(':') {
        let Some(scheme) = LENIENT_SCHEMES.iter().find(|scheme| piece[..colon].ends_with(*scheme)) else { continue };
        let start = colon - scheme.len();
        let slashes = piece[colon + 1..].bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
        let after = colon + 1 + slashes;
        authority.parse(piece, after);
        let has_user = authority.at_sign.is_some_and(|at| at >= after);
        // Links before `first` belong to earlier pieces, and their spans are offsets in the whole text.
        let before = links[first..found].partition_point(|link| link.span.start <= start).saturating_sub(1);
        let near = &links[first + before..found];
        let known = near.first().filter(|link| link.span.contains(&start));
        if known.is_some_and(|link| link.span.start < start || !has_user) {
            continue;
        }
        let (host, end) = if has_user {
            // All starts within one authority lead to the same host: one link.
            let Some(host) = authority.host.take() else { continue };
            (host, authority.end)
        } else {
            let Some((host, length)) = leading_host(&piece[after..authority.end]) else { continue };
            (host, after + length)
        };
        let mut near = near.iter().take_while(|link| link.span.start < end);
        if !near.any(|link| link.host == host && start < link.span.end) {
            links.push(Link { host, span: start..end, is_certain: slashes > 1 });
        }
    }
}

/// Returns the host at the beginning of an authority without a user, and its written length in bytes. Returns `None` if the
/// host leads nowhere on the web.
fn leading_host(authority: &str) -> Option<(String, usize)> {
    let length = match authority.find(']') {
        Some(close) if authority.starts_with('[') => close + 1,
        _ => authority.find(|c: char| ":,;()[]{}'|".contains(c)).unwrap_or(authority.len()),
    };
    let written = &authority[..length];
    // Names without a dot lead nowhere on the web, but numbers do.
    let may_lead = written.len() <= MAX_HOST && !written.bytes().all(|byte| byte.is_ascii_alphabetic());
    Some(written).filter(|_| may_lead).and_then(host::canonical_host).map(|host| (host, length))
}

/// The part of a URL between scheme and path.
#[derive(Default)]
struct Authority {
    end: usize,
    /// The position of its last `@`.
    at_sign: Option<usize>,
    /// The host behind the `@`. Taken when its link is added.
    host: Option<String>,
}

impl Authority {
    /// Parses the part of a URL between scheme and path that contains `begin`, unless that part is the one parsed last.
    fn parse(&mut self, piece: &str, begin: usize) {
        if begin < self.end {
            return;
        }
        let rest = &piece[begin..];
        let length = rest.find(['/', '\\', '?', '#', '"', '<', '>']).unwrap_or(rest.len());
        self.end = begin + length;
        self.at_sign = rest[..length].rfind('@').map(|at| begin + at);
        let host = self.at_sign.map(|at| &piece[at + 1..self.end]).filter(|host| host.len() <= MAX_HOST);
        self.host = host.and_then(host::canonical_host);
    }
}

/// Returns the host that a browser opens for a web address in normalized text.
fn browser_host(link: &str) -> String {
    host::canonical_host(link).unwrap_or_else(|| written_host(link).to_owned())
}

#[cfg(test)]
mod tests {
    use super::find_links;

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
            let found = find_links(&text);
            let link = found.iter().find(|link| link.host.trim_start_matches("www.") == "pills.example");
            let link = link.unwrap_or_else(|| panic!("{written}: {found:?}"));
            assert!(link.is_certain, "{written}");
            let covered = &text[link.span.clone()];
            assert!(covered.len() >= 13 && written.contains(covered.trim_end_matches(',')), "{covered} of {written}");
        }
    }

    #[test]
    fn what_only_some_programs_link_is_not_certain() {
        for written in ["pills。example", "pills｡example", "http:pills.example2", "https:/pills.example2"] {
            let found = find_links(written);
            assert!(
                found.iter().any(|link| link.host.starts_with("pills.example") && !link.is_certain),
                "{written}: {found:?}"
            );
        }
        assert_eq!(find_links("终于。没有 see:this a:b http: http:// 12:30 user@pills.example"), []);
    }

    #[test]
    fn links_of_earlier_pieces_do_not_hide_a_link() {
        let hosts = |text: &str| find_links(text).into_iter().map(|link| link.host).collect::<Vec<_>>();
        for text in [
            "http://a.example http:pills.example2",
            "x http://a.example http:pills.example2",
            "http://a.example\nhttp:pills.example2",
            "long.words.before.it.example http:pills.example2",
        ] {
            let found = hosts(text);
            assert_eq!(found.len(), 2, "{text}: {found:?}");
            assert_eq!(found.last().map(String::as_str), Some("pills.example2"), "{text}");
        }
        assert_eq!(hosts("http://a.example http://x:y@b.example"), ["a.example", "b.example"]);
    }

    #[test]
    fn numbers_and_brackets_are_hosts_too() {
        for (written, host) in [
            ("http://3221225991/x", "192.0.2.7"),
            ("http://0xC0.0.2.7", "192.0.2.7"),
            ("http://[2001:DB8:0::1]:80/x", "[2001:db8::1]"),
            ("http://Müller.example/", "xn--mller-kva.example"),
        ] {
            assert_eq!(find_links(written).first().map(|link| link.host.clone()).as_deref(), Some(host), "{written}");
        }
    }

    #[test]
    fn an_ordinary_link_is_one_link() {
        for written in ["http://a.example/b(c)d", "https://a.example/http://b.example", "a.example/x:y", "http://u@a.example/"]
        {
            assert_eq!(find_links(written).len(), 1, "{written}");
        }
    }
}
