//! What a key looks like: a name and a secret, in letters and digits that fit into a DNS label.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::Error;

/// What every key that was made here begins with.
const PREFIX: &str = "gp-";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters of a key's name: 40 bits, so that a million keys hardly meet.
const ID_LENGTH: usize = 8;
/// Letters of its secret: 160 bits, so that a plain hash of it cannot be searched.
const SECRET_LENGTH: usize = 32;
/// The shortest key that an operator may make up.
const MIN_ADMIN_KEY_LENGTH: usize = 24;

/// A key: its name and its whole text.
pub(super) struct GeneratedKey {
    pub id: String,
    pub text: String,
}

/// A key that nobody can guess.
pub(super) fn generate() -> Result<GeneratedKey, Error> {
    let mut bytes = [0; ID_LENGTH + SECRET_LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Error::store(error.to_string()))?;
    let letters: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let (id, secret) = letters.split_at(ID_LENGTH);
    Ok(GeneratedKey { id: id.to_owned(), text: format!("{PREFIX}{id}-{secret}") })
}

/// The name of a key, if it may have been made here.
pub(super) fn id(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('-')?;
    let fits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| ALPHABET.contains(&byte));
    (fits(id, ID_LENGTH) && fits(secret, SECRET_LENGTH)).then_some(id)
}

/// A key as a caller presented it: its hash, and its name if it may have been made here. It never holds the key's text.
#[derive(Clone)]
pub struct PresentedKey {
    pub(super) id: Option<String>,
    pub(super) hash: [u8; 32],
}

impl PresentedKey {
    /// Reads a key's text.
    pub fn parse(text: &str) -> Self {
        Self { id: id(text).map(str::to_owned), hash: hash(text) }
    }
}

/// What is stored of a key.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether two hashes are the same, in a time that does not tell where they differ.
pub(super) fn constant_time_eq(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.ct_eq(b).into()
}

/// Whether an operator's own key is one that nobody guesses.
///
/// # Errors
/// What is wrong with it, and how to make a better one.
pub fn check_admin_key(text: &str) -> Result<(), String> {
    if text.len() < MIN_ADMIN_KEY_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "must be at least {MIN_ADMIN_KEY_LENGTH} letters, digits and signs, without blanks; make one with `openssl rand -hex 24`"
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
