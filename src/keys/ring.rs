//! The keys of a server, cached from the store, and the operations on them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;

use super::access::{AllowedSites, Role};
use super::caller::Caller;
use super::record::KeyRecord;
use super::secret::{self, PresentedKey};
use super::snapshot::{KeySnapshot, had_keys_mark, has_had_keys_mark};
use super::uses::KeyUses;
use crate::error::Error;
use crate::pb;
use crate::store::{RecordKind, Records, RecordsUpdate, Store};

/// Interval at which the store is asked whether the keys have changed.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Interval at which the uses of keys are written to the store.
const WRITE_USES_INTERVAL: Duration = Duration::from_secs(60);
/// Minimum interval between reads of the keys because of unknown keys. An unknown key may be new, but callers with invented
/// keys must not keep the store busy.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum number of attempts at a change of the keys that conflicts with others.
const MAX_TRIES: u32 = 16;
/// Id and name of the operator's key, which comes from the configuration.
const ADMIN: &str = "admin";

/// The keys of a server. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing {
    store: Store,
    /// Hash of the operator's key, from the configuration.
    admin: Option<[u8; 32]>,
    /// Whether callers need a key even if there has never been one.
    keys_required: bool,
    /// Returns whether a client certificate has the rights of an admin for all sites.
    has_admin_certificate: Arc<dyn Fn() -> bool + Send + Sync>,
    snapshot: Arc<ArcSwap<KeySnapshot>>,
    uses: KeyUses,
    last_refresh: Arc<Mutex<Option<Instant>>>,
}

/// A new key.
pub struct NewKey {
    /// Id of the key.
    pub id: String,
    /// Text of the key, which is not stored and cannot be shown again.
    pub text: String,
    /// Stored record of the key.
    pub record: KeyRecord,
}

impl KeyRing {
    /// Reads the keys. With `keys_required`, callers need a key even if there has never been one. `has_admin_certificate`
    /// returns whether a client certificate has the rights of an admin for all sites.
    ///
    /// If the store is unavailable and can recover, does not wait for it: [`poll_changes`](Self::poll_changes) reads the keys
    /// later, and until then only the operator's key and client certificates are accepted.
    ///
    /// # Errors
    /// Returns an error if the keys cannot be read and the store cannot recover.
    pub async fn open(
        store: Store,
        admin_key: Option<&str>,
        keys_required: bool,
        has_admin_certificate: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let ring = Self {
            store,
            admin: admin_key.map(secret::hash),
            keys_required,
            has_admin_certificate: Arc::new(has_admin_certificate),
            snapshot: Arc::default(),
            uses: KeyUses::default(),
            last_refresh: Arc::default(),
        };
        match ring.refresh().await {
            Err(Error::Store(cause)) if ring.store.can_recover() => tracing::warn!(%cause, "the keys could not be read yet"),
            read => _ = read?,
        }
        Ok(ring)
    }

    /// Returns whether the keys have been read.
    pub fn is_loaded(&self) -> bool {
        self.snapshot.load().loaded
    }

    /// Returns whether there is a known key: the operator's or one in the store.
    pub fn has_any(&self) -> bool {
        self.admin.is_some() || !self.snapshot.load().is_empty()
    }

    /// Returns whether callers need a key: because the configuration requires it, because the keys have not been read, or
    /// because there is, or ever was, a key. A server that had keys stays closed when the last one is removed.
    pub fn requires_keys(&self) -> bool {
        self.keys_required || !self.is_loaded() || self.has_any() || self.snapshot.load().ever_had_keys
    }

    /// Returns the caller that a key stands for, and records its use. Reads the keys again if the key is unknown.
    ///
    /// # Errors
    /// Returns [`Error::Unauthenticated`] if the key is unknown or has expired, and [`Error::Starting`] if the keys have not
    /// been read yet.
    pub async fn caller(&self, key: &PresentedKey) -> Result<Caller, Error> {
        let mut caller = self.cached_caller(key);
        if caller.is_err() && key.id.is_some() && self.may_refresh() {
            // While the store is unavailable, the cached keys count.
            let _ = self.refresh().await;
            caller = self.cached_caller(key);
        }
        let caller = caller?;
        if let Some(id) = &key.id {
            self.uses.add(id);
        }
        Ok(caller)
    }

    /// Returns the caller that a key stands for, from the cached keys. A key that was revoked on another server is rejected
    /// after half a second at most.
    ///
    /// # Errors
    /// Returns [`Error::Unauthenticated`] if the key is unknown or has expired, and [`Error::Starting`] if the keys have not
    /// been read yet.
    pub fn cached_caller(&self, key: &PresentedKey) -> Result<Caller, Error> {
        if self.admin.as_ref().is_some_and(|admin| secret::constant_time_eq(admin, &key.hash)) {
            return Ok(Caller { id: ADMIN.into(), name: ADMIN.into(), role: Role::Admin, sites: Arc::new(AllowedSites::All) });
        }
        self.snapshot.load().caller(key)
    }

