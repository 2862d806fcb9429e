//! What a site's persons are hashed with: one secret, and those that it has had before.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;
use prost::Message;

use super::person::{Identity, Person};
use super::{Engine, Store, poisoned};
use crate::comment::Site;
use crate::error::Error;
use crate::pb;

/// Bytes of one secret.
const LENGTH: usize = 32;
/// How many are kept: what was hashed with an older one is nobody's any more.
const MOST: usize = 8;

/// How many sites' secrets are remembered. Sites need no registration, so their number has no bound of its own.
const SECRETS: usize = 10_000;
/// For how long they are taken for what they are without asking: another server may have changed them.
const FRESH: Duration = Duration::from_secs(60);

/// The secrets of a site, the newest first. Not `Debug`: they must not get into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets(Vec<[u8; LENGTH]>);

impl Secrets {
    /// One that nobody can guess.
    pub(super) fn fresh() -> Result<Self, Error> {
        let mut secret = [0; LENGTH];
        getrandom::fill(&mut secret).map_err(|error| Error::store(error.to_string()))?;
        Ok(Self(vec![secret]))
    }

    /// The same with another one in front.
    pub(super) fn rotated(&self) -> Result<Self, Error> {
        let fresh = Self::fresh()?;
        Ok(Self(fresh.0.into_iter().chain(self.0.iter().copied()).take(MOST).collect()))
    }

    /// As they are stored: one behind the other.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Reads back what [`to_bytes`](Self::to_bytes) gave. `None`: it is damaged.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (secrets, rest) = bytes.as_chunks::<LENGTH>();
        (!secrets.is_empty() && rest.is_empty()).then(|| Self(secrets.iter().take(MOST).copied().collect()))
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
    pub fn known_by(&self, identity: Identity<'_>) -> Vec<Person> {
        self.0.iter().map(|secret| Person::known_by(secret, identity)).collect()
    }
}

/// A site's secrets, the generation of the engine that they were read from, and when that was.
#[derive(Clone)]
pub(super) struct Known {
    secrets: Secrets,
    generation: u64,
    read: Instant,
}

/// What remembers the sites' secrets, those that were asked for last.
pub(super) fn cache() -> LruCache<Site, Known> {
    LruCache::new(NonZeroUsize::new(SECRETS).unwrap_or(NonZeroUsize::MIN))
}

impl Store {
    /// The site's secrets: random, made when first asked for, the same for all servers of the store. What another server
    /// has changed in them is known here within a minute.
    pub async fn secrets(&self, site: &Site) -> Result<Secrets, Error> {
        let generation = match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => 0,
            Engine::Redis(engine) => engine.generation(),
        };
        let known = self.known.lock().map_err(poisoned)?.get(site).cloned();
        let ours = match &known {
            Some(known) if known.generation == generation && known.read.elapsed() < FRESH => return Ok(known.secrets.clone()),
            // An engine that came back empty is told what they were: the same people must have the same hashes.
            Some(known) => known.secrets.clone(),
            None => Secrets::fresh()?,
        };
        match (self.read_secrets(site, &ours).await, known) {
            // Away: so is whatever would need them to be right, and the limits of this process go on with the old ones.
            (Err(Error::Store(_)), Some(known)) => Ok(known.secrets),
            (read, _) => self.remember(site, read?, generation),
        }
    }

    async fn read_secrets(&self, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.secrets(site, ours),
            // Those that are there are read, which proves nothing.
            Engine::Embedded(engine) => self.bounded(engine.secrets(site, ours), |_| false).await,
            Engine::Redis(engine) => engine.secrets(site, ours).await,
        }
    }

    fn remember(&self, site: &Site, secrets: Secrets, generation: u64) -> Result<Secrets, Error> {
        let mut known = self.known.lock().map_err(poisoned)?;
        known.put(site.clone(), Known { secrets: secrets.clone(), generation, read: Instant::now() });
        Ok(secrets)
    }

    /// Gives a site another secret, for all that comes from now on, and adds the act to its audit in the same step. Secrets
    /// before are kept, so that persons are still found; but authors' histories and limits begin anew.
    pub async fn rotate_secret(&self, site: &Site, act: &pb::AuditEvent) -> Result<(), Error> {
        let act = act.encode_to_vec();
        loop {
            // Read where they are, unless they were lost there.
            let known = self.known.lock().map_err(poisoned)?.get(site).map(|known| known.secrets.clone());
            let old = self.read_secrets(site, &known.map_or_else(Secrets::fresh, Ok)?).await?;
            let new = old.rotated()?;
            let swapped = match &self.engine {
                Engine::Memory(engine) => engine.swap_secrets(site, &old, &new, &act),
                Engine::Embedded(engine) => engine.swap_secrets(site, &old, &new, &act).await,
                Engine::Redis(engine) => engine.swap_secrets(site, &old, &new, &act).await,
            };
            // Else somebody else did the same at the same time.
            if swapped? {
                // Asked for again by the next comment.
                self.known.lock().map_err(poisoned)?.pop(site);
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotated_secret_still_knows_whom_the_old_one_knew() {
        let old = Secrets::fresh().unwrap();
        let new = old.rotated().unwrap();
        assert_ne!(old.newest(), new.newest());
        let ada = Identity::User("ada");
        assert_eq!(new.known_by(ada), [Person::known_by(new.newest(), ada), Person::known_by(old.newest(), ada)]);
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
        let mut secrets = Secrets::fresh().unwrap();
        for _ in 0..20 {
            secrets = secrets.rotated().unwrap();
        }
        assert_eq!(secrets.to_bytes().len(), MOST * LENGTH);
    }
}
