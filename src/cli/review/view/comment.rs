//! The right half: the comment with its evidence, and all that helps to decide.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::glyphs::{self, Glyph};
use super::super::preferences::Theme;
use super::super::row::{Details, Row, Standing};
use super::super::state::{Link, State};
use super::{Pen, clock};
use crate::cli::explain;
use crate::cli::term::Tone;
use crate::cli::text;
use crate::pb;
use crate::verdict::{Decision, Part};

/// How much of what the comment answers is shown, in lines.
const PARENT: usize = 3;
/// How much of a fact of one line is looked at, in characters.
const FACT: usize = 300;
/// Cells of a bar.
const BAR: usize = 20;

type Line = Vec<(Glyph, Style)>;

/// Draws what may be seen. Gives how many lines are below the last one that fits.
pub fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) -> usize {
    let mut page = Page { theme: pen.theme, width: usize::from(area.width), lines: Vec::new() };
    match (state.selected(), state.seen()) {
        (None, _) => empty(state, &mut page),
        (_, Some((row, details))) => whole(state, row, details, &mut page),
        (Some(row), None) => hidden(state, row, &mut page),
    }
    let height = usize::from(area.height);
    let most = page.lines.len().saturating_sub(height);
    let top = state.scroll.min(most);
    for (y, line) in (area.y..).zip(page.lines.iter().skip(top).take(height)) {
        pen.glyphs(Rect { y, height: 1, ..area }, 0, line.iter().map(|(glyph, style)| (glyph, *style)));
    }
    if most > top {
        let key = state.keys.name(super::super::keys::Action::ScrollDown);
        let words = format!(" {} more lines: {key} ", most - top);
        let from = area.width.saturating_sub(u16::try_from(words.len()).unwrap_or(0));
        let style = pen.theme.selected();
        pen.text(Rect { y: area.bottom() - 1, height: 1, ..area }, from, style, &words);
    }
    most
}

/// Why there is no comment at all.
fn empty(state: &State, page: &mut Page) {
    if state.link == Link::Live && !state.list.stale {
        let searched = !state.query.search.is_empty();
        let words =
            if searched { "No text has these words." } else { "Nothing waits here. New comments show up by themselves." };
        page.text(Tone::Faint, words);
    }
}

/// Why the comment under the cursor is not shown.
fn hidden(state: &State, row: &Row, page: &mut Page) {
    if let Some(claim) = state.claimed_by(row) {
        page.text(Tone::Warning, &format!("claimed by {} until {}", claim.who(), clock(claim.until)));
        page.text(Tone::Faint, "What a colleague is at work on is not shown.");
    } else if state.leases.let_go.as_ref() == Some(&row.id) {
        let key = state.keys.name(super::super::keys::Action::Claim);
        page.text(Tone::Warning, &format!("You gave this comment back; {key} claims it again."));
    } else if !row.problem.is_empty() {
        page.text(Tone::Bad, &row.problem);
    } else {
        page.text(Tone::Faint, "loading…");
    }
}

fn whole(state: &State, row: &Row, details: &Details, page: &mut Page) {
    let empty = Default::default();
    let comment = details.known.comment.as_ref().unwrap_or(&empty);
    let empty = Default::default();
    let verdict = details.known.verdict.as_ref().unwrap_or(&empty);
    heading(state, row, details, page);
    author(details, comment, page);
    let empty = Default::default();
    let post = comment.post.as_ref().unwrap_or(&empty);
    if let Some(under) = [&post.title, &post.url, &post.id].into_iter().find(|part| !part.is_empty()) {
        page.fact("post", &text::line(under, FACT));
    }
    if !comment.parent_text.is_empty() {
        page.quote("answers", &text::line(&comment.parent_text, FACT), PARENT);
    }
    page.blank();
    page.body(&comment.body, &verdict.reasons);
    page.blank();
    if let Some(note) = state.notes.get(&row.id) {
        page.fact("note", note);
    }
    let alike = state.alike().len();
    if alike > 0 {
        let (key, are) = (state.keys.name(super::super::keys::Action::RejectAlike), if alike == 1 { "is" } else { "are" });
        page.text(Tone::Warning, &format!("{alike} more {are} like this one: {key} rejects them all"));
    }
    let parts: Vec<&str> =
        verdict.publish_without.iter().filter_map(|part| Part::from_wire(*part)).map(Part::as_words).collect();
    if !parts.is_empty() {
        let parts = parts.join(" and ");
        let words = match details.standing.decision {
            Some(Decision::Hold) => {
                let key = state.keys.name(super::super::keys::Action::ApproveStripped);
                format!("without {parts} it would be published: {key} approves it so")
            }
            _ => format!("published without {parts}"),
        };
        page.text(Tone::Warning, &words);
    }
    scores(verdict, &details.known.thresholds, page);
    reasons(verdict, page);
    past(state, details, page);
}

