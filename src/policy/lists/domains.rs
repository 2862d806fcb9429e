//! Lists of domains, and how they match.

use std::collections::HashMap;
use std::sync::Arc;

use crate::reading::host;

/// A list of domains in canonical form. Each matches its subdomains too.
#[derive(Debug, Clone, Default)]
pub struct DomainList(Arc<HashMap<String, usize>>);

/// Maximum length of a domain, in bytes. DNS allows 253, and a domain in another script may be twice as long.
const MAX_DOMAIN: usize = 512;

impl DomainList {
    /// Parses a domain. Returns it as people read it, in lower case and in Unicode.
    ///
    /// # Errors
    /// Returns an error that says what is accepted. It does not repeat the entry: mistakes in a policy are logged, and the
    /// entry may be a person's address.
    pub fn parse(domain: &str) -> Result<String, String> {
        let bare = domain.trim().trim_start_matches("*.");
        match Self::normalize(bare).filter(|_| bare.len() <= MAX_DOMAIN) {
            Some(key) => Ok(host::unicode_host(&key)),
            None => Err("is not valid: a domain such as \"casino.example\" is required, without scheme and path".to_owned()),
        }
    }

    /// Returns the form in which a domain is compared with hosts, or `None` if it is not a domain.
    fn normalize(domain: &str) -> Option<String> {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/@?#\\*".contains(c);
        if domain.contains(odd) {
            None
        } else {
            host::canonical_domain(domain).map(|host| host::as_ipv4(&host).unwrap_or(host))
        }
    }

    /// Creates a list of domains.
    pub fn new(domains: Vec<String>) -> Self {
        let mut places = HashMap::new();
        for (place, domain) in domains.into_iter().enumerate() {
            places.entry(Self::normalize(&domain).unwrap_or(domain)).or_insert(place);
        }
        Self(places.into())
    }

    /// Returns the number of domains, without repeated ones.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the position of the first domain in the list that equals `host` or is a parent of it. `host` has the form of a
    /// link's host. The time depends on the length of the host and not of the list.
    pub fn find(&self, host: &str) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        let as_ipv4 = host::as_ipv4(host);
        let host = as_ipv4.as_deref().unwrap_or(host);
        let above = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        let domains = above.chain([host]).filter(|domain| domain.len() <= MAX_DOMAIN);
        domains.filter_map(|domain| self.0.get(domain)).min().copied()
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_its_subdomains_and_no_neighbours() {
        let domains = DomainList::new(vec![DomainList::parse("Casino.example").unwrap()]);
        assert_eq!(domains.find("casino.example"), Some(0));
        assert_eq!(domains.find("www.casino.example"), Some(0));
        assert_eq!(domains.find("notcasino.example"), None);
        for wrong in ["https://casino.example/x", "casino.example/x", "a@casino.example", "a b", "", ".", "*"] {
            assert!(DomainList::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_domain_is_the_same_however_it_is_written_in_the_list() {
        for (typed, shown, host) in [
            ("CASINO.example", "casino.example", "casino.example"),
            ("*.casino.example.", "casino.example", "casino.example"),
            ("ｃａｓｉｎｏ。example", "casino.example", "casino.example"),
            ("Müller.example", "müller.example", "xn--mller-kva.example"),
            ("xn--mller-kva.example", "müller.example", "xn--mller-kva.example"),
            ("mu\u{308}ller.example", "müller.example", "xn--mller-kva.example"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
            ("[2001:db8:0::1]", "[2001:db8::1]", "[2001:db8::1]"),
            ("2001:db8::1", "[2001:db8::1]", "[2001:db8::1]"),
            ("192.0.2.7", "192.0.2.7", "[::ffff:c000:207]"),
            ("192.0.2.7", "192.0.2.7", "[64:ff9b::c000:207]"),
            ("[::ffff:192.0.2.7]", "192.0.2.7", "192.0.2.7"),
        ] {
            let parsed = DomainList::parse(typed).unwrap();
            assert_eq!(parsed, shown);
            let domains = DomainList::new(vec![parsed]);
            assert_eq!(domains.find(host), Some(0), "{typed}");
            assert_eq!(domains.find("[::ffff:192.0.2.8]"), None);
            // A store may contain domains that were written in another form before.
            assert_eq!(DomainList::new(vec![typed.trim_start_matches("*.").to_lowercase()]).find(host), Some(0), "{typed}");
        }
    }
}
