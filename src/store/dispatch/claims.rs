//! Claims: a moderator takes a comment for a while, and gives it back.

use std::time::SystemTime;

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::claims::{Claim, ClaimOutcome, ClaimRequest};

impl Store {
    /// Gives a comment to a moderator, in one atomic step: of several who ask one gets it. Whether it is still held the
    /// caller looks afterwards.
    pub async fn claim(&self, site: &Site, id: &CommentId, wish: &ClaimRequest<'_>) -> Result<ClaimOutcome, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => self.claims.claim(site, id, wish, SystemTime::now()),
            Engine::Redis(engine) => engine.claim(site, id, wish).await,
        }
    }

    /// Makes a comment free, if it is this moderator's. `None`: whoever's it is.
    pub async fn release(&self, site: &Site, id: &CommentId, moderator: Option<&str>) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => self.claims.release(site, id, moderator),
            Engine::Redis(engine) => engine.release(site, id, moderator).await,
        }
    }

    /// Who is at work on these comments, in their order.
    pub async fn claims(&self, site: &Site, ids: &[CommentId]) -> Result<Vec<Option<Claim>>, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => self.claims.get(site, ids, SystemTime::now()),
            Engine::Redis(engine) => engine.claims(site, ids).await,
        }
    }
}
