//! The secrets with which a site's persons are hashed: the current one and earlier ones.

use super::person::{Identity, Person};
use crate::error::Error;

/// Length of a secret, in bytes.
const LENGTH: usize = 32;
/// Maximum number of secrets kept. Hashes made with an older one can no longer be matched to a person.
const MAX_SECRETS: usize = 8;

/// The secrets of a site, newest first. The type does not implement `Debug`, so that secrets cannot be logged by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets(Vec<[u8; LENGTH]>);

impl Secrets {
    /// Generates a single random secret.
    ///
    /// # Errors
    /// Returns an error if the system provides no random bytes.
    pub(super) fn random() -> Result<Self, Error> {
        let mut secret = [0; LENGTH];
        getrandom::fill(&mut secret).map_err(|error| Error::store(error.to_string()))?;
        Ok(Self(vec![secret]))
    }

    /// Returns these secrets with a new random one in front.
    ///
    /// # Errors
    /// Returns an error if the system provides no random bytes.
    pub(super) fn rotated(&self) -> Result<Self, Error> {
        let fresh = Self::random()?;
        Ok(Self(fresh.0.into_iter().chain(self.0.iter().copied()).take(MAX_SECRETS).collect()))
    }

    /// Returns the stored format: the concatenated secrets.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Reads the format of [`to_bytes`](Self::to_bytes). Returns `None` if it is malformed.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (secrets, rest) = bytes.as_chunks::<LENGTH>();
        (!secrets.is_empty() && rest.is_empty()).then(|| Self(secrets.iter().take(MAX_SECRETS).copied().collect()))
    }

    /// Returns the current secret, with which new comments are hashed.
    pub fn newest(&self) -> &[u8; LENGTH] {
        // The list is never empty.
        self.0.first().unwrap_or(&[0; LENGTH])
    }

    /// Returns all secrets, newest first.
    pub fn all(&self) -> impl Iterator<Item = &[u8; LENGTH]> {
        self.0.iter()
    }

    /// Returns the hash of an identity under each secret, newest first.
    pub fn hashes_of(&self, identity: Identity<'_>) -> Vec<Person> {
        self.0.iter().map(|secret| Person::hash(secret, identity)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotated_secret_still_knows_whom_the_old_one_knew() {
        let old = Secrets::random().unwrap();
        let new = old.rotated().unwrap();
        assert_ne!(old.newest(), new.newest());
        let ada = Identity::User("ada");
        assert_eq!(new.hashes_of(ada), [Person::hash(new.newest(), ada), Person::hash(old.newest(), ada)]);
        assert!(Secrets::from_bytes(&new.to_bytes()) == Some(new));
    }

    #[test]
    fn what_is_no_secret_is_not_taken_for_one() {
        for length in [0, 1, 31, 33, 63] {
            assert!(Secrets::from_bytes(&vec![1; length]).is_none(), "{length}");
        }
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut secrets = Secrets::random().unwrap();
        for _ in 0..20 {
            secrets = secrets.rotated().unwrap();
        }
        assert_eq!(secrets.to_bytes().len(), MAX_SECRETS * LENGTH);
    }
}
