//! `gatepost claim` and `gatepost release`: claim held comments for one moderator, and release them.

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::{self, Failure};
use super::output::{FormatArgs, Printer};
use super::review_ids::{self, IdArgs, MAX_IDS_PER_CALL, NameArgs};
use super::terminal::{self, TerminalOutput};
use crate::pb;

pub const CLAIM_EXAMPLES: &str = "Examples:
  gatepost claim --site blog.example               the next comment
  gatepost claim --max 10 --filter label=spam --lease 30m --format ids
  gatepost claim c-17 c-18                         these comments; extends your own claims";

pub const RELEASE_EXAMPLES: &str = "Examples:
  gatepost release --site blog.example c-17 c-18
  gatepost queue --filter claimed=mia --format ids | gatepost release --moderator mia -";

/// Options of `claim`.
#[derive(Debug, clap::Args)]
pub struct ClaimArgs {
    #[command(flatten)]
    ids: IdArgs,
    /// Only comments that match these terms, as for `gatepost queue`
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TERMS", conflicts_with = "ids")]
    filter: String,
    /// Maximum number of comments, the most urgent first
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "ids")]
    max: u32,
    /// Duration of the claim; afterwards others may claim the comments
    #[arg(long, default_value = "10m", value_name = "TIME")]
    lease: humantime::Duration,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `release`.
#[derive(Debug, clap::Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    ids: IdArgs,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Claims comments and prints them.
pub async fn claim(args: &ClaimArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let ids = args.ids.read()?;
    if args.ids.is_given() && ids.is_empty() {
        terminal::log_line("standard input contains no ids; nothing was claimed");
        return Ok(ExitCode::SUCCESS);
    }
    let lease = prost_types::Duration::try_from(*args.lease).map_err(|_| Failure::usage("--lease is too long"))?;
    let connection = args.connect.connect().await?;
    let (mut screen, mut printer) = (TerminalOutput::new(), Printer::new(args.format.format));
    let (mut done, mut failed) = (0, 0);
    let batches: Vec<Vec<String>> =
        if ids.is_empty() { vec![Vec::new()] } else { ids.chunks(MAX_IDS_PER_CALL).map(<[_]>::to_vec).collect() };
    for ids in batches {
        let request = pb::ClaimCommentsRequest {
            site: site.clone(),
            filter: args.filter.clone(),
            max: i32::try_from(args.max).unwrap_or(1),
            lease: Some(lease),
            moderator: args.name.moderator(),
            ids,
        };
        let answer = connection.review().claim_comments(request).await;
        let answer = answer.map_err(|status| connection.failure(&status))?.into_inner();
        for comment in &answer.comments {
            done += 1;
            printer.print(&mut screen, comment)?;
        }
        for error in &answer.errors {
            failed += 1;
            review_ids::print_problem(&error.comment_id, &error.message);
        }
    }
    printer.finish(&mut screen)?;
    if done + failed == 0 {
        terminal::log_line("nothing is left to claim");
    }
    Ok(failure::exit_code_of_batch(failed, done + failed))
}

/// Releases claimed comments.
pub async fn release(args: &ReleaseArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let ids = args.ids.require()?;
    let connection = args.connect.connect().await?;
    let mut failed = 0;
    for ids in ids.chunks(MAX_IDS_PER_CALL) {
        let request = pb::ReleaseCommentsRequest { site: site.clone(), ids: ids.to_vec(), moderator: args.name.moderator() };
        let answer = connection.review().release_comments(request).await;
        for error in answer.map_err(|status| connection.failure(&status))?.into_inner().errors {
            failed += 1;
            review_ids::print_problem(&error.comment_id, &error.message);
        }
    }
    Ok(failure::exit_code_of_batch(failed, u64::try_from(ids.len()).unwrap_or(u64::MAX)))
}
