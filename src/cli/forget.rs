//! `gatepost forget`: erases a person's data after confirmation.

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

/// Kinds of records that a server counts, the most interesting first.
const RECORD_KINDS: [&str; 9] =
    ["comments", "verdicts", "events", "limits", "histories", "acts", "listed", "outcomes", "quotes"];

pub const EXAMPLES: &str = "Examples:
  gatepost forget --site blog.example --email ada@example.org
  gatepost forget --user-id 4711 --dry-run
  gatepost forget --ip 203.0.113.7 --yes --format json

Only the data stored under this exact id is erased. Run the command once for each id of a person. Erased data
cannot be restored; `gatepost export` prints it beforehand.";

/// Options of `forget`.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true).args(SELECTORS))]
pub struct ForgetArgs {
    #[command(flatten)]
    person: AuthorArgs,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
    /// Only count the records that would be erased
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Erases a person's data and prints the number of erased records of each kind.
pub async fn run(args: &ForgetArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    if args.format.format == Format::Ids {
        return Err(Failure::usage("erased records have no ids to print; give --format table, json, jsonl or csv"));
    }
    let needs_confirmation = !args.yes && !args.dry_run;
    if needs_confirmation && !can_ask() {
        return Err(Failure::usage("cannot ask without a terminal; give --yes, or --dry-run to see how much would be erased"));
    }
    let connection = args.connect.connect().await?;
    let request = pb::ForgetAuthorRequest { site, author: Some(args.person.selector()), dry_run: args.dry_run };
    if needs_confirmation && !confirmed(&connection, &request, args.person.typed()).await? {
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

/// Shows how many comments would be erased, and asks for confirmation.
async fn confirmed(connection: &Connection, request: &pb::ForgetAuthorRequest, typed: &str) -> Result<bool, Failure> {
    let preview = call(connection, pb::ForgetAuthorRequest { dry_run: true, ..request.clone() }).await?;
    let comments = preview.counts.get("comments").copied().unwrap_or_default();
    let comments = if comments == 1 { "1 comment".to_owned() } else { format!("{comments} comments") };
    confirm(&format!(
        "{comments} of {} on {} would be erased for good. Erase them?",
        text::escape_line(typed, 256),
        text::escape_line(&request.site, 128)
    ))
}

fn print(erased: &pb::ForgetAuthorResponse, format: Format) -> Result<(), Failure> {
    let mut screen = TerminalOutput::new();
    // Known kinds come first, in our order, then any that a newer server counts.
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
