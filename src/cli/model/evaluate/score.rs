//! Scores labelled rows and decides on them.

use std::path::Path;
use std::time::SystemTime;

use super::measure::EvaluatedRow;
use super::truth::{self, TruthReader};
use crate::classify::recipe::RecipeSource;
use crate::classify::{Label, log_odds};
use crate::cli::labelled;
use crate::cli::rows::{Fields, Line, value_text};
use crate::cli::text;
use crate::comment::Comment;
use crate::facts::Facts;
use crate::judge::Judge;
use crate::policy::{ListContext, Policy};
use crate::verdict::Decision;

/// A scorer of labelled rows.
pub struct RowScorer<'a> {
    pub judge: &'a Judge,
    pub reading: &'a TruthReader<'a>,
    /// The site of rows that name none.
    pub site: &'a str,
    /// The fields given by `--by`.
    pub by: &'a [String],
}

impl RowScorer<'_> {
    /// Scores a row of a file and decides on it. `source` is the recipe's entry for the file.
    ///
    /// # Errors
    /// Returns a message if the row is not a labelled comment.
    pub fn score(
        &self,
        source: Option<&RecipeSource>,
        file: Option<&Path>,
        line: &Line,
        mut fields: Fields,
    ) -> Result<EvaluatedRow, String> {
        let (truths, word) = self.reading.read(&fields, source)?;
        let values = self.values(&fields, file);
        truth::move_post_text(&mut fields, source);
        let comment = Comment::parse(line.comment(fields, self.site)?, SystemTime::now()).map_err(|violations| {
            let each = violations.iter().map(|violation| format!("{}: {}", violation.field, violation.problem));
            each.collect::<Vec<_>>().join("; ")
        })?;
        let evaluation = self.judge.evaluate(&comment, ListContext::empty(), None);
        let decided = evaluation.decide(&Facts::default());
        let mut scores = [f32::NAN; Label::ALL.len()];
        for (label, score) in &decided.scores {
            scores[label.lane()] = *score as f32;
        }
        let margin = hold_margin(evaluation.policy, &decided.scores, decided.decision);
        let word = word.map(|word| text::escape_line(&word, 40));
        Ok(EvaluatedRow { scores, truths, word, decision: decided.decision, hold_margin: margin, values })
    }

    /// Returns the row's value in each dimension.
    fn values(&self, fields: &Fields, file: Option<&Path>) -> Vec<Option<String>> {
        // In a complete comment, `source` and `language` could be objects with another meaning; only strings are used.
        let named = |names: [&str; 2]| names.into_iter().find_map(|name| fields.get(name)?.as_str().map(str::to_owned));
        let always = [
            named(["source", "set"]).or_else(|| file.map(labelled::source_name)),
            named(["lang", "language"]).filter(|language| !language.is_empty()),
        ];
        let by_fields = self.by.iter().map(|field| labelled::value_at(fields, field).map(value_text));
        always.into_iter().chain(by_fields).map(|value| value.map(|value| text::escape_line(&value, 60))).collect()
    }
}

/// Returns the largest margin of a row beyond a hold threshold, in log-odds. If something other than scores decided the
/// row, the margin is infinite, because no threshold changes the decision.
fn hold_margin(policy: &Policy, scores: &[(Label, f64)], decision: Decision) -> f32 {
    let margins = scores.iter().filter_map(|(label, score)| {
        let hold = policy.threshold(*label).hold?;
        Some(log_odds(*score) - log_odds(hold)).filter(|distance| !distance.is_nan())
    });
    let largest = margins.fold(f64::NEG_INFINITY, f64::max) as f32;
    match (decision > Decision::Approve, largest >= 0.0) {
        (true, false) => f32::INFINITY,
        (false, true) => f32::NEG_INFINITY,
        _ => largest,
    }
}
