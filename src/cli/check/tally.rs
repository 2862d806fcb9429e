//! Counts for a file of comments: decisions by label and language, and their leading reasons.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::failure::Failure;
use crate::cli::terminal::{TerminalOutput, Tone};
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// Maximum number of labels, and of decisions with reasons, that are counted separately. The rest is counted together, so
/// that memory stays bounded.
const MAX_KINDS: usize = 200;
/// Reasons printed per decision.
const TOP_REASONS: usize = 5;

/// Headings of the numeric columns.
const NUMBERS: &[&str] = &["comments", "approve", "%", "hold", "% ", "reject", "%  "];

/// Numbers of comments per decision, in the order of [`Decision::ALL`].
type Counts = [u64; 3];

/// Counts of decisions by label, language and leading reason.
#[derive(Default)]
pub struct DecisionTally {
    labels: BTreeMap<String, Counts>,
    /// Counts by the language of the verdict.
    languages: BTreeMap<String, Counts>,
    /// Counts by decision, as an index into [`Decision::ALL`], and leading reason.
    reasons: BTreeMap<(usize, String), u64>,
    total: Counts,
}

impl DecisionTally {
    /// Counts a verdict on a comment with this label.
    pub fn count(&mut self, verdict: &pb::Verdict, label: Option<&str>) {
        let Some(index) =
            verdict_view::decision(verdict).and_then(|decision| Decision::ALL.iter().position(|one| *one == decision))
        else {
            return;
        };
        self.total[index] += 1;
        let label = text::escape_line(label.unwrap_or("all"), 40);
        let label =
            if self.labels.len() < MAX_KINDS || self.labels.contains_key(&label) { label } else { "(others)".to_owned() };
        self.labels.entry(label).or_default()[index] += 1;
        let language = if verdict.language.is_empty() { "-".to_owned() } else { text::escape_line(&verdict.language, 40) };
        self.languages.entry(language).or_default()[index] += 1;
        let reason = verdict.reasons.first().map_or_else(|| "-".to_owned(), leading_reason);
        let key = (index, reason);
        let key = if self.reasons.len() < MAX_KINDS || self.reasons.contains_key(&key) {
            key
        } else {
            (index, "(others)".to_owned())
        };
        *self.reasons.entry(key).or_default() += 1;
    }

    /// Returns the number of counted comments.
    pub fn comments(&self) -> u64 {
        self.total.iter().sum()
    }

    /// Prints the summary.
    pub fn print(&self, screen: &mut TerminalOutput, by: &str, took: Duration) -> Result<(), Failure> {
        let mut table = screen.new_table(&["label", "comments", "approve", "%", "hold", "% ", "reject", "%  "], NUMBERS);
        for (label, counts) in &self.labels {
            table.add_row(screen.row(cells(label, counts)));
        }
        if self.labels.len() != 1 {
            table.add_row(screen.row(cells("total", &self.total)));
        }
        screen.table(&table)?;
        if self.languages.len() > 1 {
            screen.line("")?;
            let mut table = screen.new_table(&["language", "comments", "approve", "%", "hold", "% ", "reject", "%  "], NUMBERS);
            for (language, counts) in &self.languages {
                table.add_row(screen.row(cells(language, counts)));
            }
            screen.table(&table)?;
        }
        if !self.reasons.is_empty() {
            screen.line("")?;
            screen.table(&self.top_reasons(screen))?;
        }
        let comments = self.comments();
        let rate = comments as f64 / took.as_secs_f64().max(1e-6);
        screen.line(&format!("\n{comments} comments in {:.2} s, {rate:.0} a second, {by}", took.as_secs_f64()))
    }

    fn top_reasons(&self, screen: &TerminalOutput) -> comfy_table::Table {
        let mut table = screen.new_table(&["decision", "leading reason", "comments", "%"], &["comments", "%"]);
        for (index, decision) in Decision::ALL.into_iter().enumerate() {
            let mut reasons: Vec<(&str, u64)> = self
                .reasons
                .iter()
                .filter(|((one, _), _)| *one == index)
                .map(|((_, reason), count)| (reason.as_str(), *count))
                .collect();
            reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
            for (reason, count) in reasons.into_iter().take(TOP_REASONS) {
                table.add_row(screen.row(vec![
                    (Tone::from(Some(decision)), decision.as_str().to_owned()),
                    (Tone::Plain, reason.to_owned()),
                    (Tone::Plain, count.to_string()),
                    (Tone::Plain, percent(count, self.total[index])),
                ]));
            }
        }
        table
    }
}

/// Returns the code of a reason with its rule, or with its label if it has no rule.
fn leading_reason(reason: &pb::Reason) -> String {
    let about = if reason.rule_id.is_empty() { &reason.label } else { &reason.rule_id };
    text::escape_line(&format!("{} {about}", reason.code), 120)
}

fn cells(label: &str, counts: &Counts) -> Vec<(Tone, String)> {
    let all: u64 = counts.iter().sum();
    let mut cells = vec![(Tone::Plain, label.to_owned()), (Tone::Plain, all.to_string())];
    for (decision, count) in Decision::ALL.into_iter().zip(counts) {
        let tone = if *count == 0 { Tone::Faint } else { Tone::from(Some(decision)) };
        cells.push((tone, count.to_string()));
        cells.push((Tone::Plain, percent(*count, all)));
    }
    cells
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1}", part as f64 * 100.0 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(decision: Decision, code: &str) -> pb::Verdict {
        let reason = pb::Reason { code: code.into(), label: "spam".into(), ..Default::default() };
        pb::Verdict { decision: decision.to_wire().into(), reasons: vec![reason], ..Default::default() }
    }

    #[test]
    fn decisions_are_counted_per_label() {
        let mut tally = DecisionTally::default();
        tally.count(&verdict(Decision::Approve, "CLEAN"), Some("ham"));
        tally.count(&verdict(Decision::Hold, "SCORE_HOLD"), Some("ham"));
        tally.count(&verdict(Decision::Reject, "SCORE_REJECT"), None);
        assert_eq!(tally.labels["ham"], [1, 1, 0]);
        assert_eq!(tally.labels["all"], [0, 0, 1]);
        assert_eq!(tally.reasons[&(1, "SCORE_HOLD spam".to_owned())], 1);
        assert_eq!(tally.comments(), 3);
    }

    #[test]
    fn endless_labels_do_not_fill_the_memory() {
        let mut tally = DecisionTally::default();
        for number in 0..10_000 {
            tally.count(&verdict(Decision::Approve, &format!("CODE{number}")), Some(&format!("label{number}")));
        }
        assert!(tally.labels.len() <= MAX_KINDS + 1 && tally.reasons.len() <= MAX_KINDS + 3);
        assert_eq!(tally.comments(), 10_000);
    }
}
