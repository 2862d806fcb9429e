//! Persons and clients as the store identifies them: by keyed hash, never by name or address.

use std::fmt;
use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::comment::{Comment, external_id};

/// An identity of a person. It does not implement `Debug`, so that it cannot be logged by mistake.
#[derive(Clone, Copy)]
pub enum Identity<'a> {
    /// The user id that the host assigns to the author.
    User(&'a str),
    /// An e-mail address. Case and surrounding white space are ignored.
    Email(&'a str),
    /// An IP address. All addresses of an IPv6 /64 network count as one.
    Ip(IpAddr),
}

/// The keyed hash of a person or client, displayed as 32 hexadecimal digits. It reveals nothing without the site's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person([u8; 16]);

impl Person {
    /// Hashes a `kind` and a `value`. The kind makes equal user ids and e-mail addresses different persons.
    pub fn new(secret: &[u8; 32], kind: &str, value: &str) -> Self {
        // HMAC pads its key with zeros to the block size of the hash.
        let mut key = [0; 64];
        key[..32].copy_from_slice(secret);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        Self(std::array::from_fn(|i| digest[i]))
    }

    /// Hashes an identity. Normalizes it first, so that a search for a person finds what comments recorded.
    pub fn hash(secret: &[u8; 32], identity: Identity<'_>) -> Self {
        match identity {
            // Comments store user ids in this form.
            Identity::User(id) => Self::new(secret, "user", &external_id(id)),
            Identity::Email(email) => Self::new(secret, "email", &email.trim().to_lowercase()),
            Identity::Ip(ip) => Self::new(secret, "ip", &client_network(ip.to_canonical())),
        }
    }

    /// Returns the bytes of the hash, as tables store them.
    pub(super) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the bytes of the hash, as audit records and training examples store them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Returns whether concatenated hashes contain this one.
    pub(super) fn is_among(&self, hashes: &[u8]) -> bool {
        hashes.as_chunks::<16>().0.contains(&self.0)
    }

    /// Creates a person from the bytes of [`as_bytes`](Self::as_bytes).
    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Parses the format of `Display`. Returns `None` if the text is malformed.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten().map(|number| Self(number.to_be_bytes()))
    }
}

/// The hashed identities of the sender of a comment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Persons {
    /// Hashed user id.
    pub user: Option<Person>,
    /// Hashed e-mail address.
    pub email: Option<Person>,
    /// Hashed IP address.
    pub ip: Option<Person>,
    /// Hash of the e-mail address and the client network together. It tells apart people at different clients who enter the
    /// same unverified e-mail address.
    pub visitor: Option<Person>,
    /// Whether the host verified the e-mail address.
    pub verified: bool,
    /// Whether the IP address belongs to a single client rather than to a proxy.
    pub own_ip: bool,
}

impl Persons {
    /// Hashes the identities of the sender of a comment.
    pub fn of_comment(secret: &[u8; 32], comment: &Comment) -> Self {
        let known = |text: &'_ str| !text.is_empty();
        Self {
            user: Some(comment.user_id()).filter(|id| known(id)).map(|id| Person::hash(secret, Identity::User(id))),
            email: Some(comment.email()).filter(|email| known(email)).map(|email| Person::hash(secret, Identity::Email(email))),
            ip: comment.ip().map(|ip| Person::hash(secret, Identity::Ip(ip))),
            visitor: Some(comment.email()).filter(|email| known(email)).map(|email| {
                let client = comment.public_ip().map(|ip| client_network(ip.to_canonical()));
                Person::new(secret, "visitor", &format!("{email} {}", client.unwrap_or_default()))
            }),
            verified: comment.email_is_verified(),
            own_ip: comment.public_ip().is_some(),
        }
    }

    /// Returns the author if the host vouches for the identity: a signed-in user or a verified e-mail address.
    pub fn certain_author(&self) -> Option<Person> {
        self.user.or(self.email.filter(|_| self.verified))
    }

    /// Returns the person that counts as the author: the certain author, or else the visitor.
    pub fn author(&self) -> Option<Person> {
        self.certain_author().or(self.visitor)
    }

    /// Returns the hashed IP address that rate limits count, or `None` if there is none or it belongs to a proxy.
    pub fn client(&self) -> Option<Person> {
        self.ip.filter(|_| self.own_ip)
    }

    /// Returns the hashes under which a person's data can be found on request.
    pub fn all(&self) -> impl Iterator<Item = Person> {
        [self.user, self.email, self.ip].into_iter().flatten()
    }
}

/// Returns the network that counts as one client: an IPv4 address, or the IPv6 /64 network commonly assigned to a subscriber.
fn client_network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_hmac_sha256_of_kind_and_value() {
        // printf 'user\0ada' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07
        let person = Person::new(&[7; 32], "user", "ada");
        assert_eq!(person.to_string(), "61d06b31902e7308b4199d88cd7fdc12");
        assert_eq!(Person::from_hex(&person.to_string()), Some(person));
    }

    #[test]
    fn an_ipv6_client_is_its_network_and_an_ipv4_client_its_address() {
        let of = |ip: &str| Person::hash(&[7; 32], Identity::Ip(ip.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    }

    #[test]
    fn an_email_address_is_the_same_however_it_is_typed() {
        let of = |email: &str| Person::hash(&[7; 32], Identity::Email(email));
        assert_eq!(of(" Ada@Example.ORG\t"), of("ada@example.org"));
    }

    #[test]
    fn kind_and_secret_tell_persons_apart() {
        let person = Person::new(&[7; 32], "user", "ada");
        assert_ne!(person, Person::new(&[7; 32], "email", "ada"));
        assert_ne!(person, Person::new(&[8; 32], "user", "ada"));
    }
}
