//! Trains a model from a recipe and a directory of labelled comments. Same recipe and data, same bytes.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use linfa::composing::platt_scaling::{PlattParams, PlattValidParams, platt_newton_method};
use linfa::prelude::ParamGuard;
use ndarray::Array1;

use super::calibrate::Calibration;
use super::evaluate::{self, Figures};
use super::examples::{Examples, bias_groups};
use super::learn::{LearnError, Learner};
use super::model::{Head, Parts};
use super::recipe::{HeadRecipe, Recipe};
use super::rows::{self, RowsError, Split};
use super::table::{Table, Weights};
use super::{LANES, Label, Model};

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

/// Trains the model of a recipe on the files in `data`.
///
/// # Errors
/// When a file cannot be read or a head has no rows to calibrate on.
pub fn train(recipe: &Recipe, data: &Path, progress: &(dyn Fn(Progress) + Sync)) -> Result<Model, TrainError> {
    let mut set = Examples::default();
    for (at, source) in recipe.sources.iter().enumerate() {
        progress(Progress::Reading(&source.file));
        for row in rows::read(&data.join(&source.file))? {
            set.push(recipe, at, source, &row);
        }
    }
    let bias_groups = bias_groups(recipe);
    let total = recipe.heads().map(|(label, _)| set.of(label, Split::Train).len() * recipe.epochs as usize).sum();
    let done = AtomicUsize::new(0);
    let step = |steps: usize| {
        let done = done.fetch_add(steps, Ordering::Relaxed) + steps;
        progress(Progress::Learned(done, total));
    };
    let learned: Vec<_> = std::thread::scope(|scope| {
        let set = &set;
        let (groups, step) = (&bias_groups, &step);
        let threads: Vec<_> = recipe
            .heads()
            .map(|(label, head)| scope.spawn(move || learn_head(recipe, label, head, set, groups, step)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(TrainError::Panic))).collect()
    });
    let mut heads = Vec::new();
    let mut rows = vec![[0; LANES]; 1 << recipe.hash_bits];
    for learned in learned {
        let (head, weights) = learned?;
        for (row, weight) in rows.iter_mut().zip(weights) {
            row[head.label.lane()] = weight;
        }
        heads.push(head);
    }
    let rows = rows.into_iter().enumerate().filter(|(_, row)| *row != Weights::default());
    let table = Table::new(recipe.hash_bits, rows.map(|(bucket, row)| (bucket as u32, row))).ok_or(TrainError::Table)?;
    let norms = recipe.norms.by_group();
    Ok(Model::from_parts(Parts { name: recipe.name.clone(), hash_bits: recipe.hash_bits, heads, norms, table }))
}

/// Measures a model: dev and test rows of every source, dev rows of every check.
///
/// # Errors
/// When a file cannot be read.
pub fn report(model: &Model, recipe: &Recipe, data: &Path) -> Result<Vec<Report>, TrainError> {
    let mut reports = Vec::new();
    let sources = recipe.sources.iter().map(|source| (source, &[Split::Dev, Split::Test][..]));
    let checks = recipe.checks.iter().map(|check| (check, &[Split::Dev][..]));
    for (source, splits) in sources.chain(checks) {
        let rows = rows::read(&data.join(&source.file))?;
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

/// Learns one head; returns it with its weight for every bucket, in units of its scale.
fn learn_head(
    recipe: &Recipe,
    label: Label,
    head: &HeadRecipe,
    set: &Examples,
    groups: &[u32],
    step: &dyn Fn(usize),
) -> Result<(Head, Vec<i8>), TrainError> {
    let buckets = 1u32 << recipe.hash_bits;
    let mut learner = Learner::new(recipe.ftrl, buckets as usize + 1 + groups.len());
    let mut rows = set.of(label, Split::Train);
    let mut order = Shuffle(recipe.seed ^ (label.lane() as u64) << 32);
    let mut example = Vec::new();
    for _ in 0..recipe.epochs {
        order.shuffle(&mut rows);
        for batch in rows.chunks(256) {
            for (row, target) in batch {
                example.clear();
                example.extend_from_slice(set.features(row));
                example.push((buckets, 1.0));
                if head.source_bias {
                    example.push((buckets + 1 + groups[row.source], 1.0));
                }
                learner.learn(&example, *target)?;
            }
            step(batch.len());
        }
    }
    let mut weights = learner.weights()?;
    let bias = weights[buckets as usize];
    weights.truncate(buckets as usize);
    prune(&mut weights, head.keep);
    let largest = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
    let quantised: Vec<i8> = weights.iter().map(|weight| (weight / scale).round() as i8).collect();

    // Calibrated on what will be served: pruned, quantised, without the sources' biases.
    let (logits, targets): (Vec<f64>, Vec<bool>) = set
        .of(label, Split::Dev)
        .into_iter()
        .map(|(row, target)| {
            let features = set.features(row);
            let sum: f32 = features.iter().map(|&(bucket, value)| value * f32::from(quantised[bucket as usize])).sum();
            (f64::from(bias + scale * sum), target)
        })
        .unzip();
    let calibration = fit_calibration(label, logits, targets)?;
    Ok((Head { label, scale, bias, calibration }, quantised))
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
        norms = { words = 1.0, chars = 1.0, shape = 0.5, dense = 0.5, author = 0.3 }
        heads.spam = { keep = 500 }
        heads.insult = { keep = 500, source_bias = true }
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
        let model = train(&recipe, data.path(), &|_| {}).expect("trains");
        let again = train(&recipe, data.path(), &|_| {}).expect("trains");
        assert_eq!(model.to_bytes(), again.to_bytes());

        let model = Model::from_bytes(&model.to_bytes()).expect("own file");
        let score = |text, label| model.score(&Input { text, ..Input::default() }).get(label);
        assert!(score("cheap pills", Label::Spam) > score("a long walk", Label::Spam));
        assert!(score("you fool", Label::Insult) > score("a long walk", Label::Insult));
        let reports = report(&model, &recipe, data.path()).expect("measured");
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
