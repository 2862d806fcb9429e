//! Looks up one comment with all that a moderator sees of it.

use super::desk::ReviewDesk;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::History;
use crate::store::{Claim, StoredComment};
use crate::verdict::Verdict;

/// Everything known of a comment.
pub struct FullComment {
    /// The comment, its verdict and its trail.
    pub stored: StoredComment,
    /// How its author has fared.
    pub author: Option<History>,
    /// Who is at work on it.
    pub claim: Option<Claim>,
}

impl ReviewDesk {
    /// The present verdict.
    pub async fn verdict(&self, site: &Site, id: &CommentId) -> Result<Verdict, Error> {
        Ok(self.stored_comment(site, id).await?.verdict)
    }

    /// Everything known of one comment.
    pub async fn comment(&self, site: &Site, id: &CommentId) -> Result<FullComment, Error> {
        let kept = self.stored_comment(site, id).await?;
        let author = match &kept.author {
            Some(author) => Some(self.store.history(site, author).await?),
            None => None,
        };
        let claim = self.claim_on(site, id).await?;
        Ok(FullComment { stored: kept, author, claim })
    }
}
