//! Claims: hands out held comments, each to one moderator at a time.

use std::time::Duration;

use prost::Message;

use super::desk::ReviewDesk;
use super::filter::Filter;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::{Claim, ClaimOutcome, ClaimRequest, MAX_CLAIMS, Order, StoredComment};
use crate::verdict::{Decision, Verdict};

/// Maximum size of the comments in one response, in bytes, apart from the first: clients accept 4 MiB.
pub const MAX_ANSWER_BYTES: usize = 2 << 20;
/// Number of comments of the queue that are read at once.
const QUEUE_PAGE: usize = 100;

/// A moderator who claims comments.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// The moderator's name.
    pub moderator: String,
    /// Duration of the claim.
    pub lease: Duration,
}

/// A comment that was handed out.
#[derive(Debug)]
pub struct ClaimedComment {
    /// The comment.
    pub stored: StoredComment,
    /// The claim on it.
    pub claim: Claim,
}

/// Why a comment was not handed out.
#[derive(Debug)]
pub enum ClaimRefusal {
    /// There is no such comment.
    NotFound,
    /// The comment is decided and not a spot check.
    NotHeld(Box<Verdict>),
    /// Another moderator has claimed the comment.
    Claimed(Claim),
    /// The moderator has reached the maximum number of claims.
    Full,
}

/// Returns the message for a moderator who has reached the maximum number of claims.
pub fn too_many_claims() -> String {
    format!("holds {MAX_CLAIMS} comments of this site already; decide or release some first")
}

/// Returns the encoded size of a comment and its verdict, in bytes.
pub fn encoded_size(stored: &StoredComment) -> usize {
    stored.comment.encoded_len() + pb::Verdict::from(stored.verdict.clone()).encoded_len()
}

impl ReviewDesk {
    /// Claims at most `limit` unclaimed held comments, most urgent first.
    pub async fn claim_next(
        &self,
        site: &Site,
        filter: &Filter,
        limit: usize,
        claimant: &Claimant,
    ) -> Result<Vec<ClaimedComment>, Error> {
        let request = ClaimRequest { moderator: &claimant.moderator, lease: claimant.lease, renew: false };
        let (mut claimed, mut after): (Vec<ClaimedComment>, Option<String>) = (Vec::new(), None);
        let mut bytes = 0;
        loop {
            let page = self.list(site, filter, Order::Risk, QUEUE_PAGE, after.as_deref()).await?;
            let claims = self.claims(site, &page.comments).await?;
            for (stored, _) in page.comments.iter().zip(claims).filter(|(_, claim)| claim.is_none()) {
                let size = encoded_size(stored);
                if claimed.len() == limit || !claimed.is_empty() && bytes + size > MAX_ANSWER_BYTES {
                    return Ok(claimed);
                }
                match self.try_claim(site, &id(stored)?, &request).await? {
                    Ok(comment) => {
                        bytes += size;
                        claimed.push(comment);
                    }
                    Err(ClaimRefusal::Full) if claimed.is_empty() => {
                        return Err(Error::invalid("moderator", too_many_claims()));
                    }
                    Err(ClaimRefusal::Full) => return Ok(claimed),
                    Err(_) => {}
                }
            }
            after = page.next;
            if after.is_none() || claimed.len() == limit {
                return Ok(claimed);
            }
        }
    }

    /// Claims a comment, or renews the moderator's claim on it.
    pub async fn claim(
        &self,
        site: &Site,
        id: &CommentId,
        claimant: &Claimant,
    ) -> Result<Result<ClaimedComment, ClaimRefusal>, Error> {
        self.try_claim(site, id, &ClaimRequest { moderator: &claimant.moderator, lease: claimant.lease, renew: true }).await
    }

    async fn try_claim(
        &self,
        site: &Site,
        id: &CommentId,
        request: &ClaimRequest<'_>,
    ) -> Result<Result<ClaimedComment, ClaimRefusal>, Error> {
        let claim = match self.store.claim(site, id, request).await? {
            ClaimOutcome::Granted(claim) => claim,
            ClaimOutcome::Taken(claim) => return Ok(Err(ClaimRefusal::Claimed(claim))),
            ClaimOutcome::Full => return Ok(Err(ClaimRefusal::Full)),
        };
        // Read after the claim, which keeps others from deciding the comment.
        let refused = match self.store.get(site, id).await? {
            Some(stored) if stored.verdict.decision == Decision::Hold || stored.verdict.is_spot_check() => {
                return Ok(Ok(ClaimedComment { stored, claim }));
            }
            Some(stored) => ClaimRefusal::NotHeld(Box::new(stored.verdict)),
            None => ClaimRefusal::NotFound,
        };
        self.store.release(site, id, Some(request.moderator)).await?;
        Ok(Err(refused))
    }

    /// Releases a comment, unless another moderator has claimed it.
    pub async fn release(&self, site: &Site, id: &CommentId, moderator: &str) -> Result<(), Error> {
        self.store.release(site, id, Some(moderator)).await
    }

    /// Returns the claims on comments, in the order of the comments.
    pub async fn claims(&self, site: &Site, comments: &[StoredComment]) -> Result<Vec<Option<Claim>>, Error> {
        let ids: Vec<CommentId> = comments.iter().map(id).collect::<Result<_, _>>()?;
        self.store.claims(site, &ids).await
    }

    /// Returns the claim on a comment.
    pub(super) async fn claim_on(&self, site: &Site, id: &CommentId) -> Result<Option<Claim>, Error> {
        Ok(self.store.claims(site, std::slice::from_ref(id)).await?.pop().flatten())
    }

    /// Ends the claim on a comment that was decided, whoever holds it.
    pub(super) async fn end_claim(&self, site: &Site, id: &CommentId) {
        if let Err(error) = self.store.release(site, id, None).await {
            // The decision is recorded, and the claim expires by itself.
            tracing::debug!(%error, "a claim could not be released");
        }
    }
}

fn id(stored: &StoredComment) -> Result<CommentId, Error> {
    CommentId::parse("comment_id", &stored.comment.comment_id).map_err(Error::from)
}
