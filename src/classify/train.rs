//! Trains a model from a recipe and a directory of labelled comments. Same recipe and data, same bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use isolang::Language;
use linfa::composing::platt_scaling::{PlattParams, PlattValidParams, platt_newton_method};
use linfa::prelude::ParamGuard;
use ndarray::Array1;

use super::calibrate::Calibration;
use super::evaluate::{self, Figures};
use super::examples::{Example, Examples, Section, bias_groups};
use super::learn::{Coordinate, LearnError, Learner, Rates};
use super::model::{Head, Parts, Voice};
use super::recipe::{HeadRecipe, Recipe, Source};
use super::rows::{self, Row, RowsError, Rule, Split};
use super::table::{Table, Weights};
use super::{Label, Model, parse_language};

/// How far training has come.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A file is being read.
    Reading(&'a str),
    /// So many of so many steps are learned.
    Learned(usize, usize),
}

/// Figures of one head on one file and split.
#[derive(Debug, Clone)]
pub struct Report {
    /// The source's file.
    pub file: String,
    /// Which of its rows.
    pub split: Split,
    /// Which head.
    pub label: Label,
    /// How well it does on them.
    pub figures: Figures,
}

/// Why training failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum TrainError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(transparent)]
    Learn(#[from] LearnError),
    #[error("cannot calibrate {label}: {reason}")]
    Calibrate { label: Label, reason: String },
    #[error("the learned weights do not make a table")]
    Table,
    #[error("a training thread panicked")]
    Panic,
}

/// Trains the model of a recipe on the files in the folders of `data`, without the rows that are to be left out.
///
/// # Errors
/// When a file cannot be read or a head has no rows to calibrate on.
pub fn train(
    recipe: &Recipe,
    data: &[PathBuf],
    leave_out: &[LeaveOut],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Model, TrainError> {
    let mut set = Examples::default();
    let languages = Languages::new(recipe);
    for (at, source) in recipe.sources.iter().enumerate() {
        progress(Progress::Reading(&source.file));
        let mut rows = rows::find(data, &source.file, source.ambiguous)?;
        rows.retain(|row| !leave_out.iter().any(|left_out| left_out.holds(row)));
        if let Some(field) = &source.groups {
            mark_left_empty(&mut rows, field);
        }
        set.push(recipe, at, languages.of(&source.language), &rows);
    }
    let vocabulary = std::mem::take(&mut set.words).finish(recipe.vocabulary);
    let bias_groups = bias_groups(recipe);
    let trainers: Vec<HeadTrainer> = recipe
        .heads()
        .map(|(language, label, head)| HeadTrainer {
            recipe,
            language: languages.of(language),
            label,
            head,
            set: &set,
            groups: &bias_groups,
        })
        .collect();
    let total = trainers.iter().map(HeadTrainer::steps).sum();
    let (done, next) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let step = |steps: usize| {
        let done = done.fetch_add(steps, Ordering::Relaxed) + steps;
        progress(Progress::Learned(done, total));
    };
    // As many heads at a time as there are processors: each has tables of its own.
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(trainers.len());
    let mut learned = std::thread::scope(|scope| {
        let (trainers, next, step) = (&trainers, &next, &step);
        let work = || {
            let mut learned = Vec::new();
            while let Some((at, trainer)) = trainers.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
                learned.push((at, trainer.run(step)?));
            }
            Ok(learned)
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap_or(Err(TrainError::Panic)));
        results.collect::<Result<Vec<_>, _>>().map(|learned| learned.concat())
    })?;
    learned.sort_unstable_by_key(|(at, _)| *at);

    let mut voices = Vec::new();
    for heads in learned.chunk_by(|a, b| trainers[a.0].language == trainers[b.0].language) {
        let mut rows: BTreeMap<u32, Weights> = BTreeMap::new();
        for (_, (head, weights)) in heads {
            for &(bucket, weight) in weights {
                rows.entry(bucket).or_default()[head.label.lane()] = weight;
            }
        }
        voices.push(Voice {
            language: heads.first().map_or(Language::Und, |(at, _)| trainers[*at].language),
            heads: heads.iter().map(|(_, (head, _))| head.clone()).collect(),
            table: Table::new(recipe.hash_bits, rows).ok_or(TrainError::Table)?,
        });
    }
    let norms = recipe.norms.by_group();
    Ok(Model::from_parts(Parts { name: recipe.name.clone(), hash_bits: recipe.hash_bits, voices, norms, vocabulary }))
}