fn heading(state: &State, row: &Row, details: &Details, page: &mut Page) {
    let Standing { decision, .. } = details.standing;
    let word = match details.standing.spot_check {
        true => "SPOT CHECK, published".to_owned(),
        false => explain::word(details.known.verdict.as_ref().map_or(0, |verdict| verdict.decision)).to_uppercase(),
    };
    let age = explain::age(row.received_at.as_ref(), state.now);
    let mut parts = vec![(Tone::from(decision), word), (Tone::Plain, format!("  {}", text::line(&row.id, 60)))];
    parts.push((Tone::Faint, format!("  {age} ago")));
    if let Some(grant) = state.leases.mine.get(&row.id) {
        parts.push((Tone::Faint, format!("  yours until {}", clock(grant.until))));
    }
    page.parts(&parts);
    if !row.problem.is_empty() {
        page.text(Tone::Bad, &row.problem);
    } else if !details.standing.waits() {
        page.text(Tone::Plain, &details.standing.words(state.now));
    }
}

fn author(details: &Details, comment: &pb::Comment, page: &mut Page) {
    let empty = Default::default();
    let author = comment.author.as_ref().unwrap_or(&empty);
    let parts = [&author.name, &author.user_id, author.url(), &author.role].map(|part| text::line(part, 80));
    let mut who = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    if let Some(history) = &details.known.author_history {
        let sum = format!("{} approved, {} held, {} rejected", history.approved, history.held, history.rejected);
        who = if who.is_empty() { sum } else { format!("{who} · {sum}") };
    }
    page.fact("author", if who.is_empty() { "unknown" } else { &who });
}

fn scores(verdict: &pb::Verdict, thresholds: &[pb::Threshold], page: &mut Page) {
    let mut scores: Vec<(&String, f64)> = verdict.scores.iter().map(|(label, score)| (label, *score)).collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    for (label, score) in scores {
        let share = if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 };
        // A number of at most BAR.
        let full = (share * BAR as f64).round() as usize;
        let threshold = thresholds.iter().find(|threshold| threshold.label == *label);
        let reached = |bound: Option<f64>| bound.is_some_and(|bound| score >= bound);
        let (hold, reject) = threshold.map_or((None, None), |threshold| (threshold.hold, threshold.reject));
        let tone = match (reached(reject), reached(hold) || threshold.is_none() && share >= 0.5) {
            (true, _) => Tone::Bad,
            (_, true) => Tone::Warning,
            _ => Tone::Plain,
        };
        let label = format!("{:15}", text::line(label, 15));
        let mut parts = vec![(Tone::Faint, label), (Tone::Plain, format!(" {share:.2} "))];
        for cell in 0..BAR {
            // Where a threshold is: the last cell that a score below it leaves empty.
            let at = |bound: Option<f64>| bound.is_some_and(|bound| ((bound * BAR as f64) as usize).min(BAR - 1) == cell);
            parts.push(match (at(reject), at(hold), cell < full) {
                (true, _, _) => (Tone::Bad, "‖".to_owned()),
                (_, true, _) => (Tone::Warning, "|".to_owned()),
                (_, _, true) => (tone, "█".to_owned()),
                _ => (Tone::Faint, "░".to_owned()),
            });
        }
        // In figures too where there is room for both.
        let wide = page.width >= 16 + 5 + BAR + " hold 0.00 reject 0.00".len();
        if let Some(hold) = hold.filter(|_| wide) {
            parts.push((Tone::Faint, format!(" hold {hold:.2}")));
        }
        if let Some(reject) = reject.filter(|_| wide) {
            parts.push((Tone::Faint, format!(" reject {reject:.2}")));
        }
        page.parts(&parts);
    }
}

