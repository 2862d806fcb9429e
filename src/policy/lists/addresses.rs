//! Lists of e-mail and IP addresses, and how they match.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::reading::host;

/// A list of e-mail addresses, mail domains, IP addresses and ranges.
#[derive(Debug, Clone, Default)]
pub struct AddressList(Arc<[AddressEntry]>);

/// One entry of [`AddressList`].
#[derive(Debug, Clone)]
pub enum AddressEntry {
    /// The whole address, in lower case.
    Email(String),
    /// `@` and the domain, in lower case.
    MailDomain(String),
    /// An IP range. A single address is a range of one.
    Net(IpNet),
}

impl std::fmt::Display for AddressEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Email(address) | Self::MailDomain(address) => f.write_str(address),
            // A range of one is written as an address.
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => write!(f, "{}", net.addr()),
            Self::Net(net) => write!(f, "{}", net.trunc()),
        }
    }
}

impl AddressList {
    /// Parses an entry.
    ///
    /// # Errors
    /// Returns an error that says what is accepted. It does not repeat the entry: mistakes in a policy are logged, and the
    /// entry may be a person's address.
    pub fn parse(entry: &str) -> Result<AddressEntry, String> {
        let entry = entry.trim();
        match entry.split_once('@') {
            Some(("", domain)) if !domain.is_empty() => Ok(AddressEntry::MailDomain(normalize_email(entry))),
            Some((_, domain)) if !domain.is_empty() => Ok(AddressEntry::Email(normalize_email(entry))),
            _ => {
                let single = entry.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical()));
                single.or_else(|_| entry.parse::<IpNet>()).map(AddressEntry::Net).map_err(|_| {
                    "is not valid: an e-mail address, \"@domain\", an IP address or a range such as 192.0.2.0/24 is required"
                        .to_owned()
                })
            }
        }
    }

    /// Creates a list of addresses.
    pub fn new(addresses: Vec<AddressEntry>) -> Self {
        Self(addresses.into())
    }

    /// Returns the number of entries.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the position of an entry that matches the IP address or any of the e-mail addresses in `email`, which is in
    /// lower case and may be empty. Text around an address must not evade a block.
    pub fn find_any(&self, email: &str, ip: Option<IpAddr>) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        self.find(email, ip).or_else(|| extract_addresses(email).iter().filter_map(|email| self.find(email, None)).min())
    }

    /// Returns the position of the first entry that matches the e-mail address or the IP address. `email` is in lower case and
    /// may be empty; if it is not exactly one address, only the IP address is compared.
    pub fn find(&self, email: &str, ip: Option<IpAddr>) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        let email = if is_one_address(email) { normalize_email(email) } else { String::new() };
        self.0.iter().position(|address| match address {
            AddressEntry::Email(whole) => *whole == email,
            AddressEntry::MailDomain(domain) => email.ends_with(domain.as_str()),
            AddressEntry::Net(net) => ip.is_some_and(|ip| net.contains(&ip)),
        })
    }
}

/// Returns whether a character separates e-mail addresses. The addresses that people have do not contain it.
fn is_address_separator(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>\"'(),;:[]\\".contains(c)
}

/// Returns whether a text is exactly one e-mail address. In other text it is unclear which address a host has verified.
fn is_one_address(email: &str) -> bool {
    let apostrophe = |c: char| c == '\'';
    let (name, domain) = email.split_once('@').unwrap_or_default();
    !name.is_empty()
        && !domain.is_empty()
        && !domain.contains(|c| c == '@' || is_address_separator(c))
        && !name.contains(|c| is_address_separator(c) && !apostrophe(c))
}

/// Returns the e-mail addresses in a text: each `@` with the text on both sides.
fn extract_addresses(text: &str) -> Vec<String> {
    let visible: String = text.chars().filter(|c| c.is_whitespace() || !c.is_control()).collect();
    let pieces = visible.split(is_address_separator);
    let pairs = pieces.flat_map(|piece| piece.split('@').zip(piece.split('@').skip(1)));
    pairs.map(|(name, domain)| format!("{name}@{domain}")).collect()
}

/// Returns the canonical form of an e-mail address or `@domain` for comparison: in lower case, with the domain in Unicode.
fn normalize_email(address: &str) -> String {
    let lower = address.to_lowercase();
    match lower.rsplit_once('@').and_then(|(name, domain)| Some((name, host::canonical_domain(domain)?))) {
        Some((name, domain)) => format!("{name}@{}", host::unicode_host(&domain)),
        None => lower,
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_match_by_mail_domain_and_range() {
        let parse = |entry| AddressList::parse(entry).unwrap();
        let addresses =
            AddressList::new(vec![parse("A@b.example"), parse("@spam.example"), parse("192.0.2.0/24"), parse("2001:db8::1")]);
        assert_eq!(addresses.find("a@b.example", None), Some(0));
        assert_eq!(addresses.find("x@spam.example", None), Some(1));
        assert_eq!(addresses.find("x@ｓｐａｍ.example.", None), Some(1));
        assert_eq!(addresses.find("x@notspam.example", None), None);
        assert_eq!(addresses.find("", "192.0.2.9".parse().ok()), Some(2));
        assert_eq!(addresses.find("", "2001:db8::1".parse().ok()), Some(3));
        assert_eq!(addresses.find("", "2001:db8::2".parse().ok()), None);
        let named = AddressList::new(vec![parse("@our-staff.example"), parse("o'neil@x.example")]);
        for email in [
            "x@evil.example@our-staff.example",
            "<x@evil.example>, <y@our-staff.example",
            "<x@our-staff.example>",
            "x\0@our-staff.example",
            "\"x\"@our-staff.example",
            "x y@our-staff.example",
            "@our-staff.example",
        ] {
            assert_eq!(named.find(email, None), None, "{email:?}");
        }
        assert_eq!((named.find("y@our-staff.example", None), named.find("o'neil@x.example", None)), (Some(0), Some(1)));
        for email in ["<x@spam.example>", "x@spam.example@mail.example", "X <x@spam\0.example>, y@z.example"] {
            assert_eq!(addresses.find_any(email, None), Some(1), "{email:?}");
        }
        assert!(AddressList::parse("192.0.2.0/99").is_err());
        assert!(AddressList::parse("nobody@").is_err());
    }
}
