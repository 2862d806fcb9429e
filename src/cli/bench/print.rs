//! Prints a report: as tables, as JSON, or its timeline as CSV.

use super::args::no_ids;
use super::latency::LatencySummary;
use super::report::BenchReport;
use super::timeline::SecondReport;
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::output::{Format, csv_line};
use crate::cli::terminal::{TerminalOutput, Tone};
use crate::cli::text;
use crate::verdict::Decision;

/// The columns of the timeline in CSV, named like the fields of the JSON report.
const COLUMNS: [&str; 8] = ["second", "due", "answered", "failed", "not_sent", "p50_ms", "p99_ms", "max_ms"];

/// Prints a report in the given format.
///
/// # Errors
/// Returns an error if writing fails, or for the format `ids`, which a report does not have.
pub fn print(screen: &mut TerminalOutput, report: &BenchReport, format: Format) -> Result<(), Failure> {
    let cannot = |error: serde_json::Error| Failure::failed(format!("cannot write the report as JSON: {error}"));
    match format {
        Format::Table => table(screen, report)?,
        Format::Json => screen.line(&json::escape_unprintable(serde_json::to_string_pretty(report).map_err(cannot)?))?,
        Format::Jsonl => screen.line(&json::escape_unprintable(serde_json::to_string(report).map_err(cannot)?))?,
        Format::Csv => {
            screen.write(&csv_line(COLUMNS)?)?;
            for row in rows(report, |figure| figure.to_string(), "") {
                screen.write(&csv_line(row)?)?;
            }
        }
        Format::Ids => return Err(no_ids()),
    }
    screen.flush()
}

/// Prints the report as tables.
fn table(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    timeline(screen, report)?;
    screen.line("")?;
    calls(screen, report)?;
    screen.line("")?;
    latencies(screen, report)?;
    if !report.failures.is_empty() {
        screen.line("")?;
        failures(screen, report)?;
    }
    if !report.beside.is_empty() {
        screen.line("")?;
        beside(screen, report)?;
    }
    screen.line("")?;
    notes(screen, report)
}

/// Prints a row for each second.
fn timeline(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    let headings = ["second", "due", "answered", "failed", "not sent", "p50 ms", "p99 ms", "max ms"];
    let mut table = screen.new_table(&headings, &headings);
    for (row, second) in rows(report, millis, "-").into_iter().zip(&report.timeline) {
        let tone = if second.failed + second.not_sent > 0 { Tone::Warning } else { Tone::Plain };
        table.add_row(screen.row(row.into_iter().map(|cell| (tone, cell)).collect()));
    }
    screen.table(&table)
}

/// Returns the cells of the timeline, a row for each second. `absent` stands for a missing figure.
fn rows(report: &BenchReport, figure: impl Fn(f64) -> String, absent: &str) -> Vec<[String; 8]> {
    let figure = |value: Option<f64>| value.map_or_else(|| absent.to_owned(), &figure);
    let row = |second: &SecondReport| {
        [
            second.second.to_string(),
            second.due.to_string(),
            second.answered.to_string(),
            second.failed.to_string(),
            second.not_sent.to_string(),
            figure(second.p50_ms),
            figure(second.p99_ms),
            figure(second.max_ms),
        ]
    };
    report.timeline.iter().map(row).collect()
}

/// Prints the number of calls by outcome.
fn calls(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    let mut table = screen.new_table(&["calls", "number", "%", "per second"], &["number", "%", "per second"]);
    let calls = report.calls;
    let decisions = Decision::ALL.into_iter().map(|decision| {
        let count = report.decisions.get(decision.to_wire().as_str_name()).copied().unwrap_or_default();
        (Tone::from(Some(decision)), format!("  {}", decision.as_str()), count)
    });
    let mut lines = vec![(Tone::Strong, "due".to_owned(), calls.due), (Tone::Plain, "answered".to_owned(), calls.answered)];
    lines.extend(decisions);
    lines.push((if calls.failed > 0 { Tone::Bad } else { Tone::Faint }, "failed".to_owned(), calls.failed));
    lines.push((if calls.not_sent > 0 { Tone::Bad } else { Tone::Faint }, "not sent".to_owned(), calls.not_sent));
    for (tone, what, count) in lines {
        let share = if calls.due == 0 { "-".to_owned() } else { format!("{:.2}", count as f64 * 100.0 / calls.due as f64) };
        let rate = format!("{:.1}", count as f64 / report.seconds.max(1e-3));
        table.add_row(screen.row(vec![
            (tone, what),
            (Tone::Plain, count.to_string()),
            (Tone::Plain, share),
            (Tone::Plain, rate),
        ]));
    }
    screen.table(&table)
}

