//! What thresholds come to: how many comments of each kind are decided how, and what that is on a site.

use super::sample::{CommentClass, LabelledSample};
use crate::verdict::Decision;

/// What share of a site's comments is of each kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassMix {
    shares: [f64; CommentClass::ALL.len()],
}

/// Why shares make no mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum ClassMixError {
    #[error("a share is given for {0} comments, but no row is {0}")]
    None(&'static str),
    #[error("the shares of spam and toxic comments leave nothing for harmless ones")]
    TooMuch,
}

impl ClassMix {
    /// The mix of the samples, with the share of spam or toxic comments set where one is given; the others keep their
    /// proportions.
    ///
    /// # Errors
    /// When a share is for a kind that is not there, or nothing is left for the rest.
    pub fn from_samples(samples: &[LabelledSample], spam: Option<f64>, toxic: Option<f64>) -> Result<Self, ClassMixError> {
        let count = |kind| samples.iter().filter(|sample| sample.class == kind).count() as f64;
        let counts = CommentClass::ALL.map(count);
        let given = [None, spam, toxic];
        for (kind, share) in CommentClass::ALL.into_iter().zip(given) {
            if share.is_some_and(|share| share > 0.0) && counts[kind as usize] == 0.0 {
                return Err(ClassMixError::None(kind.as_str()));
            }
        }
        let left = 1.0 - given.iter().flatten().sum::<f64>();
        let rest: f64 = counts.iter().zip(given).filter(|(_, share)| share.is_none()).map(|(count, _)| count).sum();
        if left <= 0.0 || rest == 0.0 {
            return Err(ClassMixError::TooMuch);
        }
        let shares = CommentClass::ALL.map(|kind| given[kind as usize].unwrap_or(left * counts[kind as usize] / rest));
        Ok(Self { shares })
    }

    /// The share of a kind.
    pub fn share(&self, kind: CommentClass) -> f64 {
        self.shares[kind as usize]
    }
}

/// How many comments are decided how, per kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DecisionCounts {
    counts: [[usize; Decision::ALL.len()]; CommentClass::ALL.len()],
}

impl DecisionCounts {
    pub(super) fn count(samples: &[LabelledSample], decide: impl Fn(&LabelledSample) -> Decision) -> Self {
        let mut outcome = Self::default();
        for sample in samples {
            outcome.counts[sample.class as usize][decide(sample) as usize] += 1;
        }
        outcome
    }

    /// How many comments of a kind there are.
    pub fn rows(&self, kind: CommentClass) -> usize {
        self.counts[kind as usize].iter().sum()
    }

    /// The share of a kind that is decided so; not a number when there is none.
    pub fn share(&self, kind: CommentClass, decision: Decision) -> f64 {
        self.counts[kind as usize][decision as usize] as f64 / self.rows(kind) as f64
    }

    /// The share of a site's comments that is held.
    pub fn held_share(&self, mix: &ClassMix) -> f64 {
        let present = CommentClass::ALL.into_iter().filter(|kind| self.rows(*kind) > 0);
        present.map(|kind| mix.share(kind) * self.share(kind, Decision::Hold)).sum()
    }

    /// Whether of each bad kind no more than this share is approved.
    pub(super) fn misses_at_most(&self, share: f64) -> bool {
        CommentClass::BAD.into_iter().all(|kind| self.rows(kind) == 0 || self.share(kind, Decision::Approve) <= share)
    }
}
