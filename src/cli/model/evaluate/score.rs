//! Scores labelled rows and decides on them.

use std::path::Path;
use std::time::SystemTime;

use super::measure::EvaluatedRow;
use super::truth::{self, TruthReader};
use crate::classify::Label;
use crate::classify::recipe::RecipeSource;
use crate::cli::labelled;
use crate::cli::rows::{Fields, Line, value_text};
use crate::cli::text;
use crate::comment::Comment;
use crate::facts::Facts;
use crate::judge::Judge;
use crate::policy::{ListContext, Policy};
use crate::verdict::Decision;

/// Scores rows with a judge.
pub struct RowScorer<'a> {
    pub judge: &'a Judge,
    pub reading: &'a TruthReader<'a>,
    /// The site of rows that name none.
    pub site: &'a str,
    /// The fields by which rows are told apart beside their source and language.
    pub by: &'a [String],
}

impl RowScorer<'_> {
    /// Scores a row of a file and decides on it. `source` is what the recipe says of the file.
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
        let case = self.judge.evaluate(&comment, ListContext::empty(), None);
        let ruling = case.decide(&Facts::default());
        let mut scores = [f32::NAN; Label::ALL.len()];
        for (label, score) in &ruling.scores {
            scores[label.lane()] = *score as f32;
        }
        let beyond = hold_margin(case.policy, &ruling.scores, ruling.decision);
        let word = word.map(|word| text::escape_line(&word, 40));
        Ok(EvaluatedRow { scores, truths, word, decision: ruling.decision, hold_margin: beyond, values })
    }

    /// Returns the row's value in each dimension.
    fn values(&self, fields: &Fields, file: Option<&Path>) -> Vec<Option<String>> {
        // Of a whole comment `source` and `language` could be objects of another meaning; only words count.
        let named = |names: [&str; 2]| names.into_iter().find_map(|name| fields.get(name)?.as_str().map(str::to_owned));
        let always = [
            named(["source", "set"]).or_else(|| file.map(labelled::source_name)),
            named(["lang", "language"]).filter(|language| !language.is_empty()),
        ];
        let asked = self.by.iter().map(|field| labelled::value_at(fields, field).map(value_text));
        always.into_iter().chain(asked).map(|value| value.map(|value| text::escape_line(&value, 60))).collect()
    }
}

/// How far, in log-odds, the row is beyond the hold threshold that it is furthest beyond. What is decided by something
/// else than scores is infinitely far, for no threshold changes it.
fn hold_margin(policy: &Policy, scores: &[(Label, f64)], decision: Decision) -> f32 {
    let logit = |share: f64| (share / (1.0 - share)).ln();
    let distances = scores.iter().filter_map(|(label, score)| {
        let hold = policy.threshold(*label).hold?;
        Some(logit(*score) - logit(hold)).filter(|distance| !distance.is_nan())
    });
    let furthest = distances.fold(f64::NEG_INFINITY, f64::max) as f32;
    match (decision > Decision::Approve, furthest >= 0.0) {
        (true, false) => f32::INFINITY,
        (false, true) => f32::NEG_INFINITY,
        _ => furthest,
    }
}
