//! People and clients as the store knows them: by keyed hash, never by name or address.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Keyed hash of a person or client, shown as 32 hex digits. Without the site's secret it tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Person([u8; 16]);

impl Person {
    /// Hashes `value`, which is of some `kind`: a user id and an e-mail address that look alike are two persons.
    pub fn new(secret: &[u8; 32], kind: &str, value: &str) -> Self {
        // HMAC pads its key with zeros to the block of the hash.
        let mut key = [0; 64];
        key[..32].copy_from_slice(secret);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        Self(std::array::from_fn(|i| digest[i]))
    }

    /// The hash as it is kept in tables.
    pub(super) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads back what [`as_bytes`](Self::as_bytes) gave.
    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads back what `Display` wrote.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten().map(|number| Self(number.to_be_bytes()))
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
    fn kind_and_secret_tell_persons_apart() {
        let person = Person::new(&[7; 32], "user", "ada");
        assert_ne!(person, Person::new(&[7; 32], "email", "ada"));
        assert_ne!(person, Person::new(&[8; 32], "user", "ada"));
    }
}
