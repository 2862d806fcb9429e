//! Collects the compact records of rows and computes the report's metrics from them.

use super::dimension::Dimension;
use super::report::{HeadReport, LabelDecisions, MeanShare, MeansByField, SetDecisions, SetMetrics, Tradeoff};
use super::truth::Truths;
use crate::classify::Label;
use crate::classify::evaluate;
use crate::verdict::Decision;

/// The labels of bad rows.
const BAD: [&str; 2] = ["spam", "toxic"];
/// The label of harmless rows.
const HARMLESS: &str = "ham";

/// A row with its scores and decision.
pub struct EvaluatedRow {
    /// Probability by head; NaN where the model gave none.
    pub scores: [f32; Label::ALL.len()],
    pub truths: Truths,
    /// The row's label.
    pub word: Option<String>,
    pub decision: Decision,
    /// Largest margin of the row beyond a hold threshold, in log-odds.
    pub hold_margin: f32,
    /// The row's value in each dimension.
    pub values: Vec<Option<String>>,
}

/// The compact record of a row.
struct RowRecord {
    scores: [f32; Label::ALL.len()],
    truths: Truths,
    word: u16,
    decision: Decision,
    hold_margin: f32,
    values: Box<[u16]>,
}

/// The records of all rows.
pub struct Measurements {
    dimensions: Vec<Dimension>,
    words: Dimension,
    rows: Vec<RowRecord>,
}

/// Minimum number of harmless rows with which a value counts in a mean.
const MIN_HAM: u64 = 30;
/// Minimum number of bad rows with which a value counts in a mean.
const MIN_BAD: u64 = 12;
/// Number of dimensions that are always present: the source and the language.
const ALWAYS: usize = 2;

