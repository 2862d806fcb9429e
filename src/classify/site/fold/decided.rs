//! Comments that somebody decided of late, so that what is nearly the same is decided alike.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::training_example::{OutcomeSource, TrainingExample};
use crate::classify::{MinHash, TextDigest, text_digest};

/// How many decided comments are remembered, of moderators and of the others.
pub(super) const MAX_DECISIONS: [usize; 2] = [16, 32];
/// How long an outcome speaks for what is nearly the same, in microseconds.
const MAX_AGE_MICROS: i64 = 3_600_000_000;

/// A comment that somebody decided of late.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentDecision {
    /// Which.
    pub comment_id: String,
    /// Who; may be empty.
    pub by: String,
    /// Whether it was rejected.
    pub rejected: bool,
    /// What the base thought of it, by [`Kind`](crate::classify::site::Kind).
    pub base_logits: [Option<f32>; 2],
    decided_at: i64,
    min_hash: MinHash,
    /// Tells its whole text from others. `None`: not known.
    digest: Option<TextDigest>,
}

/// The latest decided comments: those of others before those of moderators, so that none pushes another out.
#[derive(Debug, Clone, Default)]
pub struct RecentDecisions(pub(super) [VecDeque<RecentDecision>; 2]);

impl RecentDecisions {
    /// Adds the comment that a lesson is about, unless the lesson does not decide it or it was imported.
    pub fn push(&mut self, lesson: &TrainingExample) {
        let decides = lesson.decides() && lesson.source != OutcomeSource::Import;
        let Some(likeness) = lesson.min_hash.filter(|_| decides) else { return };
        let decided = RecentDecision {
            comment_id: lesson.comment_id.clone(),
            by: lesson.by.clone(),
            rejected: lesson.rejected,
            base_logits: lesson.features.base,
            decided_at: lesson.decided_at,
            min_hash: likeness,
            digest: lesson.digest,
        };
        let line = usize::from(lesson.source == OutcomeSource::Moderator);
        recent::push(&mut self.0[line], MAX_DECISIONS[line], decided);
    }

    /// Returns the last decision within the hour before `now`, in microseconds since 1970, that goes for this comment too: a
    /// rejection of one that is nearly the same, or an approval of the same text. A moderator's comes before anybody
    /// else's.
    pub fn find(&self, comment_id: &str, text: &str, likeness: &MinHash, now: i64) -> Option<&RecentDecision> {
        let mut own = None;
        let mut all = self.0.iter().rev().flat_map(|line| line.iter().rev());
        all.find(|decided| {
            let recent = now.saturating_sub(decided.decided_at) <= MAX_AGE_MICROS;
            // A word that was put in or left out may make it say something else: nobody has approved that.
            let mut same = || decided.digest == Some(*own.get_or_insert_with(|| text_digest(text)));
            let like = decided.min_hash.is_near_duplicate(likeness);
            recent && decided.comment_id != comment_id && like && (decided.rejected || same())
        })
    }
}