/// Rows that training does without: those whose field has one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveOut {
    /// The field, such as `blog`.
    pub field: String,
    /// The values.
    pub values: Vec<String>,
}

impl LeaveOut {
    /// Returns whether a row has one of the values.
    pub fn holds(&self, row: &Row) -> bool {
        let value = row.name(&self.field);
        !value.is_empty() && self.values.iter().any(|left_out| left_out == value)
    }
}

impl std::str::FromStr for LeaveOut {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let (field, values) = typed.split_once('=').ok_or("must be FIELD=VALUE[,VALUE…], e.g. blog=friendlybit,haacked")?;
        Ok(Self { field: field.to_owned(), values: values.split(',').map(str::to_owned).collect() })
    }
}

/// From this share of rows with a web address on, a group's form asks for one.
const ASKED: f32 = 0.2;

/// Has every other row of groups whose form asks for a web address say that it was left empty, where there is none. The
/// others stay unknown, as they are for a host that does not tell the two apart.
fn mark_left_empty(rows: &mut [Row], field: &str) {
    let mut groups: BTreeMap<String, (f32, f32)> = BTreeMap::new();
    let has_url = |row: &Row| row.author.as_ref().is_some_and(|author| author.url.is_some());
    for row in rows.iter() {
        let (with, all) = groups.entry(row.name(field).to_owned()).or_default();
        *with += f32::from(u8::from(has_url(row)));
        *all += 1.0;
    }
    for (at, row) in rows.iter_mut().enumerate() {
        let asked = groups.get(row.name(field)).is_some_and(|(with, all)| with / all >= ASKED);
        if let Some(author) = row.author.as_mut().filter(|author| asked && at % 2 == 0 && author.url.is_none()) {
            author.url = Some(String::new());
        }
    }
}

/// The languages of a checked recipe by their codes.
struct Languages(BTreeMap<String, Language>);

impl Languages {
    fn new(recipe: &Recipe) -> Languages {
        Languages(recipe.languages.keys().filter_map(|code| Some((code.clone(), parse_language(code)?))).collect())
    }

    fn of(&self, code: &str) -> Language {
        self.0.get(code).copied().unwrap_or(Language::Und)
    }
}

/// Measures a model: dev and test rows of every source, dev rows of every check.
///
/// # Errors
/// When a file cannot be read.
pub fn report(model: &Model, recipe: &Recipe, data: &[PathBuf]) -> Result<Vec<Report>, TrainError> {
    let mut reports = Vec::new();
    let sources = recipe.sources.iter().map(|source| (source, &[Split::Dev, Split::Test][..]));
    let checks = recipe.checks.iter().map(|check| (check, &[Split::Dev][..]));
    for (source, splits) in sources.chain(checks) {
        let rows = rows::find(data, &source.file, source.ambiguous)?;
        for &split in splits {
            for label in Label::ALL.into_iter().filter(|&label| source.rule(label).is_some()) {
                let figures = evaluate::figures(&evaluate::score(model, source, &rows, split, label));
                if figures.rows > 0 {
                    reports.push(Report { file: source.file.clone(), split, label, figures });
                }
            }
        }
    }
    Ok(reports)
}

/// Fewer rows for development of a class are too few to calibrate on.
const FEW_DEV: usize = 30;

/// How the weights of marks of scope are learned, and how often each row is.
const SCOPE_RATES: Rates = Rates { alpha: 0.2, beta: 1.0, l1: 0.1, l2: 2.0 };
const SCOPE_EPOCHS: u32 = 15;
/// Brings logits to the size of other features.
const SCOPE_SLOPE: f32 = 4.0;

/// What learns one head.
struct HeadTrainer<'a> {
    recipe: &'a Recipe,
    language: Language,
    label: Label,
    head: &'a HeadRecipe,
    set: &'a Examples,
    groups: &'a [u32],
}

/// A learned head before it is cut down: the weight of every bucket, and the intercept.
struct Learned {
    weights: Vec<f32>,
    bias: f32,
}

/// What marks of scope add to what the words say.
struct Marks {
    weights: Vec<f32>,
    bias: f32,
}

