//! Hosts and web addresses as a browser parses them (WHATWG URL), with the `url` crate.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use url::{Host, Position, Url};

use super::text::NormalizedText;
use super::url_parts;

/// The Chinese and Japanese full stop, which browsers accept as a dot in a host.
pub(super) const IDEOGRAPHIC_DOT: char = '。';

/// Maximum length of a host that is parsed where nothing else shows that it is one, in bytes. DNS allows 253.
pub(super) const MAX_HOST: usize = 1_024;

/// The base of relative addresses. It is under `.invalid`, where no real address leads.
static BASE_URL: LazyLock<Option<Url>> = LazyLock::new(|| Url::parse("https://page.invalid/").ok());

/// Returns the host that a browser opens for a web address as typed, with or without a scheme. The host is in the form in which
/// hosts are compared: ASCII in lower case, IP addresses in their usual notation, no trailing dot. Returns `None` if no browser
/// would open the address.
pub fn canonical_host(typed: &str) -> Option<String> {
    if let Some(url) = resolve(typed) {
        return host_of_url(&url);
    }
    match Url::parse(typed) {
        // "blog.example:8080" looks like a scheme and a path.
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            let rest = typed.split_once("://").map_or(typed, |(_, rest)| rest);
            host_of_url(&Url::parse(&format!("http://{}", rest.trim())).ok()?)
        }
        Err(_) => None,
    }
}

/// Returns a host or domain in the form that [`canonical_host`] returns. Returns `None` if it cannot be a host.
pub fn canonical_domain(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let bare_v6 = typed.parse().map(|address| Host::<&str>::Ipv6(address).to_string());
    let host = bare_v6.or_else(|_| Host::parse(typed).map(|host| host.to_string())).ok()?;
    strip_root_dot(&host)
}

/// Returns the IPv4 address that a host in the form of [`canonical_host`] stands for if it is an IPv4-mapped (RFC 4291) or
/// translated (RFC 6052) IPv6 address. Returns `None` for any other host.
pub fn as_ipv4(host: &str) -> Option<String> {
    let address: Ipv6Addr = host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
    let translated = || match address.segments() {
        [0x64, 0xFF9B, 0, 0, 0, 0, high, low] => Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    };
    address.to_ipv4_mapped().or_else(translated).map(|address| address.to_string())
}

/// Converts a host in the form of [`canonical_host`] from Punycode to the letters of its language. Returns it unchanged if it
/// is invalid.
pub fn unicode_host(host: &str) -> String {
    let (unicode_host, problems) = idna::domain_to_unicode(host);
    if problems.is_ok() { unicode_host } else { host.to_owned() }
}

/// Returns the address that a browser opens for the value of an attribute such as `href`. Returns `None` if the value leads to
/// the page's own host or is not a web address. The value is returned unchanged if it already shows a reader the right host.
pub fn resolved_address(value: &str) -> Option<String> {
    let url = resolve(value)?;
    let host = host_of_url(&url)?;
    let value = value.trim();
    let lower = value.to_lowercase();
    let seen = url_parts::written_host(&lower);
    let without_www = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let is_seen = [host.clone(), unicode_host(&host)].iter().any(|host| without_www(host) == seen);
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && !value.contains(|c: char| c.is_whitespace() || c.is_control())
        && lower.starts_with(&format!("{}://", url.scheme()));
    if is_plain && is_seen {
        return Some(value.to_owned());
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}{}", url.scheme(), &url[Position::BeforePath..]))
}

/// Returns the normal form of a text with ideographic full stops replaced by dots, as browsers do.
pub(super) fn normalize_with_dots(text: &str) -> NormalizedText {
    NormalizedText::normalize(text, |c| if c == IDEOGRAPHIC_DOT { '.' } else { c })
}

/// Resolves the value of an attribute such as `href` on a page. Returns `None` if it leads to the page's own host or is not a
/// web address.
fn resolve(value: &str) -> Option<Url> {
    match Url::parse(value) {
        Ok(url) => matches!(url.scheme(), "http" | "https" | "ws" | "wss" | "ftp").then_some(url),
        Err(url::ParseError::RelativeUrlWithoutBase) if value.contains(['/', '\\']) => {
            let page = BASE_URL.as_ref()?;
            page.join(value).ok().filter(|url| url.host() != page.host())
        }
        Err(_) => None,
    }
}

fn host_of_url(url: &Url) -> Option<String> {
    strip_root_dot(url.host_str()?)
}

