//! `gatepost show`: prints everything known about a comment.

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::output::{Format, FormatArgs, print_one};
use super::terminal::{TerminalOutput, Tone};
use super::text;
use super::times;
use super::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// Maximum length of a field on one line, in characters.
const MAX_FIELD: usize = 200;

pub const EXAMPLES: &str = "Examples:
  gatepost show --site blog.example c-17
  gatepost show c-17 --format json | jq .verdict.reasons";

/// Options of `show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Id of the comment
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    id: String,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Fetches the comment and prints it.
pub async fn run(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let connection = args.connect.connect().await?;
    let request = pb::GetCommentRequest { site, comment_id: args.id.clone() };
    let known = connection.review().get_comment(request).await.map_err(|status| connection.failure(&status))?.into_inner();
    let mut screen = TerminalOutput::new();
    if args.format.format != Format::Table {
        print_one(&mut screen, args.format.format, &known)?;
    } else {
        print(&mut screen, &known)?;
        screen.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(screen: &mut TerminalOutput, known: &pb::GetCommentResponse) -> Result<(), Failure> {
    let empty = Default::default();
    let comment = known.comment.as_ref().unwrap_or(&empty);
    let empty = Default::default();
    let verdict = known.verdict.as_ref().unwrap_or(&empty);
    let id = screen.paint(Tone::Strong, &text::escape_line(&comment.comment_id, 256));
    screen.line(&format!("{}  {id} on {}", verdict_view::heading(screen, verdict), text::escape_line(&comment.site, 128)))?;
    for (name, value) in summary_fields(known, comment, verdict) {
        if !value.is_empty() {
            screen.line(&format!("  {name:9} {value}"))?;
        }
    }
    for (name, words) in [("in reply to", &comment.parent_text), ("comment", &comment.body)] {
        if !words.is_empty() {
            screen.line(&screen.paint(Tone::Strong, name))?;
            for line in text::escape_block(words.trim_end()).lines() {
                screen.line(&format!("  {line}"))?;
            }
        }
    }
    verdict_view::print(screen, verdict, &comment.body)?;
    print_audit(screen, &known.audit_events)
}

/// Returns the names and values of the fields that fit on one line. Empty values are not shown.
fn summary_fields(
    known: &pb::GetCommentResponse,
    comment: &pb::Comment,
    verdict: &pb::Verdict,
) -> [(&'static str, String); 10] {
    let empty = Default::default();
    let author = comment.author.as_ref().unwrap_or(&empty);
    let names = [&author.name, &author.user_id, author.url(), &author.role].map(|part| text::escape_line(part, MAX_FIELD));
    let names: Vec<String> = names.into_iter().filter(|part| !part.is_empty()).collect();
    let history = known.author_history.as_ref().map(|history| {
        format!("{} approved, {} held, {} rejected on this site", history.approved, history.held, history.rejected)
    });
    let empty = Default::default();
    let post = comment.post.as_ref().unwrap_or(&empty);
    let post_names = [&post.title, &post.url, &post.id].map(|part| text::escape_line(part, MAX_FIELD));
    let client = comment.client.as_ref().map(|client| text::escape_line(&client.user_agent, MAX_FIELD));
    [
        ("author", names.join(", ")),
        ("history", history.unwrap_or_default()),
        ("client", client.unwrap_or_default()),
        ("post", post_names.into_iter().find(|part| !part.is_empty()).unwrap_or_default()),
        ("received", times::format_timestamp(known.received_at.as_ref())),
        (
            "decided",
            format!(
                "{} by {}, revision {}",
                times::format_timestamp(verdict.decided_at.as_ref()),
                text::escape_line(&verdict.decided_by, MAX_FIELD),
                verdict.revision
            ),
        ),
        ("language", text::escape_line(&verdict.language, MAX_FIELD)),
        ("model", text::escape_line(&verdict.model_version, MAX_FIELD)),
        ("policy", text::escape_line(&verdict.policy_version, MAX_FIELD)),
        ("verdict", text::escape_line(&verdict.verdict_id, MAX_FIELD)),
    ]
}

fn print_audit(screen: &mut TerminalOutput, events: &[pb::AuditEvent]) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    screen.line(&screen.paint(Tone::Strong, "audit"))?;
    let mut table = screen.new_table(&["when", "who", "what", "from", "to", "revision", "reason", "note"], &["revision"]);
    for event in events {
        table.add_row(screen.row(vec![
            (Tone::Faint, times::format_timestamp(event.at.as_ref())),
            (Tone::Plain, text::escape_line(&event.by, 128)),
            (Tone::Plain, text::escape_line(&event.act, 40)),
            (Tone::Plain, verdict_view::decision_word(event.before).to_owned()),
            (Tone::from(Decision::from_wire(event.after)), verdict_view::decision_word(event.after).to_owned()),
            (Tone::Plain, event.revision.to_string()),
            (Tone::Plain, text::escape_line(&event.reason_code, 64)),
            (Tone::Plain, text::escape_line(&event.note, MAX_FIELD)),
        ]));
    }
    screen.table(&table)
}
