//! Fits a head's weights to labelled rows.

use super::error::TrainError;
use super::shuffle::SeededRandom;
use super::trainer::HeadTrainer;
use crate::classify::example_set::{Example, FeatureSection};
use crate::classify::learn::{Coordinate, FtrlLearner};
use crate::classify::recipe::{HeadRecipe, RecipeSource};
use crate::classify::rows::LabelRule;

/// Number of rows between two progress reports.
const BATCH: usize = 256;

/// A learned head before pruning: the weight of every bucket, and the intercept.
pub struct LinearModel {
    pub weights: Vec<f32>,
    pub bias: f32,
}

impl LinearModel {
    /// Returns the logit of a row. Features that count only in part when serving count only in part here.
    pub fn logit(&self, trainer: &HeadTrainer<'_>, row: &Example) -> f64 {
        let sum: f32 = if trainer.learns_scope() {
            trainer
                .set
                .features_with_shares(row, trainer.weighted())
                .map(|(feature, share)| self.partial_contribution(feature, share))
                .sum()
        } else {
            trainer.set.features(row, trainer.weighted()).map(|feature| self.contribution(feature)).sum()
        };
        f64::from(self.bias + sum)
    }

    /// Returns the contribution of a feature to the logit.
    fn contribution(&self, (bucket, value): Coordinate) -> f32 {
        value * self.weights[bucket as usize]
    }

    /// Returns the contribution of a feature, of which only `share` counts if it is positive.
    fn partial_contribution(&self, feature: Coordinate, share: f32) -> f32 {
        let contribution = self.contribution(feature);
        if contribution > 0.0 { contribution * share } else { contribution }
    }
}

impl HeadTrainer<'_> {
    /// Learns from rows, reshuffled for every epoch.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn fit(&self, mut rows: Vec<(&Example, bool)>, step: &dyn Fn(usize)) -> Result<LinearModel, TrainError> {
        let buckets = self.buckets() as usize;
        let rates = self.head.ftrl.unwrap_or(self.recipe.ftrl);
        let mut learner = FtrlLearner::new(rates, buckets + 1 + self.groups.len());
        let mut sampler = Sampler::new(self, &rows);
        let (epochs, averaged) = self.epochs();
        let mut weights = vec![0.0f32; buckets + 1];
        for epoch in 0..epochs {
            sampler.order.shuffle(&mut rows);
            for batch in rows.chunks(BATCH) {
                for (row, target) in batch {
                    for _ in 0..sampler.times(row) {
                        if let Some(example) = sampler.draw(row) {
                            learner.learn(example, *target)?;
                        }
                    }
                }
                step(batch.len());
            }
            if epoch + averaged >= epochs {
                for (sum, weight) in weights.iter_mut().zip(learner.weights()?) {
                    *sum += weight / averaged as f32;
                }
            }
        }
        let bias = weights.pop().unwrap_or_default();
        for (weight, rarity) in weights.iter_mut().zip(&sampler.rarity) {
            *weight *= rarity;
        }
        Ok(LinearModel { weights, bias })
    }

    /// Returns a factor for the values of each bucket that gives rare features more weight: (ln(rows / rows with the
    /// feature))^power, scaled to 1 for features of medium frequency.
    fn rarity(&self, rows: &[(&Example, bool)]) -> Vec<f32> {
        let power = self.head.rarity;
        let mut rows_with = vec![0u32; self.buckets() as usize];
        for (row, _) in rows {
            for (bucket, _) in self.set.features(row, self.weighted()) {
                rows_with[bucket as usize] += 1;
            }
        }

        let all = rows.len() as f32 + 1.0;
        let middle = (all / 30.0).ln().max(1.0);
        let factor = |rows_with: u32| match power {
            0.0 => 1.0,
            _ => ((all / (rows_with as f32 + 1.0)).ln() / middle).powf(power).max(0.05),
        };
        rows_with.into_iter().map(factor).collect()
    }
}

/// Draws how often a row is learned in an epoch, and which of its features dropout keeps.
struct Sampler<'t> {
    trainer: &'t HeadTrainer<'t>,
    order: SeededRandom,
    /// Rarity factor by bucket.
    rarity: Vec<f32>,
    /// The probability that a row is learned in an epoch, by source.
    shares: Vec<f32>,
    example: Vec<Coordinate>,
}

impl<'t> Sampler<'t> {
    fn new(trainer: &'t HeadTrainer<'t>, rows: &[(&Example, bool)]) -> Self {
        let share = |source: &RecipeSource| source.rule(trainer.label).map_or(1.0, LabelRule::sampling_rate);
        Self {
            trainer,
            order: SeededRandom::new(trainer.recipe.seed ^ (trainer.label.lane() as u64) << 32),
            rarity: trainer.rarity(rows),
            shares: trainer.recipe.sources.iter().map(share).collect(),
            example: Vec::new(),
        }
    }

    /// Draws how often a row is learned in an epoch.
    fn times(&mut self, row: &Example) -> u32 {
        let share = self.shares[row.source] * row.sampling_rate;
        let times = share.floor() + f32::from(u8::from(share.fract() > 0.0 && self.order.chance(share.fract())));
        times as u32
    }

    /// Draws the features with which a row is learned. Returns `None` if the row needs its author and dropout omits it.
    fn draw(&mut self, row: &Example) -> Option<&[Coordinate]> {
        let HeadTrainer { recipe, head, set, groups, .. } = *self.trainer;
        let sections = self.sections();
        if recipe.sources[row.source].needs_author && !sections.contains(&FeatureSection::Author) {
            return None;
        }
        self.example.clear();
        let keep_rate = 1.0 - head.dropout;
        for section in sections {
            for &(bucket, value) in set.section_features(row, section) {
                if head.dropout == 0.0 || self.order.chance(keep_rate) {
                    self.example.push((bucket, value / keep_rate * self.rarity[bucket as usize]));
                }
            }
        }
        let intercept = self.trainer.buckets();
        self.example.push((intercept, 1.0));
        if head.source_bias {
            self.example.push((intercept + 1 + groups[row.source], 1.0));
        }
        Some(&self.example)
    }

    /// Draws the feature sections with which a row is learned.
    fn sections(&mut self) -> Vec<FeatureSection> {
        let HeadRecipe { author_dropout, post_dropout, identity_terms, .. } = *self.trainer.head;
        let mut keeps = |dropout: f32| dropout == 0.0 || !self.order.chance(dropout);
        let (post, author) = (keeps(post_dropout), keeps(author_dropout));
        let all = [
            (FeatureSection::Body, true),
            (FeatureSection::Post, post),
            (FeatureSection::Author, author),
            (FeatureSection::Identity, identity_terms),
        ];
        all.into_iter().filter_map(|(section, keeps)| keeps.then_some(section)).collect()
    }
}
