//! Opens the store: reads the settings, connects, and starts what works in the background.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::address::Address;
use super::connection::{Connection, Connector};
use super::schedule::UpkeepSchedule;
use super::script::Scripts;
use super::{Redis, gossip, part, recovery};
use crate::error::Error;
use crate::files;
use crate::store::breaker::Breaker;
use crate::store::local_limits::LocalLimits;
use crate::store::near_duplicates::NearDuplicateCounter;
use crate::store::settings::{StoreSettings, redacted};

impl Redis {
    /// Connects. A Redis that cannot be reached yet, or is not ready, is waited for in the background.
    ///
    /// # Errors
    /// What waiting cannot mend: an address or a certificate that is none, a password that is refused.
    pub async fn open(
        url: &str,
        settings: &StoreSettings,
        local: Arc<LocalLimits>,
        likes: Arc<NearDuplicateCounter>,
    ) -> Result<Arc<Self>, Error> {
        if settings.prefix.contains(['{', '}']) {
            return Err(Error::store(format!("the key prefix {:?} holds braces, which are for the site", settings.prefix)));
        }
        let failed = |error: &dyn std::fmt::Display| Error::store(format!("the store {}: {error}", redacted(url)));
        let ca = match &settings.ca {
            Some(path) => Some(
                files::read(path, files::MAX_TEXT)
                    .map_err(|error| Error::store(format!("cannot read {}: {error}", path.display())))?,
            ),
            None => None,
        };
        let address = Address::parse(url).map_err(|error| failed(&error))?;
        let setup = Connector::new(address, ca).map_err(|error| failed(&error))?;
        let parts = part::parts(&settings.prefix, setup.is_cluster());
        let redis = Arc::new(Self {
            connector: setup,
            connection: Connection::unconnected(),
            connections: settings.connections,
            replica_connection: (settings.wait_replicas > 0).then(Connection::unconnected),
            parts,
            unconfirmed: AtomicBool::new(false),
            scripts: Scripts::new(),
            prefix: settings.prefix.clone(),
            retention: settings.retention.clone(),
            keep_events: settings.keep_events,
            timeout: settings.timeout,
            wait_replicas: settings.wait_replicas,
            breaker: Breaker::default(),
            local_limits: local,
            near_duplicates: likes,
            sealing: Mutex::default(),
            upkeep_schedule: UpkeepSchedule::default(),
        });
        recovery::start(&redis).await.map_err(|error| failed(&error))?;
        gossip::start(&redis);
        Ok(redis)
    }
}
