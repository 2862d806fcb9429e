//! `gatepost forget`: erases a person, after asking.

use std::process::ExitCode;

use clap::ArgGroup;

use super::author_args::{AuthorArgs, SELECTORS};
use super::confirm::{can_ask, confirm};
use super::connect::{ConnectArgs, Connection};
use super::failure::Failure;
use super::json;
use super::output::{Format, FormatArgs, csv_line};
use super::terminal::{self, TerminalOutput, Tone};
use super::text;
use crate::pb;

/// In the order of what a person asks first.
const RECORD_KINDS: [&str; 9] =
    ["comments", "verdicts", "events", "limits", "histories", "acts", "listed", "outcomes", "quotes"];

pub const EXAMPLES: &str = "Examples:
  gatepost forget --site blog.example --email ada@example.org
  gatepost forget --user-id 4711 --dry-run
  gatepost forget --ip 203.0.113.7 --yes --format json

Only what came under this very id is erased. Whoever is known by several is named once by each. What was
erased cannot be brought back: `gatepost export` prints it beforehand.";

/// Options of `forget`.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true).args(SELECTORS))]
pub struct ForgetArgs {
    #[command(flatten)]
    person: AuthorArgs,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Only count the comments that would be erased
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Erases, and prints how much.
pub async fn run(args: &ForgetArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    if args.format.format == Format::Ids {
        return Err(Failure::usage("nothing with an id is left to print; give --format table, json, jsonl or csv"));
    }
    let asks = !args.yes && !args.dry_run;
    if asks && !can_ask() {
        return Err(Failure::usage("nobody is there to ask whether to erase; give --yes, or --dry-run to see how much it is"));
    }
    let connection = args.connect.connect().await?;
    let request = pb::ForgetAuthorRequest { site, author: Some(args.person.selector()), dry_run: args.dry_run };
    if asks && !confirmed(&connection, &request, args.person.typed()).await? {
        terminal::log_line("nothing was erased");
        return Ok(ExitCode::SUCCESS);
    }
    let counts = call(&connection, request).await?;
    print(&counts, args.format.format)?;
    Ok(ExitCode::SUCCESS)
}

async fn call(connection: &Connection, request: pb::ForgetAuthorRequest) -> Result<pb::ForgetAuthorResponse, Failure> {
    let answer = connection.moderation().forget_author(request).await;
    Ok(answer.map_err(|status| connection.failure(&status))?.into_inner())
}

/// Tells how much it is, and asks.
async fn confirmed(connection: &Connection, request: &pb::ForgetAuthorRequest, typed: &str) -> Result<bool, Failure> {
    let would = call(connection, pb::ForgetAuthorRequest { dry_run: true, ..request.clone() }).await?;
    let comments = would.counts.get("comments").copied().unwrap_or_default();
    let comments = if comments == 1 { "1 comment".to_owned() } else { format!("{comments} comments") };
    confirm(&format!(
        "{comments} of {} on {} would be erased for good. Erase them?",
        text::escape_line(typed, 256),
        text::escape_line(&request.site, 128)
    ))
}

fn print(erased: &pb::ForgetAuthorResponse, format: Format) -> Result<(), Failure> {
    let mut screen = TerminalOutput::new();
    // Those we know in our order, and then whatever a newer server counts.
    let known = RECORD_KINDS.into_iter().filter_map(|kind| erased.counts.get_key_value(kind));
    let others = erased.counts.iter().filter(|(kind, _)| !RECORD_KINDS.contains(&kind.as_str()));
    let counts: Vec<_> = known.chain(others).collect();
    match format {
        Format::Json => screen.line(&json::write(erased, true)?)?,
        Format::Jsonl => screen.line(&json::write(erased, false)?)?,
        Format::Csv => {
            screen.write(&csv_line(["kind", "count"])?)?;
            for (kind, count) in counts {
                screen.write(&csv_line([kind, &count.to_string()])?)?;
            }
        }
        Format::Table | Format::Ids => {
            let mut table = screen.new_table(&["what", "count"], &["count"]);
            for (kind, count) in counts {
                table.add_row(screen.row(vec![(Tone::Plain, text::escape_line(kind, 40)), (Tone::Plain, count.to_string())]));
            }
            screen.table(&table)?;
        }
    }
    screen.flush()
}
