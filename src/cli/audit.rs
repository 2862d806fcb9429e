//! `gatepost audit`: shows and verifies the audit log of a site.

mod chain;
mod verify;

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::listing::{LimitArgs, Listing};
use super::output::{FormatArgs, Record};
use super::terminal::Tone;
use super::text;
use super::times::{self, Since};
use super::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// Events per request.
const PAGE_SIZE: i32 = 500;

pub const EXAMPLES: &str = "Examples:
  gatepost audit --site blog.example
  gatepost audit --by mia --act DECIDED --since 7d
  gatepost audit --comment c-17
  gatepost audit --oldest-first --format jsonl > audit.jsonl
  gatepost audit verify
  gatepost audit verify --file audit.jsonl";

/// Options of `audit`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Verify the hash chain: no event is missing or changed
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::VerifyArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only events of this comment
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", allow_hyphen_values = true)]
    comment: String,
    /// Only events of this moderator, or of MACHINE
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    by: String,
    /// Only events of this kind: CHECKED, EDITED, DECIDED, UNDONE, LISTED, UNLISTED, FORGOTTEN, SECRET_ROTATED
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ACT")]
    act: String,
    /// Only events of this act, by the ID that `approve` and `reject` print
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ACT_ID")]
    act_id: String,
    /// Only events since then, e.g. 7d or 2026-01-31
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// List the oldest events first
    #[arg(long)]
    oldest_first: bool,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Lists or verifies the audit log.
pub async fn run(args: &AuditArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        Some(Command::Verify(args)) => verify::run(args).await,
        None => list(&args.list).await,
    }
}

async fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let connection = args.connect.connect().await?;
    let mut listing = Listing::new(args.limit, args.format.format);
    let mut page_token = String::new();
    loop {
        let request = pb::ListAuditEventsRequest {
            site: site.clone(),
            comment_id: args.comment.clone(),
            by: args.by.clone(),
            act: args.act.to_uppercase(),
            act_id: args.act_id.clone(),
            since: args.since.map(|since| since.0.into()),
            newest_first: !args.oldest_first,
            page_size: listing.page_size(PAGE_SIZE),
            page_token,
        };
        let page = connection.review().list_audit_events(request).await;
        let page = page.map_err(|status| connection.failure(&status))?.into_inner();
        if !listing.print(&page.events, &page.next_page_token)? {
            break;
        }
        page_token = page.next_page_token;
    }
    listing.finish()?;
    Ok(ExitCode::SUCCESS)
}

impl Record for pb::AuditEvent {
    const HEADINGS: &'static [&'static str] = &["number", "when", "who", "act", "on", "from", "to", "reason", "note"];
    const NUMBERS: &'static [&'static str] = &["number"];
    const FIELDS: &'static [&'static str] = &[
        "number",
        "at",
        "by",
        "act",
        "comment_id",
        "revision",
        "before",
        "after",
        "reason_code",
        "note",
        "label",
        "score",
        "act_id",
        "source",
        "undoes",
        "subject",
    ];

    fn id(&self) -> &str {
        &self.comment_id
    }

    fn cells(&self) -> Vec<(Tone, String)> {
        let on = if self.comment_id.is_empty() { &self.subject } else { &self.comment_id };
        let or_erased = |word: String| if self.erased_digest.is_empty() { word } else { "erased".to_owned() };
        vec![
            (Tone::Faint, self.number.to_string()),
            (Tone::Faint, times::format_timestamp(self.at.as_ref())),
            (Tone::Plain, text::escape_line(&self.by, 128)),
            (Tone::Plain, or_erased(text::escape_line(&self.act, 40))),
            (Tone::Plain, text::escape_line(on, 256)),
            (Tone::Plain, verdict_view::decision_word(self.before).to_owned()),
            (Tone::from(Decision::from_wire(self.after)), verdict_view::decision_word(self.after).to_owned()),
            (Tone::Plain, text::escape_line(&self.reason_code, 64)),
            (Tone::Plain, text::escape_line(&self.note, 200)),
        ]
    }

    fn fields(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            times::format_timestamp(self.at.as_ref()),
            self.by.clone(),
            self.act.clone(),
            self.comment_id.clone(),
            self.revision.to_string(),
            verdict_view::decision_word(self.before).to_owned(),
            verdict_view::decision_word(self.after).to_owned(),
            self.reason_code.clone(),
            self.note.clone(),
            self.label.clone(),
            self.score.to_string(),
            self.act_id.clone(),
            self.source.clone(),
            self.undoes.clone(),
            self.subject.clone(),
        ]
    }
}
