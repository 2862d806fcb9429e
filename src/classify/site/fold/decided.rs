//! Recently decided comments, so that near-duplicates are decided alike.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::training_example::{OutcomeSource, TrainingExample};
use crate::classify::{MinHash, TextDigest, text_digest};

/// Number of remembered decisions: of other sources, and of moderators.
pub(super) const MAX_DECISIONS: [usize; 2] = [16, 32];
/// Time for which a decision applies to near-duplicates, in microseconds.
const MAX_AGE_MICROS: i64 = 3_600_000_000;

/// A recent decision on a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentDecision {
    /// Id of the comment.
    pub comment_id: String,
    /// Name of who decided; may be empty.
    pub by: String,
    /// Whether the comment was rejected.
    pub rejected: bool,
    /// The base model's logits, by [`CorrectedLabel`](crate::classify::site::CorrectedLabel).
    pub base_logits: [Option<f32>; 2],
    decided_at: i64,
    min_hash: MinHash,
    /// Digest of the whole text. `None` if unknown.
    digest: Option<TextDigest>,
}

/// The latest decisions of other sources and of moderators. They have separate queues, so that neither displaces the other.
#[derive(Debug, Clone, Default)]
pub struct RecentDecisions(pub(super) [VecDeque<RecentDecision>; 2]);

impl RecentDecisions {
    /// Adds the decision of an example, unless the example decides nothing or was imported.
    pub fn push(&mut self, example: &TrainingExample) {
        let decides = example.decides() && example.source != OutcomeSource::Import;
        let Some(min_hash) = example.min_hash.filter(|_| decides) else { return };
        let decided = RecentDecision {
            comment_id: example.comment_id.clone(),
            by: example.by.clone(),
            rejected: example.rejected,
            base_logits: example.features.base,
            decided_at: example.decided_at,
            min_hash,
            digest: example.digest,
        };
        let queue = usize::from(example.source == OutcomeSource::Moderator);
        recent::push(&mut self.0[queue], MAX_DECISIONS[queue], decided);
    }

    /// Returns the last decision within the hour before `now`, in microseconds since 1970, that applies to this comment
    /// too: the rejection of a near-duplicate, or the approval of the same text. Decisions of moderators come before all
    /// others.
    pub fn find(&self, comment_id: &str, text: &str, min_hash: &MinHash, now: i64) -> Option<&RecentDecision> {
        let mut own_digest = None;
        let mut all = self.0.iter().rev().flat_map(|queue| queue.iter().rev());
        all.find(|decided| {
            let recent = now.saturating_sub(decided.decided_at) <= MAX_AGE_MICROS;
            // An approval covers the exact text only: a single added or removed word may change the meaning.
            let mut same = || decided.digest == Some(*own_digest.get_or_insert_with(|| text_digest(text)));
            let is_near_duplicate = decided.min_hash.is_near_duplicate(min_hash);
            recent && decided.comment_id != comment_id && is_near_duplicate && (decided.rejected || same())
        })
    }
}
