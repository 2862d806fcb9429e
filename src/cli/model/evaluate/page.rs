//! Renders the report as a self-contained HTML page, without scripts, links or fonts.

use std::fmt::Write as _;

use super::chart::{self, Chart, Line, MAX_LINES};
use super::measure::Measurements;
use super::print;
use super::report::{EvaluationReport, HeadReport, SetMetrics};
use crate::classify::Label;
use crate::classify::evaluate::{Point, curve, reliability};
use crate::cli::failure::Failure;

const STYLE: &str = include_str!("page.css");

/// Returns the HTML page of a report.
pub fn page(report: &EvaluationReport, measure: &Measurements) -> Result<String, Failure> {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{model}: evaluation</title>\n<style>\n{STYLE}</style>\n<h1>{model}</h1>\n\
         <p>{rows} labelled comments, decided by the policy {policy}. Left out: {asked} not asked for, {ambiguous} ambiguous, \
         {unreadable} unreadable.</p>\n",
        model = escaped(&report.model),
        policy = escaped(&report.policy),
        rows = report.rows,
        asked = report.left_out.not_asked_for,
        ambiguous = report.left_out.ambiguous,
        unreadable = report.left_out.unreadable,
    );
    decisions(&mut html, report, measure)?;
    for head in &report.heads {
        one_head(&mut html, head, measure)?;
    }
    Ok(html)
}

/// Escapes text for HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Appends formatted text to the page. Writing to a `String` cannot fail.
macro_rules! put {
    ($html:expr, $($text:tt)*) => { let _ = write!($html, $($text)*); };
}

