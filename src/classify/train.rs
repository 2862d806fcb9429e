//! Trains a model from a recipe and folders of labelled comments. The same recipe and data give the same bytes.

mod assemble;
mod calibrate;
mod data;
mod error;
mod fit;
mod head;
mod leave_out;
mod progress;
mod quantise;
mod report;
mod scope;
mod scored;
mod shuffle;
mod trainer;
mod workers;

use std::path::PathBuf;

use super::Model;
use super::example_set::bias_groups;
use super::recipe::Recipe;
use trainer::HeadTrainer;

pub use error::TrainError;
pub use leave_out::LeaveOut;
pub use progress::Progress;
pub use report::{HeadMetrics, measure_heads};

/// Trains the model of a recipe on the files in the folders of `data`. Rows that `leave_out` matches are skipped.
///
/// # Errors
/// Returns an error if a file cannot be read, or a head has no rows of both classes to calibrate on.
pub fn train(
    recipe: &Recipe,
    data: &[PathBuf],
    leave_out: &[LeaveOut],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Model, TrainError> {
    let languages = data::Languages::new(recipe);
    let mut set = data::read_examples(recipe, &languages, data, leave_out, progress)?;
    let vocabulary = std::mem::take(&mut set.words).build(recipe.vocabulary);
    let groups = bias_groups(recipe);
    let trainer = |(language, label, head)| HeadTrainer {
        recipe,
        language: languages.of(language),
        label,
        head,
        set: &set,
        groups: &groups,
    };
    let trainers: Vec<HeadTrainer> = recipe.heads().map(trainer).collect();
    let heads = workers::train_heads(&trainers, progress)?;
    assemble::assemble(recipe, &heads, vocabulary)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{measure_heads, train};
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

    /// Synthetic rows: one third offers pills, one third insults, one third is harmless.
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
        let reports = measure_heads(&model, &recipe, &[data.path().into()]).expect("measured");
        assert!(reports.iter().any(|report| report.label == Label::Spam && report.figures.auc > 0.99), "{reports:?}");
    }
}
