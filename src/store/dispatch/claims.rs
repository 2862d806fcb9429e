//! Claims: a moderator reserves a comment for review and releases it.

use std::time::SystemTime;

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::claims::{Claim, ClaimOutcome, ClaimRequest};

impl Store {
    /// Claims a comment for a moderator in one atomic step, so that only one of several concurrent requests succeeds. The
    /// caller checks afterwards whether the comment is still held.
    pub async fn claim(&self, site: &Site, id: &CommentId, request: &ClaimRequest<'_>) -> Result<ClaimOutcome, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => self.claims.claim(site, id, request, SystemTime::now()),
            Engine::Redis(engine) => engine.claim(site, id, request).await,
        }
    }

    /// Releases a claim if it belongs to this moderator; if `moderator` is `None`, releases it in any case.
    pub async fn release(&self, site: &Site, id: &CommentId, moderator: Option<&str>) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => self.claims.release(site, id, moderator),
            Engine::Redis(engine) => engine.release(site, id, moderator).await,
        }
    }

    /// Returns the claim on each comment, in the order of `ids`.
    pub async fn claims(&self, site: &Site, ids: &[CommentId]) -> Result<Vec<Option<Claim>>, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => self.claims.get(site, ids, SystemTime::now()),
            Engine::Redis(engine) => engine.claims(site, ids).await,
        }
    }
}