/// Appends a table. The first `words` columns contain text, the others numbers.
fn table(html: &mut String, headings: &[&str], words: usize, rows: impl IntoIterator<Item = Vec<String>>) {
    let class = |column: usize| if column < words { "" } else { " class=\"number\"" };
    html.push_str("<div class=\"wide\"><table>\n<tr>");
    for (column, heading) in headings.iter().enumerate() {
        put!(html, "<th{}>{}</th>", class(column), escaped(heading));
    }
    html.push_str("</tr>\n");
    for row in rows {
        html.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            put!(html, "<td{}>{}</td>", class(column), escaped(cell));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table></div>\n");
}

/// Appends a chart with its caption and legend.
fn figure(html: &mut String, heading: &str, words: &str, legend: &[&str], chart: &Chart<'_>) -> Result<(), Failure> {
    put!(html, "<figure>\n<figcaption><b>{}</b> {}</figcaption>\n{}", escaped(heading), escaped(words), chart::svg(chart)?);
    if legend.len() > 1 {
        html.push_str("<ul>");
        for (line, name) in legend.iter().enumerate() {
            put!(html, "<li><i style=\"background: {}\"></i>{}</li>", chart::colour(line), escaped(name));
        }
        html.push_str("</ul>\n");
    }
    html.push_str("</figure>\n");
    Ok(())
}

/// Appends the decisions: a table, and a chart of held against missed comments.
fn decisions(html: &mut String, report: &EvaluationReport, measure: &Measurements) -> Result<(), Failure> {
    html.push_str("<h2>Decisions of model and policy</h2>\n");
    if let Some(all) = report.decisions.first() {
        put!(html, "<p>All sets: {}.</p>\n", escaped(&print::in_short(all)));
    }
    let rows = report.decisions.iter().flat_map(|set| {
        print::rows(set).into_iter().map(|counts| {
            let mut cells = vec![set.name.clone(), counts.label.clone()];
            cells.extend(print::cells(counts));
            cells
        })
    });
    table(html, &["set", "label", "comments", "approved %", "held %", "rejected %"], 2, rows);
    let points = measure.tradeoffs();
    if points.is_empty() {
        return Ok(());
    }
    let at = |present| {
        points.iter().filter(move |point| point.present == present).map(|point| (point.kept_back, point.bad_approved))
    };
    let chart = Chart {
        x: "share of comments held or rejected",
        decimals: false,
        y: "share of bad comments approved",
        lines: vec![Line { points: at(false).collect(), dots: Vec::new() }],
        marks: at(true).collect(),
        diagonal: false,
    };
    let words = "All hold thresholds moved together, by the same log-odds. The ring marks the present policy. The shares \
                 are those of these rows: a site with less spam holds less.";
    html.push_str("<div class=\"charts\">\n");
    figure(html, "Held against missed.", words, &[], &chart)?;
    html.push_str("</div>\n");
    Ok(())
}

/// Appends the metrics of a head.
fn one_head(html: &mut String, head: &HeadReport, measure: &Measurements) -> Result<(), Failure> {
    put!(html, "<h2>{}</h2>\n", escaped(head.head));
    let sets = print::worth_showing(&head.sets);
    let headings: Vec<&str> = ["by", "set"].into_iter().chain(print::COLUMNS.iter().map(|(name, _)| *name)).collect();
    let row = |set: &&SetMetrics| {
        let words = [set.by.clone(), set.name.clone()];
        words.into_iter().chain(print::COLUMNS.iter().map(|(_, cell)| cell(set))).collect()
    };
    table(html, &headings, 2, sets.iter().map(row));
    put!(html, "<p class=\"small\">{}</p>\n", escaped(print::LEGEND));
    let Some(label) = Label::parse(head.head) else { return Ok(()) };
    html.push_str("<div class=\"charts\">\n");
    curves(html, label, head, measure)?;
    html.push_str("</div>\n");
    Ok(())
}

/// Appends the charts of a head.
fn curves(html: &mut String, label: Label, head: &HeadReport, measure: &Measurements) -> Result<(), Failure> {
    let all = measure.scores(label, None);
    // Both charts need positives and negatives.
    if head.sets.first().is_some_and(|set| !set.auc.is_nan()) {
        roc(html, label, head, measure, &all)?;
        thresholds(html, &all)?;
    }
    calibration(html, &all)
}

/// Appends the ROC curves of all rows and of the largest sources.
fn roc(html: &mut String, label: Label, head: &HeadReport, measure: &Measurements, all: &[(f32, bool)]) -> Result<(), Failure> {
    // Only sources with both classes are candidates.
    let of_sources = head.sets.iter().filter(|set| set.by == "source" && !set.auc.is_nan());
    let mut sources: Vec<&SetMetrics> = of_sources.collect();
    sources.sort_by_key(|set| std::cmp::Reverse(set.rows));
    sources.truncate(if sources.len() > 1 { MAX_LINES - 1 } else { 0 });

    let line = |scored: &[(f32, bool)]| Line {
        points: curve(scored).iter().map(|point| (point.false_positives, point.recall)).collect(),
        dots: Vec::new(),
    };
    let of_sources = sources.iter().map(|set| line(&measure.scores(label, Some(&set.name))));
    let chart = Chart {
        x: "share of negatives caught",
        decimals: false,
        y: "share of positives caught",
        lines: std::iter::once(line(all)).chain(of_sources).collect(),
        marks: Vec::new(),
        diagonal: true,
    };
    let legend: Vec<&str> = std::iter::once("all").chain(sources.iter().map(|set| set.name.as_str())).collect();
    figure(html, "ROC.", "The nearer to the upper left corner, the better.", &legend, &chart)
}

/// Appends a chart of both error rates by threshold.
fn thresholds(html: &mut String, all: &[(f32, bool)]) -> Result<(), Failure> {
    let points = curve(all);
    let share = |of: fn(&Point) -> f64| Line {
        points: points.iter().map(|point| (f64::from(point.threshold), of(point))).collect(),
        dots: Vec::new(),
    };
    let chart = Chart {
        x: "threshold",
        decimals: true,
        y: "share",
        lines: vec![share(|point| point.false_positives), share(|point| 1.0 - point.recall)],
        marks: Vec::new(),
        diagonal: false,
    };
    let legend = ["negatives caught", "positives missed"];
    figure(html, "Thresholds.", "Both kinds of error by threshold.", &legend, &chart)
}

/// Appends a reliability diagram.
fn calibration(html: &mut String, all: &[(f32, bool)]) -> Result<(), Failure> {
    let bins = reliability(all);
    let filled = bins.iter().filter(|bin| bin.rows > 0);
    let chart = Chart {
        x: "score",
        decimals: true,
        y: "share that is positive",
        lines: vec![Line {
            points: filled.clone().map(|bin| (bin.mean_score, bin.positive_share)).collect(),
            dots: filled.map(|bin| 2 + bin.rows.ilog10() * 2).collect(),
        }],
        marks: Vec::new(),
        diagonal: true,
    };
    let words = "On the diagonal, scores are probabilities. Larger dots stand for more rows.";
    figure(html, "Reliability.", words, &[], &chart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_files_stay_text() {
        assert_eq!(escaped("<script>&'\""), "&lt;script&gt;&amp;&#39;&quot;");
        let mut html = String::new();
        table(&mut html, &["set"], 1, [vec!["</td><img src=x>".to_owned()]]);
        assert!(!html.contains("<img"), "{html}");
    }
}
