//! Measures a trained model on the rows of its recipe.

use std::path::PathBuf;

use super::error::TrainError;
use crate::classify::evaluate::{self, ClassifierMetrics};
use crate::classify::recipe::Recipe;
use crate::classify::rows::{self, Split};
use crate::classify::{Label, Model};

/// Metrics of one head on one file and split.
#[derive(Debug, Clone)]
pub struct HeadMetrics {
    /// File name of the source.
    pub file: String,
    /// The split measured.
    pub split: Split,
    /// The label of the head.
    pub label: Label,
    /// The metrics.
    pub figures: ClassifierMetrics,
}

/// Measures every head of a model: on the dev and test rows of every source, and on the dev rows of every check.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub fn measure_heads(model: &Model, recipe: &Recipe, data: &[PathBuf]) -> Result<Vec<HeadMetrics>, TrainError> {
    let mut reports = Vec::new();
    let sources = recipe.sources.iter().map(|source| (source, &[Split::Dev, Split::Test][..]));
    let checks = recipe.checks.iter().map(|check| (check, &[Split::Dev][..]));
    for (source, splits) in sources.chain(checks) {
        let rows = rows::read_source(data, &source.file, source.ambiguous)?;
        for &split in splits {
            for label in Label::ALL.into_iter().filter(|&label| source.rule(label).is_some()) {
                let figures = evaluate::classifier_metrics(&evaluate::score(model, source, &rows, split, label));
                if figures.rows > 0 {
                    reports.push(HeadMetrics { file: source.file.clone(), split, label, figures });
                }
            }
        }
    }
    Ok(reports)
}
