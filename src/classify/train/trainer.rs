//! The inputs of one head's training: its rows, their features, and the recipe's settings.

use isolang::Language;

use crate::classify::Label;
use crate::classify::example_set::{Example, ExampleSet, FeatureSection};
use crate::classify::recipe::{HeadRecipe, Recipe};
use crate::classify::rows::{LabelRule, Split, WordRule};

/// The inputs of one head's training.
pub struct HeadTrainer<'a> {
    pub recipe: &'a Recipe,
    pub language: Language,
    pub label: Label,
    pub head: &'a HeadRecipe,
    pub set: &'a ExampleSet,
    /// Group index of every source of the recipe.
    pub groups: &'a [u32],
}

impl HeadTrainer<'_> {
    /// Returns whether a row belongs to a source in which no row is positive.
    pub fn is_background(&self, row: &Example) -> bool {
        let rule = self.recipe.sources.get(row.source).and_then(|source| source.rule(self.label));
        matches!(rule, Some(LabelRule::Word(WordRule::Never) | LabelRule::Never(_)))
    }

    /// Returns the head's rows of a split, and whether each has the label.
    pub fn rows(&self, split: Split) -> Vec<(&Example, bool)> {
        self.set.labelled(self.language, self.label, split)
    }

    /// Returns the number of training steps: one for each row and epoch.
    pub fn steps(&self) -> usize {
        let rows = self.rows(Split::Train).len() * self.epochs().0 as usize;
        match self.folds() {
            0 | 1 => rows,
            folds => rows * folds,
        }
    }

    /// Returns the number of epochs, and over how many of the last ones the weights are averaged.
    pub fn epochs(&self) -> (u32, u32) {
        let [epochs, average] = self.head.epochs.unwrap_or([self.recipe.epochs, self.recipe.average]);
        (epochs, average.clamp(1, epochs))
    }

    /// Returns the number of folds in which rows are held out for calibration, or 0 if dev rows are used instead.
    pub fn folds(&self) -> usize {
        if self.head.folds > 0 { self.head.folds } else { self.recipe.folds as usize }
    }

    /// Returns the number of buckets of the weight table.
    pub fn buckets(&self) -> u32 {
        1 << self.recipe.hash_bits
    }

    /// Returns whether scope marks have weights.
    pub fn learns_scope(&self) -> bool {
        self.head.scope > 0.0
    }

    /// Returns the sections of a row that the head may have weights for.
    pub fn weighted(&self) -> &'static [FeatureSection] {
        match (self.head.identity_terms, self.learns_scope()) {
            (false, false) => &[FeatureSection::Body, FeatureSection::Post, FeatureSection::Author],
            (true, false) => &[FeatureSection::Body, FeatureSection::Post, FeatureSection::Author, FeatureSection::Identity],
            (false, true) => &[FeatureSection::Body, FeatureSection::Post, FeatureSection::Author, FeatureSection::Scope],
            (true, true) => &[
                FeatureSection::Body,
                FeatureSection::Post,
                FeatureSection::Author,
                FeatureSection::Scope,
                FeatureSection::Identity,
            ],
        }
    }
}
