//! The right half of the screen: the comment with its evidence and everything that helps to decide.

use std::time::SystemTime;

use ratatui::layout::Rect;

use super::super::connectivity::Connectivity;
use super::super::keys::Action;
use super::super::row::{CommentDetails, CommentRow, DecisionState, past_participle};
use super::super::state::ScreenState;
use super::canvas::Canvas;
use super::scores::scores;
use super::text_layout::TextLayout;
use crate::cli::terminal::Tone;
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::{Decision, RemovablePart};

/// Maximum number of lines of the parent comment.
const MAX_PARENT_LINES: usize = 3;
/// Maximum length of a fact, in characters.
const MAX_FACT_CHARS: usize = 300;

/// Draws the comment under the cursor, or why it is not shown. Returns the number of lines that do not fit.
pub fn draw(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) -> usize {
    let mut page = TextLayout::new(pen.theme, usize::from(area.width));
    match (state.selected(), state.visible_comment()) {
        (None, _) => empty(state, &mut page),
        (_, Some((row, details))) => full_comment(state, row, details, &mut page),
        (Some(row), None) => hidden(state, row, &mut page),
    }
    let height = usize::from(area.height);
    let max_scroll = page.lines.len().saturating_sub(height);
    let top = state.scroll.min(max_scroll);
    for (y, line) in (area.y..).zip(page.lines.iter().skip(top).take(height)) {
        pen.glyphs(Rect { y, height: 1, ..area }, 0, line.iter().map(|(glyph, style)| (glyph, *style)));
    }
    if max_scroll > top {
        let key = state.keys.key_name(Action::ScrollDown);
        let words = format!(" {} more lines: {key} ", max_scroll - top);
        let from = area.width.saturating_sub(u16::try_from(words.len()).unwrap_or(0));
        let style = pen.theme.selection_style();
        pen.text(Rect { y: area.bottom() - 1, height: 1, ..area }, from, style, &words);
    }
    max_scroll
}

/// Adds why the list is empty.
fn empty(state: &ScreenState, page: &mut TextLayout) {
    if state.connectivity == Connectivity::Live && !state.list.stale {
        let searched = !state.query.search.is_empty();
        let words =
            if searched { "No text has these words." } else { "Nothing waits here. New comments show up by themselves." };
        page.text(Tone::Faint, words);
    }
}

/// Adds why the comment under the cursor is not shown.
fn hidden(state: &ScreenState, row: &CommentRow, page: &mut TextLayout) {
    if let Some(claim) = state.claimed_by(row) {
        page.text(Tone::Warning, &format!("claimed by {} until {}", claim.holder_name(), clock(claim.until)));
        page.text(Tone::Faint, "What a colleague is at work on is not shown.");
    } else if state.claims.released_by_hand.as_ref() == Some(&row.id) {
        let key = state.keys.key_name(Action::Claim);
        page.text(Tone::Warning, &format!("You gave this comment back; {key} claims it again."));
    } else if !row.last_error.is_empty() {
        page.text(Tone::Bad, &row.last_error);
    } else {
        page.text(Tone::Faint, "loading…");
    }
}

/// Adds the comment with all its details.
fn full_comment(state: &ScreenState, row: &CommentRow, details: &CommentDetails, page: &mut TextLayout) {
    let empty = Default::default();
    let comment = details.response.comment.as_ref().unwrap_or(&empty);
    let empty = Default::default();
    let verdict = details.response.verdict.as_ref().unwrap_or(&empty);
    heading(state, row, details, page);
    author(details, comment, page);
    context(comment, page);
    page.blank_line();
    page.body(&comment.body, &verdict.reasons);
    page.blank_line();
    if let Some(note) = state.notes.get(&row.id) {
        page.fact("note", note);
    }
    similar(state, page);
    publishable_without(state, details, verdict, page);
    scores(verdict, &details.response.thresholds, page);
    reasons(verdict, page);
    decision_history(state, details, page);
}

/// Adds the post and the parent comment.
fn context(comment: &pb::Comment, page: &mut TextLayout) {
    let empty = Default::default();
    let post = comment.post.as_ref().unwrap_or(&empty);
    if let Some(under) = [&post.title, &post.url, &post.id].into_iter().find(|part| !part.is_empty()) {
        page.fact("post", &text::escape_line(under, MAX_FACT_CHARS));
    }
    if !comment.parent_text.is_empty() {
        page.quote("answers", &text::escape_line(&comment.parent_text, MAX_FACT_CHARS), MAX_PARENT_LINES);
    }
}

/// Adds the number of held near-duplicates.
fn similar(state: &ScreenState, page: &mut TextLayout) {
    let alike = state.similar_comments().len();
    if alike > 0 {
        let (key, are) = (state.keys.key_name(Action::RejectAlike), if alike == 1 { "is" } else { "are" });
        page.text(Tone::Warning, &format!("{alike} more {are} like this one: {key} rejects them all"));
    }
}

