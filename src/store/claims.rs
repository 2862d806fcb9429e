//! Claims: leases by which a moderator reserves a comment for review. They expire by themselves.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::lock::lock;
use crate::comment::{CommentId, Site};
use crate::error::Error;

/// Maximum number of claims that one moderator may hold on a site at once.
pub const MAX_CLAIMS: usize = 500;
/// Number of stored claims from which on expired claims are removed.
const SWEEP_THRESHOLD: usize = 1_024;

/// A moderator's lease on a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Name of the moderator.
    pub moderator: String,
    /// Time at which the claim expires.
    pub until: SystemTime,
}

/// A request for a claim on a comment.
#[derive(Debug, Clone, Copy)]
pub struct ClaimRequest<'a> {
    /// Name of the moderator.
    pub moderator: &'a str,
    /// Duration of the claim from now on.
    pub lease: Duration,
    /// Whether a claim that the moderator already holds is renewed for `lease` instead of being reported as taken.
    pub renew: bool,
}

/// The outcome of a request for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The moderator holds this claim.
    Granted(Claim),
    /// The comment is already claimed.
    Taken(Claim),
    /// The moderator already holds [`MAX_CLAIMS`] claims on the site.
    Full,
}

/// The claims of an engine that only this process uses. A restart loses them, which only releases the comments.
#[derive(Default)]
pub(super) struct Claims(Mutex<HashMap<(Site, CommentId), Claim>>);

impl Claims {
    /// Claims a comment.
    pub fn claim(
        &self,
        site: &Site,
        id: &CommentId,
        request: &ClaimRequest<'_>,
        now: SystemTime,
    ) -> Result<ClaimOutcome, Error> {
        let mut claims = lock(&self.0)?;
        if claims.len() >= SWEEP_THRESHOLD {
            claims.retain(|_, claim| claim.until > now);
        }
        let key = (site.clone(), id.clone());
        let current = claims.get(&key).filter(|claim| claim.until > now);
        if let Some(claim) = current.filter(|claim| !(request.renew && claim.moderator == request.moderator)) {
            return Ok(ClaimOutcome::Taken(claim.clone()));
        }
        let held = || {
            let is_theirs = |claim: &Claim| claim.until > now && claim.moderator == request.moderator;
            claims.iter().filter(|((of, _), claim)| of == site && is_theirs(claim)).count()
        };
        if current.is_none() && held() >= MAX_CLAIMS {
            return Ok(ClaimOutcome::Full);
        }
        let claim = Claim { moderator: request.moderator.to_owned(), until: now + request.lease };
        claims.insert(key, claim.clone());
        Ok(ClaimOutcome::Granted(claim))
    }

    /// Releases a claim if it belongs to the moderator; if `moderator` is `None`, releases it in any case.
    pub fn release(&self, site: &Site, id: &CommentId, moderator: Option<&str>) -> Result<(), Error> {
        let mut claims = lock(&self.0)?;
        let key = (site.clone(), id.clone());
        if claims.get(&key).is_some_and(|claim| moderator.is_none_or(|moderator| moderator == claim.moderator)) {
            claims.remove(&key);
        }
        Ok(())
    }

    /// Returns the unexpired claim on each comment, in the order of `ids`.
    pub fn get(&self, site: &Site, ids: &[CommentId], now: SystemTime) -> Result<Vec<Option<Claim>>, Error> {
        let claims = lock(&self.0)?;
        let claim = |id: &CommentId| claims.get(&(site.clone(), id.clone())).filter(|claim| claim.until > now).cloned();
        Ok(ids.iter().map(claim).collect())
    }
}
