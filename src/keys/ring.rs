//! All keys, as a server knows them, and what is done with them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;

use super::caller::{Caller, Sites};
use super::record::{KeyRecord, Role, moment, seconds};
use super::secret;
use crate::error::Error;
use crate::store::{Records, Space, Store};

/// How often the store is asked whether the keys have changed.
const EVERY: Duration = Duration::from_millis(500);
/// How often it is told which were used.
const TELL_USES: Duration = Duration::from_secs(60);
/// A key that is not known may have been made a moment ago elsewhere; but whoever makes keys up must not keep the store busy.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The name of the key that comes from the settings.
const ADMIN: &str = "admin";

/// All keys. Cheap to clone.
#[derive(Clone)]
pub struct Ring {
    store: Store,
    /// The hash of the operator's own key, from the settings.
    admin: Option<[u8; 32]>,
    /// Whether callers need a key even if there is none.
    demanded: bool,
    known: Arc<ArcSwap<Known>>,
    uses: Arc<Mutex<HashMap<String, u64>>>,
    looked: Arc<Mutex<Option<Instant>>>,
}

/// The keys as they were read last.
#[derive(Default)]
struct Known {
    version: u64,
    records: BTreeMap<String, Vec<u8>>,
    keys: HashMap<String, (KeyRecord, Caller)>,
}

/// A key that was just made.
pub struct NewKey {
    /// Its name in lists.
    pub id: String,
    /// Its text, which nobody will see again.
    pub text: String,
    /// What is kept of it.
    pub record: KeyRecord,
}

impl Ring {
    /// Reads the keys. `demanded`: callers need one even while there is none.
    ///
    /// # Errors
    /// The store being away.
    pub async fn open(store: Store, admin_key: Option<&str>, demanded: bool) -> Result<Self, Error> {
        let ring = Self {
            store,
            admin: admin_key.map(secret::hash),
            demanded,
            known: Arc::default(),
            uses: Arc::default(),
            looked: Arc::default(),
        };
        ring.refresh().await?;
        Ok(ring)
    }

    /// Whether there is any key to call with.
    pub fn has_any(&self) -> bool {
        self.admin.is_some() || !self.known.load().keys.is_empty()
    }

    /// Whether callers need a key: because they must, or because there are some.
    pub fn asks_for_keys(&self) -> bool {
        self.demanded || self.has_any()
    }

    /// Whose key this is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key that is not known or has expired.
    pub async fn caller(&self, text: &str) -> Result<Caller, Error> {
        if self.admin.as_ref().is_some_and(|admin| secret::same(admin, &secret::hash(text))) {
            return Ok(Caller { id: ADMIN.into(), name: ADMIN.into(), role: Role::Admin, sites: Arc::new(Sites::All) });
        }
        let unknown = || Error::Unauthenticated { reason: "KEY_UNKNOWN", problem: "this key is not known, or was revoked" };
        let id = secret::id(text).ok_or_else(unknown)?;
        let mut found = self.find(id, text);
        if found.is_none() && self.may_look_again() {
            // While the store is away, what is known counts.
            let _ = self.refresh().await;
            found = self.find(id, text);
        }
        let (record, caller) = found.ok_or_else(unknown)?;
        if record.has_expired() {
            return Err(Error::Unauthenticated { reason: "KEY_EXPIRED", problem: "this key has expired" });
        }
        if let Ok(mut uses) = self.uses.lock() {
            let now = seconds(SystemTime::now());
            match uses.get_mut(id) {
                Some(at) => *at = now,
                None => drop(uses.insert(id.to_owned(), now)),
            }
        }
        Ok(caller)
    }

    fn find(&self, id: &str, text: &str) -> Option<(KeyRecord, Caller)> {
        self.known.load().keys.get(id).filter(|(record, _)| record.is_of(text)).cloned()
    }

    fn may_look_again(&self) -> bool {
        let Ok(mut looked) = self.looked.lock() else { return false };
        let may = looked.is_none_or(|at| at.elapsed() >= LOOK_AGAIN);
        if may {
            *looked = Some(Instant::now());
        }
        may
    }

