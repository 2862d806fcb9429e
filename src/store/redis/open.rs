//! Opens the Redis engine: checks the settings, connects and starts the background tasks.

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
    /// Connects to Redis. If Redis cannot be reached or is not ready, a background task keeps trying.
    ///
    /// # Errors
    /// Returns an error that waiting cannot fix: an invalid address or certificate, or a rejected password.
    pub async fn open(
        url: &str,
        settings: &StoreSettings,
        local_limits: Arc<LocalLimits>,
        near_duplicates: Arc<NearDuplicateCounter>,
    ) -> Result<Arc<Self>, Error> {
        if settings.prefix.contains(['{', '}']) {
            let prefix = &settings.prefix;
            return Err(Error::store(format!("the key prefix {prefix:?} contains braces, which are reserved for the site")));
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
        let connector = Connector::new(address, ca).map_err(|error| failed(&error))?;
        let parts = part::parts(&settings.prefix, connector.is_cluster());
        let redis = Arc::new(Self {
            connector,
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
            local_limits,
            near_duplicates,
            sealing: Mutex::default(),
            upkeep_schedule: UpkeepSchedule::default(),
        });
        recovery::start(&redis).await.map_err(|error| failed(&error))?;
        gossip::start(&redis);
        Ok(redis)
    }
}
