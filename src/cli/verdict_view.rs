//! Display of a verdict: the decision, the scores as bars, and the reasons with their weights and quotes.

use std::time::Duration;

use super::failure::Failure;
use super::output::Record;
use super::terminal::{TerminalOutput, Tone};
use super::text;
pub use super::times::{format_age, format_timestamp};
use crate::pb;
use crate::verdict::{Decision, MACHINE, SPOT_CHECK};

/// Width of a bar, in cells.
const BAR_WIDTH: usize = 20;
/// Maximum length of the text quoted for a reason, in characters.
const QUOTE: usize = 60;
/// Maximum length of a message on one line, in characters.
const MESSAGE: usize = 200;

/// Returns the decision of a verdict, or `None` if this program does not know it.
pub fn decision(verdict: &pb::Verdict) -> Option<Decision> {
    Decision::from_wire(verdict.decision)
}

/// Returns the name of a wire decision, or `-` if it is unknown.
pub fn decision_word(decision: i32) -> &'static str {
    Decision::from_wire(decision).map_or("-", Decision::as_str)
}

/// Returns the highest score and its label, or `None` if there are no scores.
pub fn top_score(verdict: &pb::Verdict) -> Option<(&str, f64)> {
    let best = verdict.scores.iter().max_by(|a, b| a.1.total_cmp(b.1).then_with(|| b.0.cmp(a.0)))?;
    Some((best.0, *best.1))
}

/// Returns the message of the first reason, or of the spot check if the verdict is one. It is empty if there is no reason.
pub fn first_reason(verdict: &pb::Verdict, max_length: usize) -> String {
    let spot_check = verdict.reasons.iter().find(|reason| is_spot_check(verdict) && reason.code == SPOT_CHECK);
    spot_check.or(verdict.reasons.first()).map(|reason| text::escape_line(&reason.message, max_length)).unwrap_or_default()
}

/// Returns whether the verdict is a spot check: the machine approved the comment, and a moderator should review it anyway.
pub fn is_spot_check(verdict: &pb::Verdict) -> bool {
    let by_machine = verdict.decided_by.eq_ignore_ascii_case(MACHINE);
    by_machine && decision(verdict) == Some(Decision::Approve) && verdict.reasons.iter().any(|reason| reason.code == SPOT_CHECK)
}

/// Prints a verdict without its heading. `body` is the text of the comment, from which reasons quote.
pub fn print(screen: &mut TerminalOutput, verdict: &pb::Verdict, body: &str) -> Result<(), Failure> {
    print_scores(screen, verdict)?;
    print_reasons(screen, verdict, body)?;
    if let Some(limit) = &verdict.rate_limit {
        let wait = limit.retry_after.and_then(|wait| Duration::try_from(wait).ok()).unwrap_or_default();
        let wait = if wait.is_zero() {
            String::new()
        } else {
            format!(", one more in {}", humantime::format_duration(Duration::from_secs(wait.as_secs().max(1))))
        };
        let scope = text::escape_line(&limit.scope, MESSAGE);
        screen.line(&format!("limit    {} of {} left for this {scope}{wait}", limit.remaining, limit.limit))?;
    }
    if !verdict.author_message.is_empty() {
        screen.line(&format!("message to the author: {}", text::escape_block(&verdict.author_message)))?;
    }
    Ok(())
}

/// Returns the heading of a verdict: the decision in capitals, in its colour.
pub fn heading(screen: &TerminalOutput, verdict: &pb::Verdict) -> String {
    screen.paint(Tone::from(decision(verdict)), &decision_word(verdict.decision).to_uppercase())
}

fn print_scores(screen: &mut TerminalOutput, verdict: &pb::Verdict) -> Result<(), Failure> {
    if verdict.scores.is_empty() {
        return Ok(());
    }
    let mut scores: Vec<(&String, f64)> = verdict.scores.iter().map(|(label, score)| (label, *score)).collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let width = scores.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    screen.line(&screen.paint(Tone::Strong, "scores"))?;
    for (label, score) in scores {
        let label = text::escape_line(label, 40);
        let line = format!("  {label:width$}  {score:.3}  {}", bar(score, screen.is_terminal()));
        screen.line(line.trim_end())?;
    }
    Ok(())
}

/// Returns a bar for a probability: with a resolution of an eighth of a cell if `fine` is set, else in ASCII.
fn bar(score: f64, fine: bool) -> String {
    let share = if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 };
    let filled = share * BAR_WIDTH as f64;
    if !fine {
        // The number is at most `BAR_WIDTH`.
        return "#".repeat(filled.round() as usize);
    }
    let eighths = (filled * 8.0).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{rest}", "█".repeat(eighths / 8))
}

