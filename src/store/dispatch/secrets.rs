//! The sites' secrets: made when first asked for, remembered, rotated.

use prost::Message;

use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::secrets::Secrets;

impl Store {
    /// The site's secrets: random, made when first asked for, the same for all servers of the store. What another server
    /// has changed in them is known here within a minute.
    pub async fn secrets(&self, site: &Site) -> Result<Secrets, Error> {
        let generation = match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => 0,
            Engine::Redis(engine) => engine.generation(),
        };
        let known = self.secrets.get(site)?;
        let ours = match &known {
            Some(known) if known.is_fresh(generation) => return Ok(known.secrets.clone()),
            // An engine that came back empty is told what they were: the same people must have the same hashes.
            Some(known) => known.secrets.clone(),
            None => Secrets::random()?,
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
            Engine::Embedded(engine) => self.disk.with_timeout(engine.secrets(site, ours), |_| false).await,
            Engine::Redis(engine) => engine.secrets(site, ours).await,
        }
    }

    fn remember(&self, site: &Site, secrets: Secrets, generation: u64) -> Result<Secrets, Error> {
        self.secrets.put(site, secrets.clone(), generation)?;
        Ok(secrets)
    }

    /// Gives a site another secret, for all that comes from now on, and adds the act to its audit in the same step. Secrets
    /// before are kept, so that persons are still found; but authors' histories and limits begin anew.
    pub async fn rotate_secret(&self, site: &Site, act: &pb::AuditEvent) -> Result<(), Error> {
        let act = act.encode_to_vec();
        loop {
            // Read where they are, unless they were lost there.
            let known = self.secrets.get(site)?.map(|known| known.secrets);
            let old = self.read_secrets(site, &known.map_or_else(Secrets::random, Ok)?).await?;
            let new = old.rotated()?;
            let swapped = match &self.engine {
                Engine::Memory(engine) => engine.swap_secrets(site, &old, &new, &act),
                Engine::Embedded(engine) => engine.swap_secrets(site, &old, &new, &act).await,
                Engine::Redis(engine) => engine.swap_secrets(site, &old, &new, &act).await,
            };
            // Else somebody else did the same at the same time.
            if swapped? {
                // Asked for again by the next comment.
                return self.secrets.remove(site);
            }
        }
    }
}
