//! All keys, as a server knows them, and what is done with them.

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

/// How often the store is asked whether the keys have changed.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often it is told which were used.
const WRITE_USES_INTERVAL: Duration = Duration::from_secs(60);
/// A key that is not known may have been made a moment ago elsewhere; but whoever makes keys up must not keep the store busy.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_millis(100);
/// How often a change of the keys is tried that others get in the way of.
const MAX_TRIES: u32 = 16;
/// The name of the key that comes from the settings.
const ADMIN: &str = "admin";

/// All keys. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing {
    store: Store,
    /// The hash of the operator's own key, from the settings.
    admin: Option<[u8; 32]>,
    /// Whether callers need a key even if there never was one.
    keys_required: bool,
    /// Whether an operator has another way in than keys of the store: a client certificate.
    has_admin_certificate: Arc<dyn Fn() -> bool + Send + Sync>,
    snapshot: Arc<ArcSwap<KeySnapshot>>,
    uses: KeyUses,
    last_refresh: Arc<Mutex<Option<Instant>>>,
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

impl KeyRing {
    /// Reads the keys. `demanded`: callers need one even if there never was one. `other_way_in` returns whether a client
    /// certificate may do what an admin's key for all sites may.
    ///
    /// A store that may still come is not waited for: [`follow`](Self::follow) reads the keys then, and until it has only the
    /// operator's own key and client certificates are good for anything.
    ///
    /// # Errors
    /// Returns an error if the keys cannot be read and waiting would not help.
    pub async fn open(
        store: Store,
        admin_key: Option<&str>,
        demanded: bool,
        other_way_in: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let ring = Self {
            store,
            admin: admin_key.map(secret::hash),
            keys_required: demanded,
            has_admin_certificate: Arc::new(other_way_in),
            snapshot: Arc::default(),
            uses: KeyUses::default(),
            last_refresh: Arc::default(),
        };
        match ring.refresh().await {
            Err(Error::Store(cause)) if ring.store.can_recover() => tracing::warn!(%cause, "no keys are known yet"),
            read => _ = read?,
        }
        Ok(ring)
    }

    /// Returns whether the keys were read: until then nobody knows which there are, or whether there are any.
    pub fn is_loaded(&self) -> bool {
        self.snapshot.load().loaded
    }

    /// Whether there is any key to call with, as far as is known.
    pub fn has_any(&self) -> bool {
        self.admin.is_some() || !self.snapshot.load().is_empty()
    }

    /// Returns whether callers need a key: because they must, or because there is one, or ever was. A server that had keys
    /// never opens again when the last of them goes.
    pub fn requires_keys(&self) -> bool {
        self.keys_required || !self.is_loaded() || self.has_any() || self.snapshot.load().ever_had_keys
    }

    /// Returns whose key this is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key that is not known or has expired.
    pub async fn caller(&self, key: &PresentedKey) -> Result<Caller, Error> {
        let mut caller = self.cached_caller(key);
        if caller.is_err() && key.id.is_some() && self.may_refresh() {
            // While the store is away, what is known counts.
            let _ = self.refresh().await;
            caller = self.cached_caller(key);
        }
        let caller = caller?;
        if let Some(id) = &key.id {
            self.uses.add(id);
        }
        Ok(caller)
    }

    /// Returns whose key this is, as far as this server knows by now. A key that is revoked elsewhere is known to be within
    /// half a second.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key that is not known or has expired; [`Error::Starting`] while none are known yet.
    pub fn cached_caller(&self, key: &PresentedKey) -> Result<Caller, Error> {
        if self.admin.as_ref().is_some_and(|admin| secret::constant_time_eq(admin, &key.hash)) {
            return Ok(Caller { id: ADMIN.into(), name: ADMIN.into(), role: Role::Admin, sites: Arc::new(AllowedSites::All) });
        }
        self.snapshot.load().caller(key)
    }

    fn may_refresh(&self) -> bool {
        let Ok(mut looked) = self.last_refresh.lock() else { return false };
        let may = looked.is_none_or(|at| at.elapsed() >= MIN_REFRESH_INTERVAL);
        if may {
            *looked = Some(Instant::now());
        }
        may
    }