/// Adds the parts without which the comment could be published, or was.
fn publishable_without(state: &ScreenState, details: &CommentDetails, verdict: &pb::Verdict, page: &mut TextLayout) {
    let parts: Vec<&str> = verdict
        .publish_without
        .iter()
        .filter_map(|part| RemovablePart::from_wire(*part))
        .map(RemovablePart::as_words)
        .collect();
    if parts.is_empty() {
        return;
    }
    let parts = parts.join(" and ");
    let words = match details.state.decision {
        Some(Decision::Hold) => {
            let key = state.keys.key_name(Action::ApproveStripped);
            format!("without {parts} it would be published: {key} approves it so")
        }
        _ => format!("published without {parts}"),
    };
    page.text(Tone::Warning, &words);
}

/// Adds the decision, the id, the age, and the claim of this screen.
fn heading(state: &ScreenState, row: &CommentRow, details: &CommentDetails, page: &mut TextLayout) {
    let DecisionState { decision, .. } = details.state;
    let word = match details.state.spot_check {
        true => "SPOT CHECK, published".to_owned(),
        false => {
            verdict_view::decision_word(details.response.verdict.as_ref().map_or(0, |verdict| verdict.decision)).to_uppercase()
        }
    };
    let age = verdict_view::format_age(row.received_at.as_ref(), state.now);
    let mut parts = vec![(Tone::from(decision), word), (Tone::Plain, format!("  {}", text::escape_line(&row.id, 60)))];
    parts.push((Tone::Faint, format!("  {age} ago")));
    if let Some(claim) = state.claims.held.get(&row.id) {
        parts.push((Tone::Faint, format!("  yours until {}", clock(claim.until))));
    }
    page.line(&parts);
    if !row.last_error.is_empty() {
        page.text(Tone::Bad, &row.last_error);
    } else if !details.state.is_pending() {
        page.text(Tone::Plain, &details.state.describe(state.now));
    }
}

/// Adds the author and the number of earlier comments by decision.
fn author(details: &CommentDetails, comment: &pb::Comment, page: &mut TextLayout) {
    let empty = Default::default();
    let author = comment.author.as_ref().unwrap_or(&empty);
    let parts = [&author.name, &author.user_id, author.url(), &author.role].map(|part| text::escape_line(part, 80));
    let mut author_text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    if let Some(history) = &details.response.author_history {
        let sum = format!("{} approved, {} held, {} rejected", history.approved, history.held, history.rejected);
        author_text = if author_text.is_empty() { sum } else { format!("{author_text} · {sum}") };
    }
    page.fact("author", if author_text.is_empty() { "unknown" } else { &author_text });
}

/// Adds the reasons of the verdict.
fn reasons(verdict: &pb::Verdict, page: &mut TextLayout) {
    for reason in &verdict.reasons {
        // The weight of a reason without a label, such as a spot check, is not evidence.
        let weight =
            if reason.weight == 0.0 || reason.label.is_empty() { String::new() } else { format!("{:+.1} ", reason.weight) };
        let label =
            if reason.label.is_empty() { String::new() } else { format!(" ({})", text::escape_line(&reason.label, 40)) };
        // Reasons that the text itself does not show stand out.
        let is_external = ["CAMPAIGN", "SITE_LEARNED", "LIKE_REJECTED"].contains(&reason.code.as_str());
        let tone = if is_external { Tone::Warning } else { Tone::Plain };
        page.hanging_indent(&[
            (Tone::Faint, "• "),
            (Tone::Strong, &weight),
            (tone, &text::escape_line(&reason.message, MAX_FACT_CHARS)),
            (Tone::Faint, &label),
        ]);
    }
}

/// Adds the latest decisions of moderators, newest first, with their reasons and notes.
fn decision_history(state: &ScreenState, details: &CommentDetails, page: &mut TextLayout) {
    let by_people = |event: &&pb::AuditEvent| event.act == "DECIDED" || event.act == "UNDONE";
    for event in details.response.audit_events.iter().rev().filter(by_people).take(5) {
        let what = match event.act.as_str() {
            "UNDONE" => "took it back",
            _ => past_participle(Decision::from_wire(event.after)),
        };
        let extra = [&event.reason_code, &event.note].map(|part| text::escape_line(part, MAX_FACT_CHARS));
        let extra = extra.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let extra = if extra.is_empty() { extra } else { format!(" ({extra})") };
        let ago = verdict_view::format_age(event.at.as_ref(), state.now);
        page.hanging_indent(&[
            (Tone::Faint, "· "),
            (Tone::Plain, &format!("{} {what} {ago} ago{extra}", text::escape_line(&event.by, 128))),
        ]);
    }
}

/// Formats the time of day, in UTC.
fn clock(at: SystemTime) -> String {
    let whole = humantime::format_rfc3339_seconds(at).to_string();
    format!("{} UTC", whole.get(11..16).unwrap_or("--:--"))
}
