//! Signatures of the comments that the latest outcomes are about, for finding similar comments.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::{CorrectedLabel, Outcome};

/// Number of remembered signatures.
pub(super) const MAX_SIGNATURES: usize = 128;
/// Maximum number of differing bits between similar comments. It corresponds to an angle of about sixty degrees between
/// their features.
const MAX_SIMILAR_DISTANCE: u32 = 42;
/// Maximum number of differing bits between related comments. Unrelated comments differ in 64 bits, plus or minus eleven.
const MAX_RELATED_DISTANCE: u32 = 54;
/// Minimum number of outcomes of one class on related comments that decide another comment.
const MIN_RELATED: u32 = 2;
/// Maximum number of outcomes with which related comments decide. With more, the gate has enough evidence about the
/// correction as a whole.
const MAX_OUTCOMES: u32 = 12;

/// The signatures of the latest outcomes; see
/// [`FeatureVector::signature`](crate::classify::site::FeatureVector::signature).
#[derive(Debug, Clone, Default)]
pub struct Signatures(pub(super) VecDeque<(u128, Outcome)>);

impl Signatures {
    /// Adds the signature of a comment with its outcome.
    pub fn push(&mut self, signature: u128, outcome: Outcome) {
        recent::push(&mut self.0, MAX_SIGNATURES, (signature, outcome));
    }

    /// Returns how many harmless and how many bad outcomes were on comments similar to the one of this signature.
    pub fn near_duplicate_counts(&self, signature: u128) -> (usize, usize) {
        let similar = self.0.iter().filter(|(other, _)| (other ^ signature).count_ones() <= MAX_SIMILAR_DISTANCE);
        let ham = similar.clone().filter(|(_, outcome)| *outcome == Outcome::Ham).count();
        (ham, similar.count() - ham)
    }

    /// Returns whether the outcomes on comments related to the one of this signature are bad or harmless. Returns `None` if
    /// there are few of them or they disagree.
    pub fn similar_direction(&self, signature: u128, label: CorrectedLabel) -> Option<bool> {
        let (mut all, mut harmless, mut bad) = (0, 0, 0);
        for (other, outcome) in &self.0 {
            let Some(is_bad) = label.target(*outcome) else { continue };
            all += 1;
            if (other ^ signature).count_ones() <= MAX_RELATED_DISTANCE {
                *if is_bad { &mut bad } else { &mut harmless } += 1;
            }
        }
        match (harmless, bad) {
            // Among many outcomes, some are near by chance.
            _ if all > MAX_OUTCOMES => None,
            (MIN_RELATED.., 0) => Some(false),
            (0, MIN_RELATED..) => Some(true),
            _ => None,
        }
    }
}
