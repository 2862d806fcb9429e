//! Lists of words, domains and addresses, and how they match.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use ipnet::IpNet;
use unicode_segmentation::UnicodeSegmentation;

/// Words and phrases, compared as whole words (Unicode UAX #29) whatever their case.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// First word to the phrases that begin with it, each with its place in the list.
    /// Shared: each site's policy starts as a copy of the default's.
    by_first: Arc<HashMap<String, Vec<Phrase>>>,
}

/// A phrase's place in the list, and its words.
type Phrase = (usize, Vec<String>);

impl Words {
    /// Takes a phrase apart.
    pub fn parse(phrase: &str) -> Result<Vec<String>, String> {
        let words: Vec<String> = phrase.unicode_words().map(str::to_lowercase).collect();
        if words.is_empty() { Err("holds no word: a letter or digit is wanted".to_owned()) } else { Ok(words) }
    }

    /// A list of phrases.
    pub fn new(phrases: Vec<Vec<String>>) -> Self {
        let mut by_first: HashMap<_, Vec<_>> = HashMap::new();
        for (place, words) in phrases.into_iter().enumerate() {
            if let Some(first) = words.first() {
                by_first.entry(first.clone()).or_default().push((place, words));
            }
        }
        Self { by_first: by_first.into() }
    }

    /// How many phrases there are.
    pub fn count(&self) -> usize {
        self.by_first.values().map(Vec::len).sum()
    }

    /// Whether nothing can match.
    pub fn is_empty(&self) -> bool {
        self.by_first.is_empty()
    }

    /// Every place in `text` where a phrase stands: its place in the list and the bytes it covers.
    pub fn find(&self, text: &str) -> Vec<(usize, Range<usize>)> {
        if self.is_empty() {
            return Vec::new();
        }
        let words: Vec<(usize, String)> = text.unicode_word_indices().map(|(at, word)| (at, word.to_lowercase())).collect();
        let ends: Vec<usize> = text.unicode_word_indices().map(|(at, word)| at + word.len()).collect();
        let mut found = Vec::new();
        for (i, (begin, word)) in words.iter().enumerate() {
            for (place, phrase) in self.by_first.get(word).into_iter().flatten() {
                let here = words[i..].iter().map(|(_, word)| word);
                if here.len() >= phrase.len() && here.zip(phrase).all(|(word, wanted)| word == wanted) {
                    found.push((*place, *begin..ends[i + phrase.len() - 1]));
                }
            }
        }
        found
    }
}

/// Domains, each with its subdomains.
#[derive(Debug, Clone, Default)]
pub struct Domains(Arc<HashMap<String, usize>>);

/// Longest domain, in bytes: DNS has 253, and written in other scripts it may be twice as long.
const MAX_DOMAIN: usize = 512;

impl Domains {
    /// Checks a domain.
    ///
    /// # Errors
    /// What would be one. The entry is not repeated: mistakes in a policy are logged, and it may be a person's address.
    pub fn parse(domain: &str) -> Result<String, String> {
        let bare = domain.trim().trim_start_matches("*.").trim_end_matches('.').to_lowercase();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/:@".contains(c);
        if bare.is_empty() || bare.len() > MAX_DOMAIN || bare.contains(odd) {
            return Err("is none: a domain such as \"casino.example\" is wanted, without scheme and path".to_owned());
        }
        Ok(bare)
    }

    /// A list of domains.
    pub fn new(domains: Vec<String>) -> Self {
        let mut places = HashMap::new();
        for (place, domain) in domains.into_iter().enumerate() {
            places.entry(domain).or_insert(place);
        }
        Self(places.into())
    }

    /// How many domains there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The place in the list of the domain that `host` (in lower case) is or belongs to, the first of several.
    /// As quick for a long list as for a short one, and bounded by the length of the host.
    pub fn find(&self, host: &str) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        let above = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        let domains = above.chain([host]).filter(|domain| domain.len() <= MAX_DOMAIN);
        domains.filter_map(|domain| self.0.get(domain)).min().copied()
    }
}

/// E-mail addresses, mail domains, IP addresses and ranges.
#[derive(Debug, Clone, Default)]
pub struct Addresses(Arc<[Address]>);