    /// Returns whether an unknown key may cause the keys to be read now, and records the time if so.
    fn may_refresh(&self) -> bool {
        let Ok(mut last) = self.last_refresh.lock() else { return false };
        let may = last.is_none_or(|at| at.elapsed() >= MIN_REFRESH_INTERVAL);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    /// Creates a key. `act` returns the record for the server's audit log, given the key's id.
    ///
    /// # Errors
    /// Returns an error if it would be the first key and could not create others, if there are too many keys, or if the store
    /// is unavailable.
    pub async fn create(
        &self,
        name: String,
        role: Role,
        sites: AllowedSites,
        expires_at: Option<SystemTime>,
        act: impl Fn(&str) -> pb::AuditEvent,
    ) -> Result<NewKey, Error> {
        if !self.is_loaded() {
            self.refresh().await?;
        }
        if !self.has_any() {
            KeySnapshot::check_first(role, &sites, expires_at.is_some())?;
        }
        self.snapshot.load().check_capacity(&sites)?;
        let secret::GeneratedKey { id, text } = secret::generate()?;
        let record = KeyRecord::new(&text, name, role, sites, expires_at);
        let records = [(id.clone(), record.to_bytes()?), had_keys_mark()];
        self.store.update_records(RecordKind::Keys, RecordsUpdate::put(records).with_act(&act(&id))).await?;
        self.refresh().await?;
        Ok(NewKey { id, text, record })
    }

    /// Returns the time at which a caller's key expires. Returns `None` if it does not expire or is not in the store.
    pub fn expiry(&self, caller: &Caller) -> Option<SystemTime> {
        self.snapshot.load().get(&caller.id).and_then(KeyRecord::expires_at)
    }

    /// Revokes a key. Returns whether it existed. `act` is the record for the server's audit log.
    ///
    /// # Errors
    /// Returns an error if it is the last key that can create others and there is neither an operator's key nor such a
    /// certificate, or if the store is unavailable.
    pub async fn revoke(&self, id: &str, act: &pb::AuditEvent) -> Result<bool, Error> {
        for _ in 0..MAX_TRIES {
            let version = self.refresh().await?;
            let known = self.snapshot.load_full();
            if known.get(id).is_none() {
                return Ok(false);
            }
            if known.is_last_unlimited_admin(id) && self.admin.is_none() && !(self.has_admin_certificate)() {
                let problem = "is the last key that can create others; create another first (`gatepost keys create --role \
                               admin --sites '*'`), or start the server with --admin-key";
                return Err(Error::invalid("key_id", problem));
            }
            // Also writes the mark, for keys that an older version created.
            let update =
                RecordsUpdate { put: vec![had_keys_mark()], version, ..RecordsUpdate::remove([id.to_owned()]) }.with_act(act);
            if let Some(removed) = self.store.update_records(RecordKind::Keys, update).await? {
                self.refresh().await?;
                return Ok(removed > 0);
            }
            // The keys were changed in between; perhaps another of the last two was revoked.
        }
        Err(Error::store("the keys change faster than they can be read; try again"))
    }

    /// Returns all sites that keys name, with repetitions.
    pub fn sites(&self) -> Vec<String> {
        self.snapshot.load().sites()
    }

    /// Returns the record of a key by its id, or `None` if there is no such key.
    pub fn get(&self, id: &str) -> Option<KeyRecord> {
        self.snapshot.load().get(id).cloned()
    }

    /// Returns all keys, oldest first, each with its id, record and time of last use.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn list(&self) -> Result<Vec<(String, KeyRecord, Option<SystemTime>)>, Error> {
        self.uses.write(&self.store).await?;
        self.refresh().await?;
        let uses = KeyUses::read(&self.store).await?;
        let known = self.snapshot.load();
        let mut all: Vec<_> = known.all().map(|(id, record)| (id.clone(), record.clone(), uses.get(id).copied())).collect();
        all.sort_by(|(a, first, _), (b, second, _)| (first.created_at(), a).cmp(&(second.created_at(), b)));
        Ok(all)
    }

    /// Reads the keys again if they have changed. Returns their version, or `None` if the store has none.
    async fn refresh(&self) -> Result<Option<u64>, Error> {
        let known = self.snapshot.load_full();
        match self.store.records_version(RecordKind::Keys).await? {
            Some(version) if known.loaded && version == known.version => return Ok(Some(version)),
            Some(_) => {}
            None if known.records.is_empty() && self.admin.is_none() => {
                if !known.loaded {
                    self.snapshot.store(Arc::new(KeySnapshot::empty()));
                }
                return Ok(None);
            }
            None if known.records.is_empty() => {}
            // The store has lost the keys. Their owners must not be locked out; revoked keys are not among the cached ones.
            None => {
                tracing::warn!(keys = known.records.len(), "the store has lost its keys; writing them again");
                self.store.update_records(RecordKind::Keys, RecordsUpdate::put(known.records.clone())).await?;
            }
        }
        let Records { version, all } = self.store.records(RecordKind::Keys).await?;
        if self.admin.is_some() && !has_had_keys_mark(&all) {
            // A server that was once started with a key must not be open when it is started without one.
            self.store.update_records(RecordKind::Keys, RecordsUpdate::put([had_keys_mark()])).await?;
        }
        self.snapshot.store(Arc::new(KeySnapshot::parse(version, all)));
        Ok(Some(version))
    }

    /// Returns whether there is, or ever was, a key.
    pub fn had_any(&self) -> bool {
        self.has_any() || self.snapshot.load().ever_had_keys
    }

    /// Reads changes of the keys by other servers and writes uses of keys, until it is dropped.
    pub async fn poll_changes(self) {
        let mut last_write = Instant::now();
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            // The store logs when it is unavailable. Until it recovers, the cached keys count.
            let _ = self.refresh().await;
            if last_write.elapsed() >= WRITE_USES_INTERVAL {
                last_write = Instant::now();
                let _ = self.uses.write(&self.store).await;
            }
        }
    }
}