fn reasons(verdict: &pb::Verdict, page: &mut Page) {
    for reason in &verdict.reasons {
        // That of a spot check is no evidence.
        let weight =
            if reason.weight == 0.0 || reason.label.is_empty() { String::new() } else { format!("{:+.1} ", reason.weight) };
        let label = if reason.label.is_empty() { String::new() } else { format!(" ({})", text::line(&reason.label, 40)) };
        // What the text itself does not show is worth seeing first.
        let beside = ["CAMPAIGN", "SITE_LEARNED", "LIKE_REJECTED"].contains(&reason.code.as_str());
        let tone = if beside { Tone::Warning } else { Tone::Plain };
        page.hang(&[
            (Tone::Faint, "• "),
            (Tone::Strong, &weight),
            (tone, &text::line(&reason.message, FACT)),
            (Tone::Faint, &label),
        ]);
    }
}

/// What was decided before, newest first, with what colleagues noted.
fn past(state: &State, details: &Details, page: &mut Page) {
    let by_people = |event: &&pb::AuditEvent| event.act == "DECIDED" || event.act == "UNDONE";
    for event in details.known.audit_events.iter().rev().filter(by_people).take(5) {
        let what = match event.act.as_str() {
            "UNDONE" => "took it back",
            _ => super::super::row::done(Decision::from_wire(event.after)),
        };
        let extra = [&event.reason_code, &event.note].map(|part| text::line(part, FACT));
        let extra = extra.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let extra = if extra.is_empty() { extra } else { format!(" ({extra})") };
        let ago = explain::age(event.at.as_ref(), state.now);
        page.hang(&[(Tone::Faint, "· "), (Tone::Plain, &format!("{} {what} {ago} ago{extra}", text::line(&event.by, 128)))]);
    }
}

/// Lines in the making.
struct Page {
    theme: Theme,
    width: usize,
    lines: Vec<Line>,
}

impl Page {
    fn blank(&mut self) {
        self.lines.push(Line::new());
    }

    /// Wrapped text.
    fn text(&mut self, tone: Tone, text: &str) {
        self.wrapped(vec![(self.theme.style(tone), text)], 0, usize::MAX);
    }

    /// One line, cut at the edge.
    fn parts(&mut self, parts: &[(Tone, String)]) {
        let line = parts.iter().flat_map(|(tone, text)| {
            let style = self.theme.style(*tone);
            glyphs::glyphs(text).into_iter().map(move |glyph| (glyph, style))
        });
        self.lines.push(line.collect());
    }

    /// Wrapped text whose later lines are indented by two.
    fn hang(&mut self, parts: &[(Tone, &str)]) {
        self.wrapped(parts.iter().map(|(tone, text)| (self.theme.style(*tone), *text)).collect(), 2, usize::MAX);
    }

    /// A name and what is known under it.
    fn fact(&mut self, name: &str, value: &str) {
        self.quote(name, value, 2);
    }

    fn quote(&mut self, name: &str, value: &str, most: usize) {
        let (faint, plain) = (self.theme.style(Tone::Faint), Style::new());
        self.wrapped(vec![(faint, &format!("{name:8} ")), (plain, value)], 2, most);
    }

    fn wrapped(&mut self, parts: Vec<(Style, &str)>, indent: usize, most: usize) {
        let mut all = Vec::new();
        let mut styles = Vec::new();
        for (style, text) in parts {
            let made = glyphs::glyphs(text);
            styles.extend(std::iter::repeat_n(style, made.len()));
            all.extend(made);
        }
        let space = glyphs::glyphs(" ");
        for (at, line) in glyphs::wrap(&all, self.width - indent).into_iter().enumerate().take(most) {
            let margin = if at == 0 { 0 } else { indent };
            let margin = std::iter::repeat_n((space[0].clone(), Style::new()), margin);
            self.lines.push(margin.chain(line.map(|place| (all[place].clone(), styles[place]))).collect());
        }
    }

    /// The body, with what reasons point at in another look.
    fn body(&mut self, body: &str, reasons: &[pb::Reason]) {
        let made = glyphs::glyphs(body);
        let spans: Vec<&pb::Span> = reasons.iter().filter_map(|reason| reason.span.as_ref()).collect();
        let (evidence, escape) = (self.theme.evidence(), self.theme.style(Tone::Warning));
        let style = |glyph: &Glyph| {
            if spans.iter().any(|span| span.begin < glyph.from.end && glyph.from.start < span.end) {
                evidence
            } else if glyph.is_escape() {
                escape
            } else {
                Style::new()
            }
        };
        for line in glyphs::wrap(&made, self.width) {
            self.lines.push(made[line].iter().map(|glyph| (glyph.clone(), style(glyph))).collect());
        }
    }
}