/// One entry of [`Addresses`].
#[derive(Debug, Clone)]
pub enum Address {
    /// The whole address, in lower case.
    Email(String),
    /// `@` and the domain, in lower case.
    MailDomain(String),
    /// An address is a range of one.
    Net(IpNet),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Email(address) | Self::MailDomain(address) => f.write_str(address),
            // An address is a range of one.
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => write!(f, "{}", net.addr()),
            Self::Net(net) => write!(f, "{}", net.trunc()),
        }
    }
}

impl Addresses {
    /// Parses an entry.
    ///
    /// # Errors
    /// What would be one. The entry is not repeated: mistakes in a policy are logged, and it may be a person's address.
    pub fn parse(entry: &str) -> Result<Address, String> {
        let entry = entry.trim();
        match entry.split_once('@') {
            Some(("", domain)) if !domain.is_empty() => Ok(Address::MailDomain(entry.to_lowercase())),
            Some((_, domain)) if !domain.is_empty() => Ok(Address::Email(entry.to_lowercase())),
            _ => {
                let single = entry.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical()));
                single.or_else(|_| entry.parse::<IpNet>()).map(Address::Net).map_err(|_| {
                    "is none: an e-mail address, \"@domain\", an IP address or a range such as 192.0.2.0/24 is wanted"
                        .to_owned()
                })
            }
        }
    }

    /// A list of addresses.
    pub fn new(addresses: Vec<Address>) -> Self {
        Self(addresses.into())
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The place in the list of what matches the e-mail address (in lower case; may be empty) or the IP address.
    pub fn find(&self, email: &str, ip: Option<IpAddr>) -> Option<usize> {
        self.0.iter().position(|address| match address {
            Address::Email(whole) => whole == email,
            Address::MailDomain(domain) => email.ends_with(domain.as_str()),
            Address::Net(net) => ip.is_some_and(|ip| net.contains(&ip)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_not_repeated_as_it_may_be_a_persons_address() {
        for typed in ["ada@", "ada", "203.0.113.300", "http://ada@mail.example/", "ada@mail.example,eve@mail.example:x/"] {
            let problems = [Addresses::parse(typed).err(), Domains::parse(typed).err()];
            assert!(problems.iter().any(Option::is_some), "{typed}");
            for problem in problems.into_iter().flatten() {
                assert!(!problem.contains("ada") && !problem.contains("203"), "{problem}");
            }
        }
    }

    #[test]
    fn words_match_whole_and_in_any_case_and_phrases_in_order() {
        let words = Words::new(vec![Words::parse("ass").unwrap(), Words::parse("buy now").unwrap()]);
        assert_eq!(words.find("An ASS, not a class"), [(0, 3..6)]);
        assert_eq!(words.find("buy it now"), []);
        assert_eq!(words.find("BUY   now!"), [(1, 0..9)]);
        assert!(Words::parse("!!").is_err());
    }

    #[test]
    fn a_domain_covers_its_subdomains_and_no_neighbours() {
        let domains = Domains::new(vec![Domains::parse("Casino.example").unwrap()]);
        assert_eq!(domains.find("casino.example"), Some(0));
        assert_eq!(domains.find("www.casino.example"), Some(0));
        assert_eq!(domains.find("notcasino.example"), None);
        assert!(Domains::parse("https://casino.example/x").is_err());
    }

    #[test]
    fn addresses_match_by_mail_domain_and_range() {
        let parse = |entry| Addresses::parse(entry).unwrap();
        let addresses =
            Addresses::new(vec![parse("A@b.example"), parse("@spam.example"), parse("192.0.2.0/24"), parse("2001:db8::1")]);
        assert_eq!(addresses.find("a@b.example", None), Some(0));
        assert_eq!(addresses.find("x@spam.example", None), Some(1));
        assert_eq!(addresses.find("", "192.0.2.9".parse().ok()), Some(2));
        assert_eq!(addresses.find("", "2001:db8::1".parse().ok()), Some(3));
        assert_eq!(addresses.find("", "2001:db8::2".parse().ok()), None);
        assert!(Addresses::parse("192.0.2.0/99").is_err());
        assert!(Addresses::parse("nobody@").is_err());
    }
}