fn print_reasons(screen: &mut TerminalOutput, verdict: &pb::Verdict, body: &str) -> Result<(), Failure> {
    screen.line(&screen.paint(Tone::Strong, "reasons"))?;
    let codes = verdict.reasons.iter().map(|reason| reason.code.chars().count()).max().unwrap_or(0).min(40);
    let sums = label_sums(verdict);
    for reason in &verdict.reasons {
        let code = text::escape_line(&reason.code, 40);
        // The difference that rounding leaves is added to the rest.
        let rest = sums.iter().find(|sum| reason.code == REST && sum.label == reason.label).map(|sum| sum.rest);
        let weight = rest.unwrap_or(reason.weight);
        // Rules have no weight, and the weight of a spot check is not evidence: their column stays empty.
        let weight = if weight == 0.0 || reason.label.is_empty() { String::new() } else { format!("{weight:+.2}") };
        let mut words = text::escape_line(&reason.message, MESSAGE);
        if let Some(quoted) = text::quote_span(body, reason.span.as_ref(), QUOTE)
            // Many messages contain the quote already.
            && !words.contains(&quoted)
        {
            words.push_str(&format!(": “{quoted}”"));
        }
        let mut origin = Vec::new();
        if !reason.label.is_empty() {
            origin.push(text::escape_line(&reason.label, 40));
        }
        if !reason.rule_id.is_empty() {
            origin.push(text::escape_line(&reason.rule_id, MESSAGE));
        }
        let origin =
            if origin.is_empty() { String::new() } else { screen.paint(Tone::Faint, &format!("  ({})", origin.join(", "))) };
        screen.line(&format!("  {code:codes$}  {weight:>6}  {words}{origin}"))?;
    }
    for LabelSum { label, logit, .. } in sums {
        let probability = 1.0 / (1.0 + (-logit).exp());
        let words = format!("sum of the weights of {}: its logit, a score of {probability:.3}", text::escape_line(label, 40));
        screen.line(&format!("  {:codes$}  {logit:>+6.2}  {}", "", screen.paint(Tone::Faint, &words)))?;
    }
    Ok(())
}

/// Code of the reason that sums up all evidence not listed on its own.
const REST: &str = "TEXT_REST";

/// The sum of a label's weights.
struct LabelSum<'a> {
    label: &'a str,
    logit: f64,
    /// Weight of the rest with which the printed weights add up to the printed logit.
    rest: f64,
}

/// Returns the sums of the labels whose weights are complete, also for a verdict that a person decided afterwards.
fn label_sums(verdict: &pb::Verdict) -> Vec<LabelSum<'_>> {
    let rounded = |weight: f64| (weight * 100.0).round() / 100.0;
    let rests = verdict.reasons.iter().filter(|reason| reason.code == REST);
    let sums = rests.filter_map(|rest| {
        let of_label = verdict.reasons.iter().filter(|reason| reason.label == rest.label);
        let (mut all, mut others) = (0.0, 0.0);
        for reason in of_label {
            all += reason.weight;
            others += if reason.code == REST { 0.0 } else { rounded(reason.weight) };
        }
        all.is_finite().then(|| LabelSum { label: &rest.label, logit: rounded(all), rest: rounded(rounded(all) - others) })
    });
    sums.collect()
}

// A verdict without its comment, as `check` prints it.
impl Record for pb::Verdict {
    const HEADINGS: &'static [&'static str] = &["id", "decision", "label", "score", "reason"];
    const NUMBERS: &'static [&'static str] = &["score"];
    const FIELDS: &'static [&'static str] = &[
        "comment_id",
        "decision",
        "label",
        "score",
        "reason_code",
        "reason",
        "decided_by",
        "decided_at",
        "revision",
        "verdict_id",
        "model_version",
        "policy_version",
        "language",
    ];

    fn id(&self) -> &str {
        &self.comment_id
    }

    fn cells(&self) -> Vec<(Tone, String)> {
        let (label, score) = top_score(self)
            .map_or((String::new(), String::new()), |(label, score)| (text::escape_line(label, 40), format!("{score:.2}")));
        vec![
            (Tone::Plain, text::escape_line(&self.comment_id, 256)),
            (Tone::from(decision(self)), decision_word(self.decision).to_owned()),
            (Tone::Plain, label),
            (Tone::Plain, score),
            (Tone::Plain, first_reason(self, MESSAGE)),
        ]
    }

    fn fields(&self) -> Vec<String> {
        let (label, score) =
            top_score(self).map_or((String::new(), String::new()), |(label, score)| (label.to_owned(), score.to_string()));
        let reason = self.reasons.first();
        vec![
            self.comment_id.clone(),
            decision_word(self.decision).to_owned(),
            label,
            score,
            reason.map(|reason| reason.code.clone()).unwrap_or_default(),
            reason.map(|reason| reason.message.clone()).unwrap_or_default(),
            self.decided_by.clone(),
            format_timestamp(self.decided_at.as_ref()),
            self.revision.to_string(),
            self.verdict_id.clone(),
            self.model_version.clone(),
            self.policy_version.clone(),
            self.language.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_the_score() {
        assert_eq!(bar(0.5, false), "#".repeat(10));
        assert_eq!(bar(1.0, true), "█".repeat(20));
        assert_eq!(bar(0.0, true), "");
        assert_eq!(bar(f64::NAN, true), "");
        assert_eq!(bar(0.006_25, true), "▏");
    }

    #[test]
    fn printed_weights_add_up_to_the_printed_logit() {
        let reason = |code: &str, label: &str, weight| pb::Reason {
            code: code.into(),
            label: label.into(),
            weight,
            ..Default::default()
        };
        let reasons = vec![
            reason("SCORE_HOLD", "spam", 0.0),
            reason("TEXT", "spam", 1.004),
            reason("TEXT", "spam", 1.004),
            reason("HONEYPOT", "spam", 4.0),
            reason("TEXT_REST", "spam", -2.004),
            reason("TEXT", "insult", 1.0),
        ];
        let verdict = pb::Verdict { reasons, ..Default::default() };
        let sums = label_sums(&verdict);
        assert_eq!(sums.len(), 1, "of insults not everything is told");
        assert!((sums[0].logit - 4.0).abs() < 1e-9 && (sums[0].rest + 2.0).abs() < 1e-9, "{} {}", sums[0].logit, sums[0].rest);
    }
}
