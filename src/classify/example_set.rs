//! Labelled rows as the learner sees them: extracted features of all sources, and the targets of each row.

use std::collections::{BTreeMap, HashMap, HashSet};

use isolang::Language;

use super::feature_counts::FeatureCounts;
use super::features::{self, FeatureGroup};
use super::hash::KEY_BITS;
use super::learn::Coordinate;
use super::model::Scratch;
use super::recipe::{Balance, Recipe};
use super::rows::{PostTextKind, Row, Split};
use super::vocabulary::VocabularyBuilder;
use super::{LABEL_LANES, Label, parse_language};

/// The target of each head by lane; `None` where the row has no label for the head.
pub type Targets = [Option<bool>; LABEL_LANES];

/// The extracted rows of all sources of a recipe.
#[derive(Default)]
pub struct ExampleSet {
    features: Vec<Coordinate>,
    /// For each feature, the share of its value that counts as evidence for abuse.
    abuse_shares: Vec<f32>,
    rows: Vec<Example>,
    scratch: Scratch,
    /// The words of the training rows.
    pub words: VocabularyBuilder,
}

/// An extracted row.
pub struct Example {
    /// Offsets into the list of all features: where the first [`FeatureSection`] begins, then where each section ends.
    ends: [usize; FeatureSection::COUNT + 1],
    targets: Targets,
    /// Index of the source in the recipe.
    pub source: usize,
    /// How often the row is learned per epoch, on average.
    pub sampling_rate: f32,
    /// Index of the row's group within its source; a group is held out as a whole. `None` if the row has no group.
    pub group: Option<usize>,
    language: Language,
    split: Split,
}

/// A section of features that dropout includes or omits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum FeatureSection {
    /// Features of the text itself.
    Body,
    /// Features of how the text relates to its post.
    Post,
    /// Features of the author.
    Author,
    /// Scope marks.
    Scope,
    /// Identity terms.
    Identity,
}

impl FeatureSection {
    const COUNT: usize = 5;

    fn from_group(group: FeatureGroup) -> Self {
        match group {
            FeatureGroup::Author => Self::Author,
            FeatureGroup::Post => Self::Post,
            FeatureGroup::Scope => Self::Scope,
            FeatureGroup::Identity => Self::Identity,
            FeatureGroup::Words | FeatureGroup::Chars | FeatureGroup::Shape | FeatureGroup::Dense => Self::Body,
        }
    }
}

impl ExampleSet {
    /// Extracts the rows of the recipe's source with index `at`. Skips test rows, and rows without a target for any head.
    pub fn push(&mut self, recipe: &Recipe, at: usize, language: Language, rows: &[Row]) {
        let source = &recipe.sources[at];
        let first = self.rows.len();
        let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
        let mut selected: Vec<&Row> = Vec::new();
        for row in rows {
            let Some(split) = row.split.or(source.split).filter(|&split| split != Split::Test) else { continue };
            let targets: Targets = std::array::from_fn(|lane| source.rule(*Label::ALL.get(lane)?)?.label(row));
            if targets.iter().all(Option::is_none) || !source.includes(row) {
                continue;
            }
            let group = source.groups.as_deref().map(|field| row.text_field(field)).filter(|group| !group.is_empty());
            let number = groups.len();
            let group = group.map(|group| *groups.entry(group).or_insert(number));
            let written_in = parse_language(&row.lang).unwrap_or(language);
            // The words of a row count only for a known language: a row that names an unknown one is skipped.
            let named = row.lang.is_empty() || parse_language(&row.lang).is_some();
            let counted = (split == Split::Train && named).then_some(written_in);
            let ends = self.extract(recipe, row, source.post, written_in, counted);
            self.rows.push(Example { ends, targets, source: at, sampling_rate: source.weight, group, language, split });
            selected.push(row);
        }
        for balance in &source.balance {
            apply_balance(balance, &selected, &mut self.rows[first..]);
        }
    }

    /// Extracts the features of a row and returns where those of each section end. If `counted` is given, the row's words
    /// are added to the vocabulary of that language.
    fn extract(
        &mut self,
        recipe: &Recipe,
        row: &Row,
        post: PostTextKind,
        language: Language,
        counted: Option<Language>,
    ) -> [usize; FeatureSection::COUNT + 1] {
        let Scratch { workspace: work, tally: counts, .. } = &mut self.scratch;
        let input = row.input(post);
        features::read(&input, work);
        if let Some(language) = counted {
            self.words.add_row(language, &work.tokens.tokens);
        }
        counts.reset(row.text.len());
        features::extract(&input, language, work, counts);
        let located = locate_features(recipe, counts);
        self.push_features(&located)
    }

