//! Handing out held comments, each to one moderator at a time.

use std::time::Duration;

use prost::Message;

use super::desk::ReviewDesk;
use super::filter::Filter;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::{Claim, ClaimOutcome, ClaimRequest, MAX_CLAIMS, Order, StoredComment};
use crate::verdict::{Decision, Verdict};

/// How many bytes of comments are handed out in one answer, but for the first: clients accept 4 MiB.
pub const MAX_ANSWER_BYTES: usize = 2 << 20;
/// How many comments of the queue are looked at in one go.
const QUEUE_PAGE: usize = 100;

/// Who asks for comments.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// The moderator's name.
    pub moderator: String,
    /// For how long.
    pub lease: Duration,
}

/// A comment that was handed out.
#[derive(Debug)]
pub struct ClaimedComment {
    /// The comment.
    pub kept: StoredComment,
    /// Whose it is, and until when.
    pub claim: Claim,
}

/// Why a comment was not handed out.
#[derive(Debug)]
pub enum ClaimRefusal {
    /// There is no such comment.
    NotFound,
    /// It is decided, and no spot check.
    NotHeld(Box<Verdict>),
    /// Another moderator is at work on it.
    Claimed(Claim),
    /// The moderator holds as many comments as one may.
    Full,
}

/// What a moderator is told who holds as many comments as one may.
pub fn too_many_claims() -> String {
    format!("holds {MAX_CLAIMS} comments of this site already; decide or release some first")
}

/// Returns how many bytes a comment and its verdict take in an answer.
pub fn encoded_size(kept: &StoredComment) -> usize {
    kept.comment.encoded_len() + pb::Verdict::from(kept.verdict.clone()).encoded_len()
}

impl ReviewDesk {
    /// Hands out so many held comments that are nobody's yet, most urgent first.
    pub async fn claim_next(
        &self,
        site: &Site,
        filter: &Filter,
        most: usize,
        ask: &Claimant,
    ) -> Result<Vec<ClaimedComment>, Error> {
        let wish = ClaimRequest { moderator: &ask.moderator, lease: ask.lease, renew: false };
        let (mut handed, mut after): (Vec<ClaimedComment>, Option<String>) = (Vec::new(), None);
        let mut bytes = 0;
        loop {
            let page = self.list(site, filter, Order::Risk, QUEUE_PAGE, after.as_deref()).await?;
            let claims = self.claims(site, &page.comments).await?;
            for (kept, _) in page.comments.iter().zip(claims).filter(|(_, claim)| claim.is_none()) {
                let size = encoded_size(kept);
                if handed.len() == most || !handed.is_empty() && bytes + size > MAX_ANSWER_BYTES {
                    return Ok(handed);
                }
                match self.try_claim(site, &id(kept)?, &wish).await? {
                    Ok(one) => {
                        bytes += size;
                        handed.push(one);
                    }
                    Err(ClaimRefusal::Full) if handed.is_empty() => return Err(Error::invalid("moderator", too_many_claims())),
                    Err(ClaimRefusal::Full) => return Ok(handed),
                    Err(_) => {}
                }
            }
            after = page.next;
            if after.is_none() || handed.len() == most {
                return Ok(handed);
            }
        }
    }

    /// Hands out this comment, or renews the moderator's claim on it.
    pub async fn claim(
        &self,
        site: &Site,
        id: &CommentId,
        ask: &Claimant,
    ) -> Result<Result<ClaimedComment, ClaimRefusal>, Error> {
        self.try_claim(site, id, &ClaimRequest { moderator: &ask.moderator, lease: ask.lease, renew: true }).await
    }

    async fn try_claim(
        &self,
        site: &Site,
        id: &CommentId,
        wish: &ClaimRequest<'_>,
    ) -> Result<Result<ClaimedComment, ClaimRefusal>, Error> {
        let claim = match self.store.claim(site, id, wish).await? {
            ClaimOutcome::Granted(claim) => claim,
            ClaimOutcome::Taken(claim) => return Ok(Err(ClaimRefusal::Claimed(claim))),
            ClaimOutcome::Full => return Ok(Err(ClaimRefusal::Full)),
        };
        // Looked at afterwards: from here on nobody else decides it.
        let refused = match self.store.get(site, id).await? {
            Some(kept) if kept.verdict.decision == Decision::Hold || kept.verdict.is_spot_check() => {
                return Ok(Ok(ClaimedComment { kept, claim }));
            }
            Some(kept) => ClaimRefusal::NotHeld(Box::new(kept.verdict)),
            None => ClaimRefusal::NotFound,
        };
        self.store.release(site, id, Some(wish.moderator)).await?;
        Ok(Err(refused))
    }

    /// Gives a comment back. One that is not the moderator's stays whose it is.
    pub async fn release(&self, site: &Site, id: &CommentId, moderator: &str) -> Result<(), Error> {
        self.store.release(site, id, Some(moderator)).await
    }

    /// Who is at work on these comments, in their order.
    pub async fn claims(&self, site: &Site, comments: &[StoredComment]) -> Result<Vec<Option<Claim>>, Error> {
        let ids: Vec<CommentId> = comments.iter().map(id).collect::<Result<_, _>>()?;
        self.store.claims(site, &ids).await
    }

    pub(super) async fn claim_on(&self, site: &Site, id: &CommentId) -> Result<Option<Claim>, Error> {
        Ok(self.store.claims(site, std::slice::from_ref(id)).await?.pop().flatten())
    }

    /// Ends the claim on a comment that was decided.
    pub(super) async fn end_claim(&self, site: &Site, id: &CommentId) {
        if let Err(error) = self.store.release(site, id, None).await {
            // The decision stands, and the claim ends by itself.
            tracing::debug!(%error, "a claim was not ended");
        }
    }
}

fn id(kept: &StoredComment) -> Result<CommentId, Error> {
    CommentId::parse("comment_id", &kept.comment.comment_id).map_err(Error::from)
}