    /// Makes a key. `act` makes the record of it for the server's audit, of the key's name.
    ///
    /// # Errors
    /// The store being away; a first key that could not make others, since then nobody could.
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
        self.snapshot.load().check_room(&sites)?;
        let secret::GeneratedKey { id, text } = secret::generate()?;
        let record = KeyRecord::new(&text, name, role, sites, expires_at);
        let records = [(id.clone(), record.to_bytes()?), had_keys_mark()];
        self.store.update_records(RecordKind::Keys, RecordsUpdate::put(records).with_act(&act(&id))).await?;
        self.refresh().await?;
        Ok(NewKey { id, text, record })
    }

    /// Returns when the key of a caller ends. Returns `None` if it does not, or is none of the store's.
    pub fn expiry(&self, caller: &Caller) -> Option<SystemTime> {
        self.snapshot.load().get(&caller.id).and_then(KeyRecord::expires_at)
    }

    /// Ends a key. Returns whether there was one. `act` is the record of it for the server's audit.
    ///
    /// # Errors
    /// The last key by which others can be made, if there is no other way in; the store being away.
    pub async fn revoke(&self, id: &str, act: &pb::AuditEvent) -> Result<bool, Error> {
        for _ in 0..MAX_TRIES {
            let version = self.refresh().await?;
            let known = self.snapshot.load_full();
            if known.get(id).is_none() {
                return Ok(false);
            }
            if known.is_last_unlimited_admin(id) && self.admin.is_none() && !(self.has_admin_certificate)() {
                let problem = "is the last key by which others can be made; make another first (`gatepost keys create --role \
                               admin --sites '*'`), or start the server with --admin-key";
                return Err(Error::invalid("key_id", problem));
            }
            // The mark also for keys that an older version made.
            let amendment =
                RecordsUpdate { put: vec![had_keys_mark()], version, ..RecordsUpdate::remove([id.to_owned()]) }.with_act(act);
            if let Some(removed) = self.store.update_records(RecordKind::Keys, amendment).await? {
                self.refresh().await?;
                return Ok(removed > 0);
            }
            // Somebody else changed the keys in between: perhaps the other of the last two was revoked.
        }
        Err(Error::store("the keys change faster than they can be read"))
    }

    /// Returns the sites that keys name.
    pub fn sites(&self) -> Vec<String> {
        self.snapshot.load().sites()
    }

    /// A key by its name.
    pub fn get(&self, id: &str) -> Option<KeyRecord> {
        self.snapshot.load().get(id).cloned()
    }

    /// All keys, oldest first, each with its name and when it was last used.
    ///
    /// # Errors
    /// The store being away.
    pub async fn list(&self) -> Result<Vec<(String, KeyRecord, Option<SystemTime>)>, Error> {
        self.uses.write(&self.store).await?;
        self.refresh().await?;
        let uses = KeyUses::read(&self.store).await?;
        let known = self.snapshot.load();
        let mut all: Vec<_> = known.all().map(|(id, record)| (id.clone(), record.clone(), uses.get(id).copied())).collect();
        all.sort_by(|(a, first, _), (b, second, _)| (first.created_at(), a).cmp(&(second.created_at(), b)));
        Ok(all)
    }

    /// Reads the keys again if they have changed. Returns the version that they have, where other servers may change it.
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
            // Lost: whoever has a key must not be locked out, and those that were revoked are not among what is known.
            None => {
                tracing::warn!(keys = known.records.len(), "the store has lost its keys; it is told them again");
                self.store.update_records(RecordKind::Keys, RecordsUpdate::put(known.records.clone())).await?;
            }
        }
        let Records { version, all } = self.store.records(RecordKind::Keys).await?;
        if self.admin.is_some() && !has_had_keys_mark(&all) {
            // A server that was once started with a key does not open when it is started without.
            self.store.update_records(RecordKind::Keys, RecordsUpdate::put([had_keys_mark()])).await?;
        }
        self.snapshot.store(Arc::new(KeySnapshot::parse(version, all)));
        Ok(Some(version))
    }

    /// Returns whether there is, or ever was, a key.
    pub fn had_any(&self) -> bool {
        self.has_any() || self.snapshot.load().ever_had_keys
    }

    /// Follows what other servers do to the keys, for as long as it is polled.
    pub async fn poll_changes(self) {
        let mut told = Instant::now();
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            // The store says by itself when it is away; until it is back, what is known counts.
            let _ = self.refresh().await;
            if told.elapsed() >= WRITE_USES_INTERVAL {
                told = Instant::now();
                let _ = self.uses.write(&self.store).await;
            }
        }
    }
}