    /// Adds the features of a row and returns where those of each section end. The learner needs distinct coordinates:
    /// features of one section that share a bucket are added up, and a feature whose bucket an earlier section uses is
    /// dropped.
    fn push_features(&mut self, located: &[LocatedFeature]) -> [usize; FeatureSection::COUNT + 1] {
        let mut ends = [self.features.len(); FeatureSection::COUNT + 1];
        let mut taken = HashSet::new();
        for shared in located.chunk_by(|a, b| (a.section, a.bucket) == (b.section, b.bucket)) {
            let LocatedFeature { section, bucket, abuse_share, .. } = shared[0];
            if taken.insert(bucket) {
                self.features.push((bucket, shared.iter().map(|feature| feature.value).sum()));
                self.abuse_shares.push(abuse_share);
            }
            ends[section + 1..].fill(self.features.len());
        }
        ends
    }

    /// Returns the features of a row that belong to a section.
    pub fn section_features(&self, row: &Example, section: FeatureSection) -> &[Coordinate] {
        &self.features[row.ends[section as usize]..row.ends[section as usize + 1]]
    }

    /// Returns the features of a row that belong to the sections, each with the share that counts as evidence for abuse.
    pub fn features_with_shares<'s>(
        &'s self,
        row: &'s Example,
        sections: &'s [FeatureSection],
    ) -> impl Iterator<Item = (Coordinate, f32)> + 's {
        let range = |section: &FeatureSection| row.ends[*section as usize]..row.ends[*section as usize + 1];
        sections.iter().flat_map(range).filter_map(|at| Some((*self.features.get(at)?, *self.abuse_shares.get(at)?)))
    }

    /// Returns the features of a row that belong to the sections.
    pub fn features<'s>(&'s self, row: &'s Example, sections: &'s [FeatureSection]) -> impl Iterator<Item = Coordinate> + 's {
        sections.iter().flat_map(move |section| self.section_features(row, *section)).copied()
    }

    /// Returns the rows of a language and a split that have a target for a head, each with the target.
    pub fn labelled(&self, language: Language, label: Label, split: Split) -> Vec<(&Example, bool)> {
        let rows = self.rows.iter().filter(|row| row.split == split && row.language == language);
        rows.filter_map(|row| Some((row, row.targets[label.lane()]?))).collect()
    }
}

/// A feature of a row with its section and bucket.
struct LocatedFeature {
    section: usize,
    bucket: u32,
    value: f32,
    /// The share that counts as evidence for abuse.
    abuse_share: f32,
}

/// Returns the counted features, sorted by section and bucket.
fn locate_features(recipe: &Recipe, counts: &FeatureCounts) -> Vec<LocatedFeature> {
    let factors = counts.norm_factors(&recipe.norms.by_group());
    let located = counts.features().iter().map(|feature| LocatedFeature {
        section: FeatureSection::from_group(feature.group) as usize,
        bucket: feature.bucket() >> (KEY_BITS - 1 - recipe.hash_bits),
        value: feature.value() * factors[feature.group as usize],
        abuse_share: feature.counted_share().abuse,
    });
    let mut located: Vec<LocatedFeature> = located.collect();
    located.sort_unstable_by(|a, b| (a.section, a.bucket).cmp(&(b.section, b.bucket)).then(a.value.total_cmp(&b.value)));
    located
}

/// Scales down the sampling rates of rows that agree in the fields of a balance, so that together they do not exceed the
/// balance's limit.
fn apply_balance(balance: &Balance, rows: &[&Row], examples: &mut [Example]) {
    // A row that lacks one of the fields belongs to no cell.
    let cell = |row: &Row| {
        let names: Vec<&str> = balance.by.iter().map(|field| row.text_field(field)).collect();
        names.iter().all(|name| !name.is_empty()).then(|| names.join("\0"))
    };
    let mut sizes: HashMap<String, f32> = HashMap::new();
    for (row, example) in rows.iter().zip(&*examples) {
        if let Some(cell) = cell(row) {
            *sizes.entry(cell).or_default() += example.sampling_rate;
        }
    }
    for (row, example) in rows.iter().zip(examples) {
        let size = cell(row).and_then(|cell| sizes.get(&cell));
        example.sampling_rate *= size.map_or(1.0, |size| (balance.rows / size).min(1.0));
    }
}

/// Returns the group index of every source of a recipe.
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
