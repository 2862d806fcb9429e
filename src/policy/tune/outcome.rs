//! Outcomes of thresholds: the number of decisions per class of comments, and their shares on a site.

use super::sample::{CommentClass, LabelledSample};
use crate::verdict::Decision;

/// The share of each class in a site's comments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassMix {
    shares: [f64; CommentClass::ALL.len()],
}

/// An error in the given shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum ClassMixError {
    #[error("a share is given for {0} comments, but no row is {0}")]
    None(&'static str),
    #[error("the shares of spam and toxic comments leave nothing for harmless ones")]
    TooMuch,
}

impl ClassMix {
    /// Returns the mix of the samples, with the given shares of spam and toxic comments. The other classes keep their
    /// proportions.
    ///
    /// # Errors
    /// Returns an error if a share is given for a class without samples, or if nothing is left for the other classes.
    pub fn from_samples(samples: &[LabelledSample], spam: Option<f64>, toxic: Option<f64>) -> Result<Self, ClassMixError> {
        let count = |class| samples.iter().filter(|sample| sample.class == class).count() as f64;
        let counts = CommentClass::ALL.map(count);
        let given = [None, spam, toxic];
        for (class, share) in CommentClass::ALL.into_iter().zip(given) {
            if share.is_some_and(|share| share > 0.0) && counts[class as usize] == 0.0 {
                return Err(ClassMixError::None(class.as_str()));
            }
        }
        let left = 1.0 - given.iter().flatten().sum::<f64>();
        let rest: f64 = counts.iter().zip(given).filter(|(_, share)| share.is_none()).map(|(count, _)| count).sum();
        if left <= 0.0 || rest == 0.0 {
            return Err(ClassMixError::TooMuch);
        }
        let shares = CommentClass::ALL.map(|class| given[class as usize].unwrap_or(left * counts[class as usize] / rest));
        Ok(Self { shares })
    }

    /// Returns the share of a class.
    pub fn share(&self, class: CommentClass) -> f64 {
        self.shares[class as usize]
    }
}

/// The number of comments per class and decision.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DecisionCounts {
    counts: [[usize; Decision::ALL.len()]; CommentClass::ALL.len()],
}

impl DecisionCounts {
    /// Counts the decisions that `decide` makes on the samples.
    pub(super) fn count(samples: &[LabelledSample], decide: impl Fn(&LabelledSample) -> Decision) -> Self {
        let mut outcome = Self::default();
        for sample in samples {
            outcome.counts[sample.class as usize][decide(sample) as usize] += 1;
        }
        outcome
    }

    /// Returns the number of comments of a class.
    pub fn rows(&self, class: CommentClass) -> usize {
        self.counts[class as usize].iter().sum()
    }

    /// Returns the share of a class that gets a decision, or NaN if the class has no comments.
    pub fn share(&self, class: CommentClass, decision: Decision) -> f64 {
        self.counts[class as usize][decision as usize] as f64 / self.rows(class) as f64
    }

    /// Returns the share of a site's comments that is held.
    pub fn held_share(&self, mix: &ClassMix) -> f64 {
        let present = CommentClass::ALL.into_iter().filter(|class| self.rows(*class) > 0);
        present.map(|class| mix.share(class) * self.share(class, Decision::Hold)).sum()
    }

    /// Returns whether at most `share` of each bad class is approved.
    pub(super) fn misses_at_most(&self, share: f64) -> bool {
        CommentClass::BAD.into_iter().all(|class| self.rows(class) == 0 || self.share(class, Decision::Approve) <= share)
    }
}