/// Prints the summaries of latencies.
fn latencies(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    let headings = ["ms since a call was due", "mean", "p50", "p90", "p99", "p99.9", "max"];
    let mut table = screen.new_table(&headings, &headings[1..]);
    let lines =
        [("answered", report.latency_ms), ("failed", report.failed_after_ms), ("sent, by this program", report.sent_late_ms)];
    for (what, figures) in lines {
        if let Some(LatencySummary { mean, p50, p90, p99, p999, max }) = figures {
            let cells = [mean, p50, p90, p99, p999, max].map(|figure| (Tone::Plain, millis(figure)));
            table.add_row(screen.row([(Tone::Plain, what.to_owned())].into_iter().chain(cells).collect()));
        }
    }
    screen.table(&table)
}

/// Prints the groups of failures.
fn failures(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    let mut table = screen.new_table(&["failed by", "reason", "calls", "for example"], &["calls"]);
    for kind in &report.failures {
        table.add_row(screen.row(vec![
            (Tone::Bad, kind.code.to_owned()),
            (Tone::Plain, kind.reason.clone()),
            (Tone::Plain, kind.count.to_string()),
            (Tone::Faint, text::escape_line(&kind.example, 100)),
        ]));
    }
    screen.table(&table)
}

/// Prints the outcome of the connections beside the load.
fn beside(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    let headings = ["beside the load", "wanted", "opened", "closed by the server", "first after s", "median", "last"];
    let mut table = screen.new_table(&headings, &headings[1..]);
    for beside in &report.beside {
        let after = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}"));
        let cells = [
            beside.kind.as_str().to_owned(),
            beside.wanted.to_string(),
            beside.opened.to_string(),
            beside.closed.to_string(),
            after(beside.first_closed_s),
            after(beside.median_closed_s),
            after(beside.last_closed_s),
        ];
        table.add_row(screen.row(cells.map(|cell| (Tone::Plain, cell)).into()));
    }
    screen.table(&table)
}

/// Prints the load that was asked for, retries, the servers, and warnings.
fn notes(screen: &mut TerminalOutput, report: &BenchReport) -> Result<(), Failure> {
    let load = &report.load;
    let load_text = match (load.rate, load.callers) {
        (Some(rate), _) => format!("{rate} calls a second, {} arrivals", load.arrivals.unwrap_or_default()),
        (None, callers) => format!("{} callers as fast as they can", callers.unwrap_or_default()),
    };
    let connections = if load.connections == 1 { "connection" } else { "connections" };
    let early = if report.stopped_early { ", stopped early" } else { "" };
    screen.line(&format!(
        "{load_text}, over {} {connections} for {} s{early}; {} comments, requests of {} bytes",
        load.connections, report.seconds, load.comments, load.request_bytes
    ))?;
    if load.retry {
        let retries = report.retries;
        screen.line(&format!("{} retries, which answered {} calls", retries.attempts, retries.answered))?;
    }
    for server in &report.servers {
        screen.line(&format!("{} answered {}", text::escape_line(&server.url, 200), server.answered))?;
    }
    for warning in &report.warnings {
        let warning = screen.paint(Tone::Warning, &format!("note: {}", text::escape_line(warning, 500)));
        screen.line(&warning)?;
    }
    Ok(())
}

/// Formats milliseconds to about three significant digits, which is as exact as they are.
fn millis(figure: f64) -> String {
    match figure {
        figure if figure < 10.0 => format!("{figure:.3}"),
        figure if figure < 100.0 => format!("{figure:.2}"),
        figure => format!("{figure:.1}"),
    }
}
