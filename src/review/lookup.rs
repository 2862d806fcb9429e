//! Looks up a comment with everything that a moderator sees of it.

use super::desk::ReviewDesk;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::AuthorCounts;
use crate::store::{Claim, StoredComment};
use crate::verdict::Verdict;

/// A comment with its author's history and its claim.
pub struct FullComment {
    /// The comment, its verdict and its trail.
    pub stored: StoredComment,
    /// The history of its author, or `None` if the author is unknown.
    pub author: Option<AuthorCounts>,
    /// The claim on it.
    pub claim: Option<Claim>,
}

impl ReviewDesk {
    /// Returns the current verdict on a comment.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such comment.
    pub async fn verdict(&self, site: &Site, id: &CommentId) -> Result<Verdict, Error> {
        Ok(self.stored_comment(site, id).await?.verdict)
    }

    /// Returns a comment with its author's history and its claim.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such comment.
    pub async fn comment(&self, site: &Site, id: &CommentId) -> Result<FullComment, Error> {
        let stored = self.stored_comment(site, id).await?;
        let author = match &stored.author {
            Some(author) => Some(self.store.history(site, author).await?),
            None => None,
        };
        let claim = self.claim_on(site, id).await?;
        Ok(FullComment { stored, author, claim })
    }
}
