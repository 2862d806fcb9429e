//! `gatepost stats`: shows statistics about a site's queue and its moderators.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::json;
use super::output::{Format, FormatArgs, csv_line};
use super::terminal::{TerminalOutput, Tone};
use super::text;
use super::times::{self, Since};
use crate::pb;

/// Characters for the bars of a plot, by height.
const BAR_LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Maximum width of a plot, in bars.
const MAX_PLOT_WIDTH: usize = 72;

pub const EXAMPLES: &str = "Examples:
  gatepost stats --site blog.example
  gatepost stats --since 24h
  gatepost stats --since 30d --format json | jq '.labels'";

/// Options of `stats`.
#[derive(Debug, clap::Args)]
pub struct StatsArgs {
    /// Start of the statistics, e.g. 24h, 30d or 2026-01-31 [default: 7d]
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Fetches the statistics and prints them.
pub async fn run(args: &StatsArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    if args.format.format == Format::Ids {
        return Err(Failure::usage("statistics have no ids to print; give --format table, json, jsonl or csv"));
    }
    let connection = args.connect.connect().await?;
    let request = pb::GetQueueStatsRequest { site, since: args.since.map(|since| since.0.into()) };
    let stats = connection.review().get_queue_stats(request).await;
    let stats = stats.map_err(|status| connection.failure(&status))?.into_inner();
    let mut screen = TerminalOutput::new();
    match args.format.format {
        Format::Json => screen.line(&json::write(&stats, true)?)?,
        Format::Jsonl => screen.line(&json::write(&stats, false)?)?,
        Format::Csv => csv(&mut screen, &stats)?,
        Format::Table | Format::Ids => table(&mut screen, &stats)?,
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn csv(screen: &mut TerminalOutput, stats: &pb::GetQueueStatsResponse) -> Result<(), Failure> {
    screen.write(&csv_line(["what", "of", "count"])?)?;
    let mut rows = vec![("held now", String::new(), stats.held)];
    for one in &stats.moderators {
        let counts = [("approved", one.approved), ("rejected", one.rejected), ("held", one.held), ("undone", one.undone)];
        rows.extend(counts.map(|(what, count)| (what, one.moderator.clone(), count)));
    }
    for one in &stats.labels {
        let counts = [
            ("held, then rejected", one.held_rejected),
            ("held, then approved", one.held_approved),
            ("rejected, then approved", one.rejected_approved),
            ("approved, then rejected", one.approved_rejected),
        ];
        rows.extend(counts.map(|(what, count)| (what, one.label.clone(), count)));
    }
    for one in &stats.periods {
        let at = times::format_timestamp(one.begins_at.as_ref());
        let counts = [("machine held", one.held), ("machine rejected", one.rejected), ("moderators decided", one.decided)];
        rows.extend(counts.map(|(what, count)| (what, at.clone(), count)));
    }
    for (what, of, count) in rows {
        screen.write(&csv_line([what, &of, &count.to_string()])?)?;
    }
    if let Some(pb::Missed { low, high, checked }) = stats.missed {
        for (of, figure) in [("low", low.to_string()), ("high", high.to_string()), ("checked", checked.to_string())] {
            screen.write(&csv_line(["missed", of, &figure])?)?;
        }
    }
    Ok(())
}

fn table(screen: &mut TerminalOutput, stats: &pb::GetQueueStatsResponse) -> Result<(), Failure> {
    headline(screen, stats)?;
    plots(screen, &stats.periods)?;
    if !stats.moderators.is_empty() {
        print_moderators(screen, &stats.moderators)?;
    }
    if !stats.labels.is_empty() {
        print_labels(screen, &stats.labels)?;
    }
    Ok(())
}

/// Prints how many comments are held and for how long, and how many bad ones were missed.
fn headline(screen: &mut TerminalOutput, stats: &pb::GetQueueStatsResponse) -> Result<(), Failure> {
    let oldest = match &stats.oldest {
        Some(at) => format!(", the oldest for {}", times::format_age(Some(at), SystemTime::now())),
        None => String::new(),
    };
    screen.line(&format!("{} held now{oldest}", stats.held))?;
    screen.line(&format!(
        "since {}{}",
        times::format_timestamp(stats.since.as_ref()),
        if stats.cut_off { " (the oldest part is not counted)" } else { "" }
    ))?;
    if stats.median_wait_seconds > 0.0 {
        let wait = Duration::from_secs(stats.median_wait_seconds.clamp(0.0, 1e9).round() as u64);
        screen.line(&format!("half of the decisions came within {}", humantime::format_duration(wait)))?;
    }
    if let Some(pb::Missed { low, high, checked }) = stats.missed {
        let checks = if checked == 1 { "spot check" } else { "spot checks" };
        screen.line(&format!(
            "of what the machine approved, {} % to {} % was bad (95 %, by {checked} {checks})",
            percent(low),
            percent(high)
        ))?;
    }
    Ok(())
}

/// Prints what each moderator decided.
fn print_moderators(screen: &mut TerminalOutput, moderators: &[pb::ModeratorStats]) -> Result<(), Failure> {
    screen.line("")?;
    let mut table =
        screen.new_table(&["moderator", "approved", "rejected", "held", "undone"], &["approved", "rejected", "held", "undone"]);
    for one in moderators {
        let counts = [one.approved, one.rejected, one.held, one.undone].map(|count| (Tone::Plain, count.to_string()));
        let name = (Tone::Plain, text::escape_line(&one.moderator, 40));
        table.add_row(screen.row(std::iter::once(name).chain(counts).collect()));
    }
    screen.table(&table)
}

/// Prints how far the machine and the moderators agree, by label.
fn print_labels(screen: &mut TerminalOutput, labels: &[pb::LabelStats]) -> Result<(), Failure> {
    screen.line("")?;
    let right = ["agreed", "of", "share", "false rejections", "missed"];
    let mut table = screen.new_table(&["held for", "agreed", "of", "share", "false rejections", "missed"], &right);
    for one in labels {
        let held = one.held_rejected + one.held_approved;
        let share = if held == 0 { "-".to_owned() } else { format!("{:.0} %", 100.0 * one.held_rejected as f64 / held as f64) };
        let cells = [
            one.held_rejected.to_string(),
            held.to_string(),
            share,
            one.rejected_approved.to_string(),
            one.approved_rejected.to_string(),
        ];
        let label = (Tone::Plain, if one.label.is_empty() { "-".to_owned() } else { text::escape_line(&one.label, 40) });
        table.add_row(screen.row(std::iter::once(label).chain(cells.map(|cell| (Tone::Plain, cell))).collect()));
    }
    screen.table(&table)?;
    screen
        .line("agreed: held by the machine, rejected by a moderator; missed: approved by the machine, rejected by a moderator")
}

/// Formats a share as a percentage with one decimal.
fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// Prints what was held, rejected and decided over time, as rows of bars with the same scale.
fn plots(screen: &mut TerminalOutput, periods: &[pb::PeriodStats]) -> Result<(), Failure> {
    let shown = &periods[periods.len().saturating_sub(MAX_PLOT_WIDTH)..];
    type Count = fn(&pb::PeriodStats) -> u64;
    let series: [(&str, Count); 3] =
        [("machine held", |one| one.held), ("machine rejected", |one| one.rejected), ("moderators decided", |one| one.decided)];
    let highest = series.iter().flat_map(|(_, count)| shown.iter().map(count)).max().unwrap_or(0);
    if highest == 0 {
        return Ok(());
    }
    screen.line("")?;
    for (name, count) in series {
        let sum: u64 = periods.iter().map(count).sum();
        let bars: String = shown.iter().map(|one| bar_level(count(one), highest)).collect();
        screen.line(&format!("{name:18} {sum:>7}  │{bars}│"))?;
    }
    let step = match shown {
        [a, b, ..] => b.begins_at.zip(a.begins_at).map_or(0, |(b, a)| b.seconds - a.seconds),
        _ => 0,
    };
    let unit = if step == 3_600 { "an hour" } else { "a day" };
    screen.line(&format!("{:18} {:>7}  each bar {unit}, the highest {highest}", "", ""))
}

/// Returns the bar for a count.
fn bar_level(count: u64, highest: u64) -> char {
    // Round up, so that any count above zero is visible.
    let step = (count * 8).div_ceil(highest.max(1)).min(8);
    BAR_LEVELS.get(usize::try_from(step).unwrap_or(0)).copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_there_was_is_seen() {
        assert_eq!([bar_level(0, 100), bar_level(1, 100), bar_level(50, 100), bar_level(100, 100)], [' ', '▁', '▄', '█']);
    }
}