impl Measurements {
    /// Creates measurements without rows. `dimensions` are the names of [`EvaluatedRow::values`]; the first is the source.
    pub fn new(dimensions: &[String]) -> Self {
        let dimensions = dimensions.iter().map(|name| Dimension::new(name)).collect();
        Self { dimensions, words: Dimension::new("label"), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn add(&mut self, row: EvaluatedRow) {
        let values = self.dimensions.iter_mut().zip(row.values).map(|(dimension, value)| dimension.intern(value)).collect();
        self.rows.push(RowRecord {
            scores: row.scores,
            truths: row.truths,
            word: self.words.intern(row.word),
            decision: row.decision,
            hold_margin: row.hold_margin,
            values,
        });
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Returns the scores and truths of a head, for one source or all rows.
    pub fn scores(&self, head: Label, source: Option<&str>) -> Vec<(f32, bool)> {
        let index = source.and_then(|source| self.dimensions.first()?.find(source));
        let rows = self.rows.iter().filter(|row| source.is_none() || row.values.first() == index.as_ref());
        pairs(rows, head).0
    }

    /// Returns the metrics of every head for which some row has a truth.
    pub fn heads(&self) -> Vec<HeadReport> {
        let has_truth = |head: &Label| self.rows.iter().any(|row| row.truths[head.lane()].is_some());
        let heads = Label::ALL.into_iter().filter(has_truth);
        heads.map(|head| HeadReport { head: head.as_str(), sets: self.sets(head) }).collect()
    }

    /// Returns the metrics of a head on all rows, and on the rows of each value of each dimension.
    fn sets(&self, head: Label) -> Vec<SetMetrics> {
        let (scored, abstained) = pairs(self.rows.iter(), head);
        let mut sets = vec![SetMetrics::new("all", "all", &scored, abstained)];
        for (index, dimension) in self.dimensions.iter().enumerate() {
            for (value_index, value) in dimension.ordered() {
                let (scored, abstained) = pairs(self.rows.iter().filter(|row| row.values[index] == value_index), head);
                if scored.len() + abstained > 0 {
                    sets.push(SetMetrics::new(&dimension.name, value, &scored, abstained));
                }
            }
        }
        sets
    }

    /// Returns the decisions on all rows, and on the rows of each source and of each value given by `--by`.
    pub fn decisions(&self) -> Vec<SetDecisions> {
        let mut all = vec![self.decisions_of("all", "all", |_| true)];
        let varies = |(_, dimension): &(usize, &Dimension)| dimension.values.len() > 1;
        let dimensions = self.dimensions.iter().enumerate().filter(varies);
        for (index, dimension) in dimensions.filter(|(index, _)| *index == 0 || *index >= ALWAYS) {
            let of = |(value_index, name)| {
                self.decisions_of(&dimension.name, name, move |row| row.values.get(index) == Some(&value_index))
            };
            all.extend(dimension.ordered().into_iter().map(of));
        }
        all
    }

    /// Returns the means over the values of each field given by `--by`.
    pub fn means(&self, decisions: &[SetDecisions]) -> Vec<MeansByField> {
        let by_fields = self.dimensions.iter().skip(ALWAYS).filter(|dimension| dimension.values.len() > 1);
        let means = by_fields.map(|dimension| {
            let of = || decisions.iter().filter(|one| one.by == dimension.name);
            let ham = || of().map(|one| &one.ham).filter(|ham| ham.comments >= MIN_HAM);
            let bad = of().map(|one| &one.bad).filter(|bad| bad.comments >= MIN_BAD);
            MeansByField {
                by: dimension.name.clone(),
                ham_held: MeanShare::of(ham().map(|ham| ham.held)),
                ham_rejected: MeanShare::of(ham().map(|ham| ham.rejected)),
                bad_approved: MeanShare::of(bad.map(|bad| bad.approved)),
            }
        });
        means.collect()
    }

    /// Returns the decisions on the rows for which `of` returns `true`.
    fn decisions_of(&self, by: &str, name: &str, of: impl Fn(&RowRecord) -> bool) -> SetDecisions {
        let mut labels = Vec::new();
        let (mut ham, mut bad) = (LabelDecisions::named("ham"), LabelDecisions::named("bad"));
        for (index, word) in self.words.ordered() {
            let mut counts = LabelDecisions::named(word);
            for row in self.rows.iter().filter(|row| row.word == index && of(row)) {
                counts.add(row.decision);
                if word == HARMLESS {
                    ham.add(row.decision);
                } else if BAD.contains(&word) {
                    bad.add(row.decision);
                }
            }
            if counts.comments > 0 {
                labels.push(counts.with_shares());
            }
        }
        SetDecisions { by: by.to_owned(), name: name.to_owned(), labels, ham: ham.with_shares(), bad: bad.with_shares() }
    }

    /// Returns the trade-off between held and missed comments if all hold thresholds move together, by the same log-odds.
    /// It is empty without bad rows.
    pub fn tradeoffs(&self) -> Vec<Tradeoff> {
        let is_bad: Vec<bool> = self.words.values.iter().map(|word| BAD.contains(&word.as_str())).collect();
        let is_bad = |row: &RowRecord| is_bad.get(usize::from(row.word)).copied().unwrap_or_default();
        let scored: Vec<(f32, bool)> = self.rows.iter().map(|row| (row.hold_margin, is_bad(row))).collect();
        let (all, bad) = (scored.len() as f64, scored.iter().filter(|(_, bad)| *bad).count() as f64);
        if bad == 0.0 {
            return Vec::new();
        }
        let point = |point: &evaluate::Point, is_current| Tradeoff {
            kept_back: (point.false_positives * (all - bad) + point.recall * bad) / all,
            bad_approved: 1.0 - point.recall,
            present: is_current,
        };
        let mut points: Vec<Tradeoff> = evaluate::curve(&scored).iter().map(|at| point(at, false)).collect();
        let share = |count: usize, whole: f64| count as f64 / whole;
        points.push(Tradeoff {
            kept_back: share(self.rows.iter().filter(|row| row.decision > Decision::Approve).count(), all),
            bad_approved: share(self.rows.iter().filter(|row| is_bad(row) && row.decision == Decision::Approve).count(), bad),
            present: true,
        });
        points
    }
}

/// Returns the scores and truths of a head, and the number of rows with a truth but without a score.
fn pairs<'a>(rows: impl Iterator<Item = &'a RowRecord>, head: Label) -> (Vec<(f32, bool)>, usize) {
    let mut abstained = 0;
    let mut scored = Vec::new();
    for row in rows {
        let (score, Some(truth)) = (row.scores[head.lane()], row.truths[head.lane()]) else { continue };
        if score.is_nan() {
            abstained += 1;
        } else {
            scored.push((score, truth));
        }
    }
    (scored, abstained)
}

#[cfg(test)]
mod tests {
    use super::super::dimension::MAX_VALUES;
    use super::*;

    fn row(score: f32, spam: bool, source: &str, decision: Decision) -> EvaluatedRow {
        let mut scores = [f32::NAN; Label::ALL.len()];
        scores[Label::Spam.lane()] = score;
        let mut truths = Truths::default();
        truths[Label::Spam.lane()] = Some(spam);
        truths[Label::Insult.lane()] = Some(false);
        EvaluatedRow {
            scores,
            truths,
            word: Some(if spam { "spam" } else { "ham" }.to_owned()),
            decision,
            hold_margin: score - 0.5,
            values: vec![Some(source.to_owned())],
        }
    }

    fn measure() -> Measurements {
        let mut measure = Measurements::new(&["source".to_owned()]);
        measure.add(row(0.9, true, "b", Decision::Hold));
        measure.add(row(0.2, true, "a", Decision::Approve));
        measure.add(row(0.3, false, "a", Decision::Approve));
        measure.add(row(0.1, false, "a", Decision::Approve));
        measure
    }

    #[test]
    fn every_source_has_figures_of_its_own() {
        let heads = measure().heads();
        let sets: Vec<(&str, usize, usize)> =
            heads[0].sets.iter().map(|set| (set.name.as_str(), set.rows, set.positives)).collect();
        assert_eq!(sets, [("all", 4, 2), ("a", 3, 1), ("b", 1, 1)]);
        assert_eq!((heads[0].sets[0].auc, heads[0].sets[2].auc.is_nan()), (0.75, true));
    }

    #[test]
    fn a_head_that_gives_no_score_abstains() {
        let heads = measure().heads();
        assert_eq!((heads[1].head, heads[1].sets[0].rows, heads[1].sets[0].abstained), ("insult", 0, 4));
    }

    #[test]
    fn decisions_are_counted_for_ham_and_bad() {
        let decisions = measure().decisions();
        let all = &decisions[0];
        assert_eq!((all.ham.approve, all.bad.approve, all.bad.hold, all.bad.approved), (2, 1, 1, 0.5));
        assert_eq!(decisions.len(), 3);
    }

    #[test]
    fn thresholds_moved_together_trade_work_for_misses() {
        let points = measure().tradeoffs();
        assert_eq!((points[0].kept_back, points[0].bad_approved), (0.0, 1.0));
        assert_eq!((points[4].kept_back, points[4].bad_approved), (1.0, 0.0));
        let present = points[5];
        assert_eq!((present.kept_back, present.bad_approved, present.present), (0.25, 0.5, true));
    }

    #[test]
    fn endless_values_do_not_fill_the_memory() {
        let mut measure = Measurements::new(&["source".to_owned()]);
        for number in 0..10_000 {
            measure.add(row(0.5, false, &format!("source {number}"), Decision::Approve));
        }
        assert!(measure.dimensions[0].values.len() <= MAX_VALUES + 1);
    }
}
