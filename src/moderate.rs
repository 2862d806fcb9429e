//! The way of one comment, from the wire to its verdict.

use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use crate::comment::Comment;
use crate::error::Error;
use crate::judge::{Case, Judge};
use crate::pb;
use crate::store::{Admission, Admitted, Persons, Store};
use crate::verdict::Verdict;

/// Moderates comments: pure judgement in the middle, the store at the rim.
pub struct Moderator {
    judge: Judge,
    store: Store,
}

impl Moderator {
    /// Joins a judge and a store.
    pub fn new(judge: Judge, store: Store) -> Arc<Self> {
        Arc::new(Self { judge, store })
    }

    /// Moderates one comment. With `dry_run` nothing is counted, recorded or queued.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Error::Store`] when the store is away: nothing was decided then, and
    /// the host may send the comment again.
    pub async fn moderate(&self, message: pb::Comment, dry_run: bool) -> Result<Verdict, Error> {
        let now = SystemTime::now();
        let comment = Comment::parse(message, now)?;
        let case = self.judge.hear(&comment);
        // Most comments change nothing in the store's eyes: the verdict goes along and is recorded in the same trip.
        let tentative = case.verdict(&case.policy.uneventful(), now, Uuid::now_v7().to_string(), 1);
        let admission = self.admission(&comment, &case, &tentative).await?;
        if dry_run {
            let facts = self.store.look(&admission).await?;
            return Ok(case.verdict(&facts, now, tentative.id.clone(), 1));
        }
        match self.store.admit(&admission).await? {
            Admitted::Recorded(verdict) | Admitted::Seen(verdict) => Ok(verdict),
            Admitted::Undecided { facts, verdict_id, revision } => {
                let verdict = case.verdict(&facts, now, verdict_id, revision);
                self.store.record(&admission, &verdict).await
            }
        }
    }

    /// What the store must know to admit a comment: whom to count it for, and what to record if nothing speaks against it.
    async fn admission<'a>(
        &self,
        comment: &'a Comment,
        case: &Case<'_>,
        tentative: &'a Verdict,
    ) -> Result<Admission<'a>, Error> {
        let secret = self.store.site_secret(comment.site()).await?;
        let limits = case.policy.limits().collect();
        let persons = Persons::of(&secret, comment);
        Ok(Admission { comment, limits, tentative, min_approved: case.policy.approved_before_trust(), persons })
    }
}