impl Marks {
    fn logit(&self, marks: &[Coordinate]) -> f64 {
        f64::from(self.bias + marks.iter().map(|&(bucket, value)| value * self.weights[bucket as usize]).sum::<f32>())
    }
}

impl HeadTrainer<'_> {
    /// Whether a row is of a source without a bad one.
    fn is_background(&self, row: &Example) -> bool {
        let rule = self.recipe.sources.get(row.source).and_then(|source| source.rule(self.label));
        matches!(rule, Some(Rule::Word(rows::WordRule::Never) | Rule::Never(_)))
    }

    /// How many rows will be learned, each time counted.
    fn steps(&self) -> usize {
        let rows = self.set.of(self.language, self.label, Split::Train).len() * self.epochs().0 as usize;
        match self.folds() {
            0 | 1 => rows,
            folds => rows * folds,
        }
    }

    /// How often every row is learned, and over how many of the last times the weights are averaged.
    fn epochs(&self) -> (u32, u32) {
        let [epochs, average] = self.head.epochs.unwrap_or([self.recipe.epochs, self.recipe.average]);
        (epochs, average.clamp(1, epochs))
    }

    /// In how many turns rows are held out to calibrate on. 0: none are, but rows for development serve.
    fn folds(&self) -> usize {
        if self.head.folds > 0 { self.head.folds } else { self.recipe.folds as usize }
    }

    /// Learns the head; returns it with its weights by bucket, in units of its scale.
    fn run(&self, step: &dyn Fn(usize)) -> Result<(Head, Vec<(u32, i8)>), TrainError> {
        let folds = self.folds();
        let of = |split| self.set.of(self.language, self.label, split);
        let mut rows = of(Split::Train);
        if self.recipe.folds > 1 {
            rows.extend(of(Split::Dev));
        }
        // Whole groups where the head says so; else row by row.
        let turn = |at: usize, row: &Example| match self.head.folds {
            0 => Some(at % folds),
            _ => row.group.map(|group| group % folds),
        };
        // What was held out, and what is said of it by a model that has not learned from it.
        let mut unseen: Vec<(&Example, f64, bool)> = Vec::new();
        for fold in 0..if folds > 1 { folds } else { 0 } {
            let (held, kept): (Vec<_>, Vec<_>) =
                rows.iter().copied().enumerate().partition(|(at, (row, _))| turn(*at, row) == Some(fold));
            let learned = self.fit(kept.into_iter().map(|(_, row)| row).collect(), step)?;
            let mut draw = Shuffle(self.recipe.seed);
            let drawn = held.into_iter().map(|(_, row)| row).filter(|(row, _)| row.share >= 1.0 || draw.chance(row.share));
            unseen.extend(drawn.map(|(row, target)| (row, self.logit(&learned, row), target)));
        }
        let mut learned = self.fit(rows, step)?;
        if self.head.scope > 0.0 {
            let marks = self.fit_scope(&mut learned, &unseen, &of(Split::Dev))?;
            unseen.iter_mut().for_each(|(row, logit, _)| *logit += marks.logit(self.set.section(row, Section::Scope)));
        }
        prune(&mut learned.weights, self.head.keep);
        let (scale, quantised) = quantise(&mut learned.weights);
        // What will be served: pruned, quantised, without the sources' biases.
        let dev: Vec<(&Example, f64, bool)> =
            of(Split::Dev).into_iter().map(|(row, target)| (row, self.logit(&learned, row), target)).collect();
        let few = |is: bool| dev.iter().filter(|(_, _, target)| *target == is).count() < FEW_DEV;
        let by_dev = folds <= 1 || self.head.scope > 0.0 && !few(true) && !few(false);
        let (logits, targets) = if by_dev { &dev } else { &unseen }.iter().map(|(_, logit, target)| (*logit, *target)).unzip();
        let mut calibration = fit_calibration(self.label, logits, targets)?;
        if let Some([share, at]) = self.head.alarms {
            let harmless = unseen.iter().chain(&dev).filter(|(row, _, target)| !target && self.is_background(row));
            let mut logits: Vec<f32> = harmless.map(|(_, logit, _)| calibration.apply(*logit as f32)).collect();
            logits.sort_by(|a, b| b.total_cmp(a));
            if let Some(bound) = logits.get((logits.len() as f32 * share) as usize) {
                calibration.offset += (at / (1.0 - at)).ln() - bound;
            }
        }
        let head = Head {
            label: self.label,
            also: self.head.also.iter().filter_map(|code| parse_language(code)).collect(),
            scale,
            bias: learned.bias,
            calibration,
            identity_terms: self.head.identity_terms,
            scope: self.head.scope > 0.0,
            everywhere: self.head.everywhere,
            weights: quantised.len(),
        };
        Ok((head, quantised))
    }

    /// Returns the features of a row that the head may have weights for.
    fn features<'s>(&'s self, row: &'s Example) -> impl Iterator<Item = Coordinate> + 's {
        self.set.features(row, self.weighted())
    }

    /// Returns what a learned head says of a row, with what counts less in serving counting less.
    fn logit(&self, learned: &Learned, row: &Example) -> f64 {
        if self.head.scope == 0.0 {
            return learned.logit(self.features(row));
        }
        let features = self.set.parts(row, self.weighted());
        let adds = |((bucket, value), part): (Coordinate, f32)| {
            let adds = value * learned.weights[bucket as usize];
            if adds > 0.0 { adds * part } else { adds }
        };
        f64::from(learned.bias + features.map(adds).sum::<f32>())
    }

    /// Returns the sections of a row that the head may have weights for.
    fn weighted(&self) -> &'static [Section] {
        match (self.head.identity_terms, self.head.scope > 0.0) {
            (false, false) => &[Section::Body, Section::Post, Section::Author],
            (true, false) => &[Section::Body, Section::Post, Section::Author, Section::Identity],
            (false, true) => &[Section::Body, Section::Post, Section::Author, Section::Scope],
            (true, true) => &[Section::Body, Section::Post, Section::Author, Section::Scope, Section::Identity],
        }
    }

    /// The sections of a row that are learned this time.
    fn sections(&self, order: &mut Shuffle) -> impl Iterator<Item = Section> + use<> {
        let HeadRecipe { author_dropout, post_dropout, identity_terms, .. } = *self.head;
        let mut keeps = |dropout: f32| dropout == 0.0 || !order.chance(dropout);
        let (post, author) = (keeps(post_dropout), keeps(author_dropout));
        let all =
            [(Section::Body, true), (Section::Post, post), (Section::Author, author), (Section::Identity, identity_terms)];
        all.into_iter().filter_map(|(section, keeps)| keeps.then_some(section))
    }

    /// Learns from rows, shuffled anew for every epoch.
    fn fit(&self, mut rows: Vec<(&Example, bool)>, step: &dyn Fn(usize)) -> Result<Learned, TrainError> {
        let Self { recipe, head, .. } = self;
        let buckets = 1u32 << recipe.hash_bits;
        let mut learner = Learner::new(head.ftrl.unwrap_or(recipe.ftrl), buckets as usize + 1 + self.groups.len());
        let mut order = Shuffle(recipe.seed ^ (self.label.lane() as u64) << 32);
        let mut example = Vec::new();
        let kept = 1.0 - head.dropout;
        let share = |source: &Source| source.rule(self.label).map_or(1.0, Rule::share);
        let shares: Vec<f32> = recipe.sources.iter().map(share).collect();
        let (epochs, averaged) = self.epochs();
        let mut weights = vec![0.0f32; buckets as usize + 1];
        let rarity = self.rarity(&rows);
        for epoch in 0..epochs {
            order.shuffle(&mut rows);
            for batch in rows.chunks(256) {
                for (row, target) in batch {
                    let share = shares[row.source] * row.share;
                    let times = share.floor() + f32::from(u8::from(share.fract() > 0.0 && order.chance(share.fract())));
                    for _ in 0..times as u32 {
                        example.clear();
                        let sections: Vec<Section> = self.sections(&mut order).collect();
                        if recipe.sources[row.source].needs_author && !sections.contains(&Section::Author) {
                            continue;
                        }
                        for section in sections {
                            for &(bucket, value) in self.set.section(row, section) {
                                if head.dropout == 0.0 || order.chance(kept) {
                                    example.push((bucket, value / kept * rarity[bucket as usize]));
                                }
                            }
                        }
                        example.push((buckets, 1.0));
                        if head.source_bias {
                            example.push((buckets + 1 + self.groups[row.source], 1.0));
                        }
                        learner.learn(&example, *target)?;
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
        for (weight, rarity) in weights.iter_mut().zip(&rarity) {
            *weight *= rarity;
        }
        Ok(Learned { weights, bias })
    }

    /// Learns the weights of marks of scope, over what the words say of rows that they were not learned from: rows that were
    /// held out, which count as much as the recipe says, and rows for development. Words that explain a row already leave the
    /// marks nothing to learn from it.
    fn fit_scope(
        &self,
        learned: &mut Learned,
        unseen: &[(&Example, f64, bool)],
        dev: &[(&Example, bool)],
    ) -> Result<Marks, TrainError> {
        let buckets = 1u32 << self.recipe.hash_bits;
        let (intercept, slope) = (buckets, buckets + 1);
        let mut learner = Learner::new(SCOPE_RATES, buckets as usize + 2);
        let held = unseen.iter().map(|(row, logit, target)| (*row, *logit as f32, *target, self.head.scope));
        let dev = dev.iter().map(|(row, target)| (*row, self.logit(learned, row) as f32, *target, 1.0));
        let mut rows: Vec<(&Example, f32, bool, f32)> = held.chain(dev).collect();
        let mut order = Shuffle(self.recipe.seed);
        let mut example = Vec::new();
        for _ in 0..SCOPE_EPOCHS {
            order.shuffle(&mut rows);
            for (row, logit, target, weight) in &rows {
                example.clear();
                example.extend_from_slice(self.set.section(row, Section::Scope));
                example.push((intercept, 1.0));
                example.push((slope, logit / SCOPE_SLOPE));
                learner.learn_residual(&example, *target, *logit, 1.0, *weight)?;
            }
        }
        // The logit as a whole is `slope` times what the words say, and the marks; calibration brings the slope back.
        let slope = (1.0 + learner.weight(slope as usize) / SCOPE_SLOPE).max(0.1);
        let marks = Marks {
            weights: (0..buckets).map(|bucket| learner.weight(bucket as usize) / slope).collect(),
            bias: learner.weight(intercept as usize) / slope,
        };
        learned.weights.iter_mut().zip(&marks.weights).for_each(|(weight, mark)| *weight += mark);
        learned.bias += marks.bias;
        Ok(marks)
    }

    /// How much more a rare feature counts than a common one: (ln(rows / rows with it))^power, 1 in the middle.
    fn rarity(&self, rows: &[(&Example, bool)]) -> Vec<f32> {
        let power = self.head.rarity;
        let mut with = vec![0u32; 1 << self.recipe.hash_bits];
        for (row, _) in rows {
            for (bucket, _) in self.features(row) {
                with[bucket as usize] += 1;
            }
        }

        let all = rows.len() as f32 + 1.0;
        let middle = (all / 30.0).ln().max(1.0);
        let factor = |with: u32| match power {
            0.0 => 1.0,
            _ => ((all / (with as f32 + 1.0)).ln() / middle).powf(power).max(0.05),
        };
        with.into_iter().map(factor).collect()
    }
}

/// Brings weights to eight bits; returns what one unit is worth, and those that are not zero by bucket. The weights
/// become what they will be when read back.
fn quantise(weights: &mut [f32]) -> (f32, Vec<(u32, i8)>) {
    let largest = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
    let mut quantised = Vec::new();
    for (bucket, weight) in (0..).zip(weights) {
        let units = (*weight / scale).round() as i8;
        *weight = f32::from(units) * scale;
        if units != 0 {
            quantised.push((bucket, units));
        }
    }
    (scale, quantised)
}

impl Learned {
    fn logit(&self, features: impl Iterator<Item = Coordinate>) -> f64 {
        let sum: f32 = features.map(|(bucket, value)| value * self.weights[bucket as usize]).sum();
        f64::from(self.bias + sum)
    }
}

/// Sets all but the largest weights to zero.
fn prune(weights: &mut [f32], keep: usize) {
    let mut sizes: Vec<f32> = weights.iter().map(|weight| weight.abs()).filter(|&size| size > 0.0).collect();
    if sizes.len() <= keep {
        return;
    }
    let at = sizes.len() - keep;
    let (_, &mut smallest, _) = sizes.select_nth_unstable_by(at, f32::total_cmp);
    for weight in weights.iter_mut().filter(|weight| weight.abs() < smallest) {
        *weight = 0.0;
    }
}

fn fit_calibration(label: Label, logits: Vec<f64>, targets: Vec<bool>) -> Result<Calibration, TrainError> {
    let failed = |reason: String| TrainError::Calibrate { label, reason };
    if !(targets.contains(&true) && targets.contains(&false)) {
        return Err(failed("the dev rows hold only one class".into()));
    }
    let params: PlattValidParams<f64, ()> = PlattParams::default().check().map_err(|error| failed(error.to_string()))?;
    let (logits, targets) = (Array1::from_vec(logits), Array1::from_vec(targets));
    let (a, b) = platt_newton_method(logits.view(), targets.view(), &params).map_err(|error| failed(error.to_string()))?;
    // Platt's sigmoid has its sign inside out: 1 / (1 + exp(a x + b)).
    Ok(Calibration { slope: -a as f32, offset: -b as f32 })
}

/// A seeded order: SplitMix64 driving a Fisher-Yates shuffle, the same everywhere and for ever.
struct Shuffle(u64);

impl Shuffle {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// True with this probability.
    fn chance(&mut self, probability: f32) -> bool {
        self.next() <= (f64::from(probability) * u64::MAX as f64) as u64
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.next() % (at as u64 + 1);
            items.swap(at, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{Shuffle, prune, report, train};
    use crate::classify::recipe::Recipe;
    use crate::classify::{Input, Label, Model};

    const RECIPE: &str = r#"
        name = "test"
        seed = 1
        hash_bits = 12
        epochs = 3
        ftrl = { alpha = 1.0, beta = 0.5, l1 = 0.0, l2 = 0.5 }
        norms = { words = 1.0, chars = 1.0, shape = 0.5, dense = 0.5, author = 0.3, post = 0.3, scope = 0.5, identity = 0.5 }
        languages.en.heads.spam = { keep = 500, identity_terms = true }
        languages.en.heads.insult = { keep = 500, source_bias = true, rarity = 1.0 }
        [[source]]
        file = "a.jsonl"
        group = "a"
        heads.spam = { field = "label", is = "spam" }
        heads.insult = "never"
        [[source]]
        file = "b.jsonl.gz"
        group = "b"
        heads.insult = { field = "labels.insult", is = 1 }
    "#;

    /// Made-up rows: every third offers pills, every third insults.
    fn rows() -> String {
        let row = |n: usize| {
            let split = if n.is_multiple_of(5) { "dev" } else { "train" };
            let (text, label, insult) = match n % 3 {
                0 => ("cheap pills at http://pills.example", "spam", 0),
                1 => ("you are a fool", "toxic", 1),
                _ => ("a walk by the river", "ham", 0),
            };
            format!(r#"{{"text": "{text} {n}", "label": "{label}", "labels": {{"insult": {insult}}}, "split": "{split}"}}"#)
        };
        (0..90).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_same_recipe_and_data_give_the_same_bytes() {
        let data = tempfile::tempdir().expect("a directory");
        std::fs::write(data.path().join("a.jsonl"), rows()).expect("written");
        let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
        zipped.write_all(rows().as_bytes()).expect("zipped");
        std::fs::write(data.path().join("b.jsonl.gz"), zipped.finish().expect("zipped")).expect("written");
        let recipe = Recipe::parse(RECIPE).expect("valid");
        let model = train(&recipe, &[data.path().into()], &[], &|_| {}).expect("trains");
        let again = train(&recipe, &[data.path().into()], &[], &|_| {}).expect("trains");
        assert_eq!(model.to_bytes(), again.to_bytes());

        let model = Model::from_bytes(&model.to_bytes()).expect("own file");
        let score = |text, label| model.score(&Input { text, ..Input::default() }).get(label);
        assert!(score("cheap pills", Label::Spam) > score("a long walk", Label::Spam));
        assert!(score("you fool", Label::Insult) > score("a long walk", Label::Insult));
        let reports = report(&model, &recipe, &[data.path().into()]).expect("measured");
        assert!(reports.iter().any(|report| report.label == Label::Spam && report.figures.auc > 0.99), "{reports:?}");
    }

    #[test]
    fn pruning_keeps_the_largest() {
        let mut weights = [0.5, -3.0, 0.0, 2.0, -0.1];
        prune(&mut weights, 2);
        assert_eq!(weights, [0.0, -3.0, 0.0, 2.0, 0.0]);
    }

    #[test]
    fn the_order_is_a_permutation_that_the_seed_decides() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..100).collect();
            Shuffle(seed).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        let mut sorted = shuffled(1);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..100));
    }
}
