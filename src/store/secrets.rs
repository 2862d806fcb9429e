//! What a site's persons are hashed with: one secret, and those that it has had before.

use super::person::{Identity, Person};
use crate::error::Error;

/// Bytes of one secret.
const LENGTH: usize = 32;
/// How many are kept: what was hashed with an older one is nobody's any more.
const MAX_SECRETS: usize = 8;

/// The secrets of a site, the newest first. Not `Debug`: they must not get into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets(Vec<[u8; LENGTH]>);

impl Secrets {
    /// One that nobody can guess.
    pub(super) fn random() -> Result<Self, Error> {
        let mut secret = [0; LENGTH];
        getrandom::fill(&mut secret).map_err(|error| Error::store(error.to_string()))?;
        Ok(Self(vec![secret]))
    }

    /// The same with another one in front.
    pub(super) fn rotated(&self) -> Result<Self, Error> {
        let fresh = Self::random()?;
        Ok(Self(fresh.0.into_iter().chain(self.0.iter().copied()).take(MAX_SECRETS).collect()))
    }

    /// As they are stored: one behind the other.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Reads back what [`to_bytes`](Self::to_bytes) gave. `None`: it is damaged.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (secrets, rest) = bytes.as_chunks::<LENGTH>();
        (!secrets.is_empty() && rest.is_empty()).then(|| Self(secrets.iter().take(MAX_SECRETS).copied().collect()))
    }

    /// The one that is hashed with.
    pub fn newest(&self) -> &[u8; LENGTH] {
        // There is always one.
        self.0.first().unwrap_or(&[0; LENGTH])
    }

    /// All of them, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &[u8; LENGTH]> {
        self.0.iter()
    }

    /// Whom a person was known as under each of them.
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
