//! The sites' secrets: created on first use, cached, and rotated.

use prost::Message;

use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::secrets::Secrets;

impl Store {
    /// Returns a site's secrets. They are random, created on first use, and shared by all servers of the store. Changes by
    /// another server take effect here within a minute.
    pub async fn secrets(&self, site: &Site) -> Result<Secrets, Error> {
        let generation = match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => 0,
            Engine::Redis(engine) => engine.generation(),
        };
        let cached = self.secrets.get(site)?;
        let fallback = match &cached {
            Some(cached) if cached.is_fresh(generation) => return Ok(cached.secrets.clone()),
            // If the engine lost its data, it stores the known secrets again, so that persons keep their hashes.
            Some(cached) => cached.secrets.clone(),
            None => Secrets::random()?,
        };
        match (self.read_secrets(site, &fallback).await, cached) {
            // The store is unavailable, so only the process-local limits use the secrets, and the cached ones serve for that.
            (Err(Error::Store(_)), Some(cached)) => Ok(cached.secrets),
            (result, _) => self.remember(site, result?, generation),
        }
    }

    async fn read_secrets(&self, site: &Site, fallback: &Secrets) -> Result<Secrets, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.secrets(site, fallback),
            // Existing secrets are only read, which does not prove that the disk takes writes.
            Engine::Embedded(engine) => self.disk.with_timeout(engine.secrets(site, fallback), |_| false).await,
            Engine::Redis(engine) => engine.secrets(site, fallback).await,
        }
    }

    fn remember(&self, site: &Site, secrets: Secrets, generation: u64) -> Result<Secrets, Error> {
        self.secrets.put(site, secrets.clone(), generation)?;
        Ok(secrets)
    }

    /// Gives a site a new secret for future comments, and adds the act to its audit in the same atomic step. Earlier secrets
    /// are kept so that persons can still be found, but author histories and limits start again from zero.
    pub async fn rotate_secret(&self, site: &Site, act: &pb::AuditEvent) -> Result<(), Error> {
        let act = act.encode_to_vec();
        loop {
            // Read the stored secrets; if they were lost, store the cached ones again.
            let cached = self.secrets.get(site)?.map(|cached| cached.secrets);
            let old = self.read_secrets(site, &cached.map_or_else(Secrets::random, Ok)?).await?;
            let new = old.rotated()?;
            let swapped = match &self.engine {
                Engine::Memory(engine) => engine.swap_secrets(site, &old, &new, &act),
                Engine::Embedded(engine) => engine.swap_secrets(site, &old, &new, &act).await,
                Engine::Redis(engine) => engine.swap_secrets(site, &old, &new, &act).await,
            };
            // Otherwise another request changed the secrets concurrently: try again.
            if swapped? {
                // The next comment reads them again.
                return self.secrets.remove(site);
            }
        }
    }
}
