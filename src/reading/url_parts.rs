//! The parts of a web address as written: host, path, registrable domain, top-level domain.

/// Second-level domains under which registries sell names: `example.co.uk`.
const REGISTRY_SECOND_LEVELS: &str = " co com org net ac gov edu or ne ";

/// Returns the host of a web address as written, without scheme, user, `www.`, port and path.
pub fn written_host(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let rest = authority.rsplit('@').next().unwrap_or_default();
    let rest = match rest.find(']') {
        Some(end) if rest.starts_with('[') => &rest[..=end],
        _ => rest.split(':').next().unwrap_or_default(),
    };
    // Normalized text has "ww." for "www.", since stretched letters are shortened.
    rest.strip_prefix("www.").or_else(|| rest.strip_prefix("ww.")).unwrap_or(rest)
}

/// Returns the part of a web address after the host, with its leading slash. Empty if there is none.
pub fn written_path(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

/// Returns the registrable domain of a host: `example.co.uk` for `shop.example.co.uk`.
pub fn registrable_domain(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let third = dots.next().map_or(0, |at| at + 1);
    let under_registry = host.len() - last <= 3 && has_name(REGISTRY_SECOND_LEVELS, &host[second + 1..last]);
    &host[if under_registry { third } else { second + 1 }..]
}

/// Returns the last label of a host.
pub fn top_level_domain(host: &str) -> &str {
    host.rsplit('.').next().unwrap_or_default()
}

/// Returns whether a host is under a reserved top-level domain, which cannot be registered (RFC 2606 and 6761). Such hosts
/// occur in examples and are no evidence of anything.
pub fn has_reserved_tld(host: &str) -> bool {
    matches!(top_level_domain(host), "example" | "test" | "invalid" | "localhost" | "local")
}

/// Returns whether a white-space-separated list of names contains a name.
pub fn has_name(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|entry| entry == word)
}

#[cfg(test)]
mod tests {
    use super::{registrable_domain, written_host, written_path};

    #[test]
    fn links_are_taken_apart() {
        assert_eq!(written_host("https://user@www.shop.example.co.uk:80/a/b"), "shop.example.co.uk");
        assert_eq!(written_host("http://en.wikipedia.org:x@pills.example/a@b"), "pills.example");
        assert_eq!(written_host("http://pills.example?x@b.example"), "pills.example");
        assert_eq!(written_host("http://[2001:db8::1]:80/"), "[2001:db8::1]");
        assert_eq!(registrable_domain("shop.example.co.uk"), "example.co.uk");
        assert_eq!(registrable_domain("a.b.example.com"), "example.com");
        assert_eq!(registrable_domain("example.com"), "example.com");
        assert_eq!(written_path("http://x.com/a?b"), "/a?b");
        assert_eq!(written_path("x.com"), "");
    }
}