    /// Makes a key.
    ///
    /// # Errors
    /// The store being away; a first key that could not make others, since then nobody could.
    pub async fn create(
        &self,
        name: String,
        role: Role,
        sites: Sites,
        expires_at: Option<SystemTime>,
    ) -> Result<NewKey, Error> {
        if !self.has_any() && (role != Role::Admin || sites != Sites::All || expires_at.is_some()) {
            let problem = "must be an admin's for all sites (*) without an end: once there is a key every caller needs one, and \
                           without such a key nobody could make others";
            return Err(Error::invalid("role", problem));
        }
        let secret::Fresh { id, text } = secret::fresh()?;
        let record = KeyRecord::new(&text, name, role, sites, expires_at);
        self.store.put_records(Space::Keys, &[(id.clone(), record.to_bytes()?)]).await?;
        self.refresh().await?;
        Ok(NewKey { id, text, record })
    }

    /// Ends a key. Tells whether there was one.
    ///
    /// # Errors
    /// The store being away.
    pub async fn revoke(&self, id: &str) -> Result<bool, Error> {
        let revoked = self.store.remove_record(Space::Keys, id).await?;
        self.refresh().await?;
        Ok(revoked)
    }

    /// A key by its name.
    pub fn get(&self, id: &str) -> Option<KeyRecord> {
        self.known.load().keys.get(id).map(|(record, _)| record.clone())
    }

    /// All keys, oldest first, each with its name and when it was last used.
    ///
    /// # Errors
    /// The store being away.
    pub async fn list(&self) -> Result<Vec<(String, KeyRecord, Option<SystemTime>)>, Error> {
        self.tell_uses().await?;
        self.refresh().await?;
        let uses = self.store.records(Space::KeyUses).await?.all;
        let used = |id: &String| {
            let at = uses.get(id).and_then(|at| std::str::from_utf8(at).ok()?.parse().ok());
            at.map(moment)
        };
        let known = self.known.load();
        let mut all: Vec<_> = known.keys.iter().map(|(id, (record, _))| (id.clone(), record.clone(), used(id))).collect();
        all.sort_by(|(a, first, _), (b, second, _)| (first.created_at(), a).cmp(&(second.created_at(), b)));
        Ok(all)
    }

    /// Reads the keys again if they have changed.
    async fn refresh(&self) -> Result<(), Error> {
        let known = self.known.load_full();
        match self.store.records_version(Space::Keys).await? {
            Some(version) if version == known.version => return Ok(()),
            Some(_) => {}
            None if known.records.is_empty() => return Ok(()),
            // Lost: whoever has a key must not be locked out, and those that were revoked are not among what is known.
            None => {
                tracing::warn!(keys = known.records.len(), "the store has lost its keys; it is told them again");
                let records: Vec<_> = known.records.clone().into_iter().collect();
                self.store.put_records(Space::Keys, &records).await?;
            }
        }
        let Records { version, all } = self.store.records(Space::Keys).await?;
        let mut keys = HashMap::new();
        for (id, bytes) in &all {
            match KeyRecord::from_bytes(bytes) {
                Ok(record) => {
                    let name = if record.name.is_empty() { id.as_str() } else { record.name.as_str() };
                    let caller = Caller {
                        id: id.as_str().into(),
                        name: name.into(),
                        role: record.role,
                        sites: Arc::new(record.sites.clone()),
                    };
                    keys.insert(id.clone(), (record, caller));
                }
                Err(error) => tracing::error!(id, %error, "a key cannot be read, and is as good as revoked"),
            }
        }
        self.known.store(Arc::new(Known { version, records: all, keys }));
        Ok(())
    }

    /// Tells the store which keys were used.
    async fn tell_uses(&self) -> Result<(), Error> {
        let uses = self.uses.lock().map(|mut uses| std::mem::take(&mut *uses)).unwrap_or_default();
        if uses.is_empty() {
            return Ok(());
        }
        let records: Vec<_> = uses.into_iter().map(|(id, at)| (id, at.to_string().into_bytes())).collect();
        self.store.put_records(Space::KeyUses, &records).await
    }

    /// Follows what other servers do to the keys, for as long as it is polled.
    pub async fn follow(self) {
        let mut told = Instant::now();
        loop {
            tokio::time::sleep(EVERY).await;
            // The store says by itself when it is away; until it is back, what is known counts.
            let _ = self.refresh().await;
            if told.elapsed() >= TELL_USES {
                told = Instant::now();
                let _ = self.tell_uses().await;
            }
        }
    }
}
