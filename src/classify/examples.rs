//! Labelled rows as the learner sees them: features of all sources side by side, and what each row tells each head.

use std::ops::Range;

use isolang::Language;

use super::features::{self, Group};
use super::hash::KEY_BITS;
use super::learn::Coordinate;
use super::model::Scratch;
use super::recipe::Recipe;
use super::rows::{Row, Split};
use super::vocabulary::Counter;
use super::{LANES, Label};

/// What a row tells each head.
pub type Targets = [Option<bool>; LANES];

/// The extracted rows of all sources.
#[derive(Default)]
pub struct Examples {
    features: Vec<Coordinate>,
    rows: Vec<Example>,
    scratch: Scratch,
    /// The words of the rows that are learned.
    pub words: Counter,
}

/// One extracted row.
pub struct Example {
    features: Range<usize>,
    /// With the identity terms.
    all: Range<usize>,
    targets: Targets,
    /// The number of the source in the recipe.
    pub source: usize,
    language: Language,
    split: Split,
}

impl Examples {
    /// Extracts a row of the recipe's source number `at`, unless it is for testing or tells no head anything.
    pub fn push(&mut self, recipe: &Recipe, at: usize, language: Language, row: &Row) {
        let source = &recipe.sources[at];
        let Some(split) = row.split.filter(|&split| split != Split::Test) else { return };
        let targets: Targets = std::array::from_fn(|lane| source.rule(*Label::ALL.get(lane)?)?.read(row));
        if targets.iter().all(Option::is_none) {
            return;
        }
        let Scratch { work, tally, .. } = &mut self.scratch;
        let input = row.input(source.post);
        features::read(&input, work);
        if split == Split::Train {
            self.words.count(language, &work.tokens.tokens);
        }
        tally.start(row.text.len());
        features::extract(&input, work, tally);
        let factors = tally.factors(&recipe.norms.by_group());
        let bucket = |bucket: u32| bucket >> (KEY_BITS - 1 - recipe.hash_bits);
        let mut found: Vec<Coordinate> = tally
            .features()
            .iter()
            .filter(|feature| feature.group != Group::Identity)
            .map(|feature| (bucket(feature.bucket()), feature.value() * factors[feature.group as usize]))
            .collect();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let start = self.features.len();
        // The learner wants distinct coordinates: features that share a bucket become one.
        for shared in found.chunk_by(|a, b| a.0 == b.0) {
            self.features.push((shared[0].0, shared.iter().map(|(_, value)| value).sum()));
        }
        let features = start..self.features.len();
        for feature in tally.features().iter().filter(|feature| feature.group == Group::Identity) {
            let coordinate = (bucket(feature.bucket()), feature.value() * factors[feature.group as usize]);
            if found.binary_search_by_key(&coordinate.0, |(at, _)| *at).is_err()
                && !self.features[features.end..].iter().any(|(at, _)| *at == coordinate.0)
            {
                self.features.push(coordinate);
            }
        }
        self.rows.push(Example { all: start..self.features.len(), features, targets, source: at, language, split });
    }

    /// The features of a row.
    pub fn features(&self, row: &Example, identity_terms: bool) -> &[Coordinate] {
        &self.features[if identity_terms { row.all.clone() } else { row.features.clone() }]
    }

    /// The rows of a language and a split that tell a head something, and what.
    pub fn of(&self, language: Language, label: Label, split: Split) -> Vec<(&Example, bool)> {
        let rows = self.rows.iter().filter(|row| row.split == split && row.language == language);
        rows.filter_map(|row| Some((row, row.targets[label.lane()]?))).collect()
    }
}

/// For every source of a recipe the number of its group.
pub fn bias_groups(recipe: &Recipe) -> Vec<u32> {
    let mut names: Vec<&str> = Vec::new();
    let mut numbers = Vec::new();
    for source in &recipe.sources {
        let at = names.iter().position(|name| *name == source.group).unwrap_or_else(|| {
            names.push(&source.group);
            names.len() - 1
        });
        numbers.push(at as u32);
    }
    numbers
}
