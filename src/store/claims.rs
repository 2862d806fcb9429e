//! Claims: which moderator is at work on which comment, and until when. They end by themselves.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::lock::lock;
use crate::comment::{CommentId, Site};
use crate::error::Error;

/// How many comments of a site one moderator may hold at once.
pub const MAX_CLAIMS: usize = 500;
/// How many claims are kept before those that have ended are looked for.
const SWEEP_THRESHOLD: usize = 1_024;

/// A moderator is at work on a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The moderator's name.
    pub moderator: String,
    /// Until when, unless it is renewed.
    pub until: SystemTime,
}

/// Who asks for a comment, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct ClaimRequest<'a> {
    /// The moderator's name.
    pub moderator: &'a str,
    /// From now on.
    pub lease: Duration,
    /// What the moderator holds already is given again, for so long from now on.
    pub renew: bool,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The comment is the moderator's until then.
    Granted(Claim),
    /// It is somebody's already.
    Taken(Claim),
    /// The moderator holds as many comments as one may.
    Full,
}

/// The claims of an engine that no other process shares. A restart ends them, which makes comments free and no more.
#[derive(Default)]
pub(super) struct Claims(Mutex<HashMap<(Site, CommentId), Claim>>);

impl Claims {
    pub fn claim(&self, site: &Site, id: &CommentId, wish: &ClaimRequest<'_>, now: SystemTime) -> Result<ClaimOutcome, Error> {
        let mut claims = lock(&self.0)?;
        if claims.len() >= SWEEP_THRESHOLD {
            claims.retain(|_, claim| claim.until > now);
        }
        let place = (site.clone(), id.clone());
        let standing = claims.get(&place).filter(|claim| claim.until > now);
        if let Some(claim) = standing.filter(|claim| !(wish.renew && claim.moderator == wish.moderator)) {
            return Ok(ClaimOutcome::Taken(claim.clone()));
        }
        let held = || {
            let theirs = |claim: &Claim| claim.until > now && claim.moderator == wish.moderator;
            claims.iter().filter(|((of, _), claim)| of == site && theirs(claim)).count()
        };
        if standing.is_none() && held() >= MAX_CLAIMS {
            return Ok(ClaimOutcome::Full);
        }
        let claim = Claim { moderator: wish.moderator.to_owned(), until: now + wish.lease };
        claims.insert(place, claim.clone());
        Ok(ClaimOutcome::Granted(claim))
    }

    pub fn release(&self, site: &Site, id: &CommentId, moderator: Option<&str>) -> Result<(), Error> {
        let mut claims = lock(&self.0)?;
        let place = (site.clone(), id.clone());
        if claims.get(&place).is_some_and(|claim| moderator.is_none_or(|moderator| moderator == claim.moderator)) {
            claims.remove(&place);
        }
        Ok(())
    }

    pub fn get(&self, site: &Site, ids: &[CommentId], now: SystemTime) -> Result<Vec<Option<Claim>>, Error> {
        let claims = lock(&self.0)?;
        let claim = |id: &CommentId| claims.get(&(site.clone(), id.clone())).filter(|claim| claim.until > now).cloned();
        Ok(ids.iter().map(claim).collect())
    }
}
