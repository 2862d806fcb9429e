//! Web and e-mail addresses in a piece of normalized text, with and without schemes.

use std::ops::Range;

use super::url_parts::{has_name, top_level_domain};

/// Top-level domains that make a bare `name.tld` a link without a scheme. The list leaves out words with which sentences end or
/// begin; a name under such a domain (`WORD_TLDS`) counts only if a path follows.
pub const BARE_LINK_TLDS: &str = " com net org info biz edu gov co io ru uk de fr nl eu ua pl br au ca cn jp kr id tv cc ly gl gg \
    xyz top site online club shop store live app dev link click space website tech pro vip win bet casino poker loan \
    work fun icu life world today agency blog ws mobi name press host stream trade buzz cash finance money \
    example ";

/// Top-level domains that are also words.
const WORD_TLDS: &str = " me it is in to so us be at my am do no la at ch se es ";

/// The separator between a scheme and a host.
const SCHEME_END: &str = "://";

/// An address in a piece of text, with its byte range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A web address, with or without scheme.
    Link(Range<usize>),
    /// An e-mail address.
    Email(Range<usize>),
}

impl Address {
    /// Returns the byte range of the address.
    pub fn span(&self) -> &Range<usize> {
        let (Address::Link(at) | Address::Email(at)) = self;
        at
    }
}

/// An iterator over the addresses in a piece of normalized text without white space. The addresses do not overlap. Takes time
/// linear in the length of the piece.
pub struct Addresses<'p> {
    piece: &'p str,
    from: usize,
    /// The position of the next `://` at or after `from`. Cached, because every address needs it.
    scheme: Option<usize>,
}

impl<'p> Addresses<'p> {
    /// Returns an iterator that starts at the beginning of the piece.
    pub fn new(piece: &'p str) -> Self {
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
        let found =
            self.scheme.and_then(|at| address_with_scheme(rest, at - self.from)).or_else(|| first_bare_address(rest))?;
        let within = |at: Range<usize>| self.from + at.start..self.from + at.end;
        let found = match found {
            Address::Link(at) => Address::Link(within(at)),
            Address::Email(at) => Address::Email(within(at)),
        };
        self.from = found.span().end;
        Some(found)
    }
}

/// Returns the address whose `://` is at the byte `colon`. Returns `None` if no scheme precedes it or no host follows.
fn address_with_scheme(piece: &str, colon: usize) -> Option<Address> {
    let bytes = piece.as_bytes();
    let letters = bytes[..colon].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let after = colon + SCHEME_END.len();
    let is_host = bytes.get(after).is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    (letters > 0 && is_host).then(|| Address::Link(colon - letters..link_end(piece, after)))
}

/// Returns the first address without a scheme. Returns `None` if there is none.
fn first_bare_address(piece: &str) -> Option<Address> {
    let bytes = piece.as_bytes();
    let mut from = 0;
    while let Some(dot) = bytes[from..].iter().position(|&byte| byte == b'.').map(|at| at + from) {
        let start = dot - bytes[..dot].iter().rev().take_while(|&&byte| is_host_byte(byte)).count();
        let end = dot + bytes[dot..].iter().take_while(|&&byte| is_host_byte(byte) || byte == b'.').count();
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
        // Dots before a name are decoration: "...shop.example".
        from = if start == dot { dot + 1 } else { end.max(dot + 1) };
    }
    None
}

/// Returns whether a byte can occur in a label of a host.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80
}

/// Returns whether a dotted name without a scheme is a host.
fn is_bare_host(host: &str, has_path: bool) -> bool {
    let starts_www = host.starts_with("www.") || host.starts_with("ww.");
    let tld = top_level_domain(host);
    let name = host.len().saturating_sub(tld.len() + 1);
    name > 0
        && !host.contains("..")
        && (starts_www && tld.len() > 1 || has_name(BARE_LINK_TLDS, tld) || has_path && has_name(WORD_TLDS, tld))
}

/// Returns the end of a link: before brackets and quotes, and without the punctuation of the sentence around it.
fn link_end(piece: &str, from: usize) -> usize {
    let rest = &piece[from..];
    let end = rest.find(['<', '>', '"', '\'', '(', ')', '[', ']', '{', '}', '|', '\\']).unwrap_or(rest.len());
    from + rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '~']).len()
}

#[cfg(test)]
mod tests {
    use super::{Address, Addresses};

    fn find(piece: &str) -> Option<Address> {
        Addresses::new(piece).next()
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
        let found: Vec<&str> = Addresses::new(piece).map(|address| &piece[address.span().clone()]).collect();
        // The text before a scheme is skipped once that scheme is the next one.
        assert_eq!(found, ["a.com", "b.com/x;me@mail.com,http://c.example/y", "d.org"]);
    }

    #[test]
    fn sentences_and_numbers_are_not_links() {
        for piece in ["end.it", "3.14", "e.g.", "...", "a..b.com..", "://", "x://", ".com", "you.me", "1.5x"] {
            assert!(!matches!(find(piece), Some(Address::Link(range)) if &piece[range.clone()] == piece), "{piece}");
        }
        assert_eq!(found("end.it"), None);
    }
}
