//! The format of a key: an id and a secret, in characters that fit into a DNS label.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::Error;

/// Prefix of every generated key.
const PREFIX: &str = "gp-";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Number of characters of a key's id: 40 bits, so that a collision is unlikely even among a million keys.
const ID_LENGTH: usize = 8;
/// Number of characters of a key's secret: 160 bits, so that a plain hash of it cannot be reversed by search.
const SECRET_LENGTH: usize = 32;
/// Minimum length of a key that an operator sets.
const MIN_ADMIN_KEY_LENGTH: usize = 24;

/// A generated key: its id and its whole text.
pub(super) struct GeneratedKey {
    pub id: String,
    pub text: String,
}

/// Generates a random key.
///
/// # Errors
/// Returns an error if the system provides no random numbers.
pub(super) fn generate() -> Result<GeneratedKey, Error> {
    let mut bytes = [0; ID_LENGTH + SECRET_LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Error::store(error.to_string()))?;
    let letters: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let (id, secret) = letters.split_at(ID_LENGTH);
    Ok(GeneratedKey { id: id.to_owned(), text: format!("{PREFIX}{id}-{secret}") })
}

/// Returns the id in the text of a key, or `None` if the text does not have the format of a generated key.
pub(super) fn id(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('-')?;
    let fits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| ALPHABET.contains(&byte));
    (fits(id, ID_LENGTH) && fits(secret, SECRET_LENGTH)).then_some(id)
}

/// A key that a caller presented: its hash, and its id if it has the format of a generated key. It does not contain the text.
#[derive(Clone)]
pub struct PresentedKey {
    pub(super) id: Option<String>,
    pub(super) hash: [u8; 32],
}

impl PresentedKey {
    /// Parses the text of a key.
    pub fn parse(text: &str) -> Self {
        Self { id: id(text).map(str::to_owned), hash: hash(text) }
    }
}

/// Returns the hash of a key's text, which is stored in its place.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Returns whether two hashes are equal, in a time that does not depend on where they differ.
pub(super) fn constant_time_eq(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.ct_eq(b).into()
}

/// Checks that a key that an operator sets is long enough and has no spaces.
///
/// # Errors
/// Returns an error that says what is required, and how to generate a key.
pub fn check_admin_key(text: &str) -> Result<(), String> {
    if text.len() < MIN_ADMIN_KEY_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "must be at least {MIN_ADMIN_KEY_LENGTH} letters, digits and symbols, without spaces; generate one with \
             `openssl rand -hex 24`"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_into_a_dns_label_and_tells_its_name() {
        let key = generate().unwrap();
        assert!(key.text.len() <= 63 && key.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        assert_eq!(id(&key.text), Some(key.id.as_str()));
        assert_ne!(generate().unwrap().text, key.text);
    }

    #[test]
    fn what_was_not_made_here_has_no_name() {
        for text in ["", "gp-", "gp-abcdefgh-", "gp-abcdefgh-short", "xx-abcdefgh-abcdefghijklmnopqrstuvwxyz234567"] {
            assert_eq!(id(text), None, "{text}");
        }
    }

    #[test]
    fn a_short_admin_key_is_refused_with_how_to_make_one() {
        assert!(check_admin_key("hunter2").unwrap_err().contains("openssl"));
        assert!(check_admin_key("3b6f 0c2d 3b6f 0c2d 3b6f 0c2d").is_err());
        assert_eq!(check_admin_key("3b6f0c2d3b6f0c2d3b6f0c2d"), Ok(()));
    }
}
