//! Prints the report as tables.

use super::report::{EvaluationReport, LabelDecisions, MeanShare, SetDecisions, SetMetrics};
use crate::cli::failure::Failure;
use crate::cli::terminal::{TerminalOutput, Tone};

/// A column: its heading, and the function that formats its cells.
pub type Column = (&'static str, fn(&SetMetrics) -> String);

/// The columns of a head's table.
pub const COLUMNS: [Column; 9] = [
    ("rows", |set| set.rows.to_string()),
    ("positive", |set| set.positives.to_string()),
    ("abstained", |set| set.abstained.to_string()),
    ("AUC", |set| number(set.auc)),
    ("right at .5 %", |set| percent(set.accuracy)),
    ("recall at .5 % FP", |set| percent(set.recall_at_half_percent_fpr)),
    ("FP at 95 % recall", |set| percent(set.fpr_at_95_percent_recall)),
    ("negatives ≥ .5 %", |set| percent(set.negatives_at_half)),
    ("ECE", |set| number(set.ece)),
];

/// The legend of the columns.
pub const LEGEND: &str = "AUC: the chance that a positive row scores above a negative one. Recall: share of the positives \
caught. FP: share of the negatives caught. ECE: mean distance between score and observed share. Shares in %.";

/// The headings of the table of decisions.
pub const DECIDED: [&str; 5] = ["comments", "approved %", "held %", "rejected %", "label"];

/// Prints the report.
pub fn print(screen: &mut TerminalOutput, report: &EvaluationReport) -> Result<(), Failure> {
    let left_out = &report.left_out;
    screen.line(&format!("model    {}\npolicy   {}\nrows     {}", report.model, report.policy, report.rows))?;
    let others =
        [(left_out.not_asked_for, "not asked for"), (left_out.ambiguous, "ambiguous"), (left_out.unreadable, "unreadable")];
    let others: Vec<String> =
        others.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    if !others.is_empty() {
        screen.line(&format!("left out {}", others.join(", ")))?;
    }
    if report.heads.is_empty() {
        screen.line("\nno row has a label; see `gatepost model evaluate --help` for the fields that are read")?;
    }
    for head in &report.heads {
        let heading = screen.paint(Tone::Strong, &format!("\n{}", head.head));
        screen.line(&heading)?;
        let sets = worth_showing(&head.sets);
        let abstains = sets.iter().any(|set| set.abstained > 0);
        let columns: Vec<_> = COLUMNS.iter().filter(|(name, _)| *name != "abstained" || abstains).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let mut table = screen.new_table(&[&["by", "set"], names.as_slice()].concat(), &names);
        for set in sets {
            let mut cells = vec![(Tone::Faint, set.by.clone()), (Tone::Plain, set.name.clone())];
            cells.extend(columns.iter().map(|(_, cell)| (Tone::Plain, cell(set))));
            table.add_row(screen.row(cells));
        }
        screen.table(&table)?;
    }
    if !report.heads.is_empty() {
        let legend = screen.paint(Tone::Faint, LEGEND);
        screen.line(&format!("\n{legend}"))?;
    }
    decisions(screen, &report.decisions)?;
    for means in &report.means {
        let share =
            |mean: &MeanShare| format!("{} % (worst {}, {} values)", percent(mean.mean), percent(mean.worst), mean.values);
        screen.line(&format!(
            "\nmean over {}: ham held {}, ham rejected {}, bad approved {}",
            means.by,
            share(&means.ham_held),
            share(&means.ham_rejected),
            share(&means.bad_approved)
        ))?;
    }
    Ok(())
}

/// Returns the sets worth showing. A field with a single value would only repeat the row for all.
pub fn worth_showing(sets: &[SetMetrics]) -> Vec<&SetMetrics> {
    let several = |by: &str| by == "all" || sets.iter().filter(|set| set.by == by).count() > 1;
    sets.iter().filter(|set| several(&set.by)).collect()
}

/// Prints the table of decisions.
fn decisions(screen: &mut TerminalOutput, decisions: &[SetDecisions]) -> Result<(), Failure> {
    let heading = screen.paint(Tone::Strong, "\nDecisions of model and policy");
    screen.line(&heading)?;
    let numbers = &DECIDED[..4];
    let mut table = screen.new_table(&[&["set", "label"], numbers].concat(), numbers);
    for set in decisions {
        for counts in rows(set) {
            let [comments, approved, held, rejected] = cells(counts);
            table.add_row(screen.row(vec![
                (Tone::Plain, set.name.clone()),
                (Tone::Plain, counts.label.clone()),
                (Tone::Plain, comments),
                (Tone::Plain, approved),
                (Tone::Plain, held),
                (Tone::Plain, rejected),
            ]));
        }
    }
    screen.table(&table)?;
    if let Some(all) = decisions.first() {
        screen.line(&format!("\n{}", in_short(all)))?;
    }
    Ok(())
}

/// Returns the labels of a set, followed by spam and toxic together if both are present.
pub fn rows(set: &SetDecisions) -> Vec<&LabelDecisions> {
    let both = set.labels.iter().filter(|counts| ["spam", "toxic"].contains(&counts.label.as_str())).count() > 1;
    set.labels.iter().chain(both.then_some(&set.bad)).collect()
}

/// Returns the cells of a row: the number of comments and the three shares.
pub fn cells(counts: &LabelDecisions) -> [String; 4] {
    [counts.comments.to_string(), percent(counts.approved), percent(counts.held), percent(counts.rejected)]
}

/// Summarises the wrong decisions in one line.
pub fn in_short(all: &SetDecisions) -> String {
    format!(
        "ham held {} %, ham rejected {} %, bad approved {} %",
        percent(all.ham.held),
        percent(all.ham.rejected),
        percent(all.bad.approved)
    )
}

/// Formats a number with three decimals, or returns a dash if it is NaN.
fn number(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.3}") }
}

/// Formats a share in per cent, or returns a dash if it is NaN.
pub fn percent(share: f64) -> String {
    if share.is_nan() { "-".to_owned() } else { format!("{:.1}", share * 100.0) }
}
