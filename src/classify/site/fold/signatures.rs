//! Signatures of the comments that the latest outcomes are about, and how many of them are like another comment.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::{CorrectedLabel, Outcome};

/// How many signatures are remembered.
pub(super) const MAX_SIGNATURES: usize = 128;
/// Bits of a signature that may differ between comments that are alike: features at an angle of some sixty degrees.
const MAX_SIMILAR_DISTANCE: u32 = 42;
/// Bits of a signature that may differ between comments that resemble each other: those that have nothing in common differ in
/// 64 of them, give or take eleven.
const MAX_RELATED_DISTANCE: u32 = 54;
/// How many outcomes of one class on comments that resemble another are enough to decide that one.
const MIN_RELATED: u32 = 2;
/// With more outcomes than this, nothing is decided by resemblance: by then the correction as a whole has proved itself, or has not.
const MAX_OUTCOMES: u32 = 12;

/// The signatures of the latest outcomes; see [`Sketch::signature`](crate::classify::site::Sketch::signature).
#[derive(Debug, Clone, Default)]
pub struct Signatures(pub(super) VecDeque<(u128, Outcome)>);

impl Signatures {
    /// Adds the signature of a comment that turned out to be `outcome`.
    pub fn push(&mut self, signature: u128, outcome: Outcome) {
        recent::push(&mut self.0, MAX_SIGNATURES, (signature, outcome));
    }

    /// Returns how many harmless and bad outcomes were on comments like the one of this signature.
    pub fn count_similar(&self, signature: u128) -> (usize, usize) {
        let like = self.0.iter().filter(|(other, _)| (other ^ signature).count_ones() <= MAX_SIMILAR_DISTANCE);
        let ham = like.clone().filter(|(_, outcome)| *outcome == Outcome::Ham).count();
        (ham, like.count() - ham)
    }

    /// Returns which way the outcomes on comments that resemble the one of this signature point, bad or harmless. Returns `None`
    /// if there are few or they disagree.
    pub fn similar_direction(&self, signature: u128, kind: CorrectedLabel) -> Option<bool> {
        let (mut all, mut harmless, mut bad) = (0, 0, 0);
        for (other, outcome) in &self.0 {
            let Some(outcome) = kind.target(*outcome) else { continue };
            all += 1;
            if (other ^ signature).count_ones() <= MAX_RELATED_DISTANCE {
                *if outcome { &mut bad } else { &mut harmless } += 1;
            }
        }
        match (harmless, bad) {
            // Of many outcomes some are near by chance.
            _ if all > MAX_OUTCOMES => None,
            (MIN_RELATED.., 0) => Some(false),
            (0, MIN_RELATED..) => Some(true),
            _ => None,
        }
    }
}