/// Removes the dot of the DNS root, which does not change the host. Returns `None` if nothing is left.
fn strip_root_dot(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_one_that_a_browser_opens_however_the_address_is_written() {
        for typed in [
            "pills.example",
            "http://pills.example",
            "HTTP://PILLS.EXAMPLE/",
            "http://pills.example./",
            "http://pills.example:8080/x",
            "pills.example:8080/x",
            "http://en.wikipedia.org:x@pills.example/",
            "http://en.wikipedia.org@pills.example?x",
            "http://a:b@c:d@pills.example/",
            "http://en.wikipedia.org%2f@pills.example/",
            "http://%70ills.example",
            "http://%70%69%6C%6c%73%2eexample/",
            "http://ｐｉｌｌｓ.example/",
            "http://𝐩𝐢𝐥𝐥𝐬.example/",
            "http://ⓟⓘⓛⓛⓢ.example/",
            "http://pills。example/",
            "http://pills．example/",
            "http://pills｡example/",
            "http://pi\u{AD}l\u{200B}ls.example/",
            "http://pil\nls.exam\tple/",
            " \u{1}http://pills.example/",
            "http:pills.example",
            "http:/pills.example",
            "http:///pills.example",
            "http:\\\\pills.example\\x",
            "https:\\pills.example",
            "//pills.example/x",
            "\\\\pills.example/x",
            "/\\pills.example",
            "/\t/pills.example",
            "ftp://pills.example/",
            "gopher://pills.example/",
            "http://pills.example\\@en.wikipedia.org/",
            "http://pills.example#@en.wikipedia.org/",
            "http://pills.example?@en.wikipedia.org/",
        ] {
            assert_eq!(canonical_host(typed).as_deref(), Some("pills.example"), "{typed:?}");
        }
    }

    #[test]
    fn other_scripts_and_numbers_have_one_form() {
        for (typed, host) in [
            ("http://Müller.example", "xn--mller-kva.example"),
            ("http://xn--mller-kva.example", "xn--mller-kva.example"),
            ("http://m%C3%BCller.example", "xn--mller-kva.example"),
            ("http://mu\u{308}ller.example", "xn--mller-kva.example"),
            ("http://192.0.2.7/", "192.0.2.7"),
            ("http://3221225991/", "192.0.2.7"),
            ("http://0xC0000207", "192.0.2.7"),
            ("http://0300.0.02.7", "192.0.2.7"),
            ("http://192.519/", "192.0.2.7"),
            ("http://１９２.0.2.7./", "192.0.2.7"),
            ("http://[2001:DB8:0::1]:80/", "[2001:db8::1]"),
            ("http://[::ffff:192.0.2.7]", "[::ffff:c000:207]"),
        ] {
            assert_eq!(canonical_host(typed).as_deref(), Some(host), "{typed:?}");
        }
        assert_eq!(unicode_host("xn--mller-kva.example"), "müller.example");
        for typed in ["", "   ", "http://", "http://a b/", "http://pills.example:99999/", "http://[::1", "javascript:alert(1)"]
        {
            assert_eq!(canonical_host(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn ordinary_addresses_stay_as_they_are_and_others_become_what_is_opened() {
        for plain in [
            "http://pills.example",
            "https://www.pills.example/a/b?c=d#e",
            "http://pills.example:8080/x",
            "HTTPS://Pills.Example/X",
            "http://müller.example/ü",
            "http://xn--mller-kva.example/",
            "http://192.0.2.7/x",
            "http://pills.example/a(b)'c",
        ] {
            assert_eq!(resolved_address(plain).as_deref(), Some(plain));
        }
        for (odd, address) in [
            ("http://en.wikipedia.org:x@pills.example/", "http://pills.example/"),
            ("//pills.example/x?y", "https://pills.example/x?y"),
            ("ht\ntp://pil\tls.example/a b", "http://pills.example/a%20b"),
            ("http:\\\\pills.example:81\\x", "http://pills.example:81/x"),
            ("http://p%69lls.example", "http://pills.example/"),
            ("http://pills。example/", "http://pills.example/"),
        ] {
            assert_eq!(resolved_address(odd).as_deref(), Some(address), "{odd:?}");
        }
        for nowhere in ["/x", "pills.example", "#top", "?q", "mailto:a@pills.example", "javascript:x()", "color:red", ""] {
            assert_eq!(resolved_address(nowhere), None, "{nowhere:?}");
        }
    }

    #[test]
    fn domains_have_the_form_of_hosts() {
        for (typed, form) in [
            ("Casino.Example.", "casino.example"),
            ("ｃａｓｉｎｏ。example", "casino.example"),
            ("Müller.example", "xn--mller-kva.example"),
            ("0x7f.1", "127.0.0.1"),
            ("2001:DB8::1", "[2001:db8::1]"),
            ("[2001:db8:0::1]", "[2001:db8::1]"),
            ("a_b.example", "a_b.example"),
        ] {
            assert_eq!(canonical_domain(typed).as_deref(), Some(form), "{typed}");
        }
        assert_eq!(canonical_domain("a b"), None);
    }
}
