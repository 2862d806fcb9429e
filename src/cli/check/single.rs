//! `gatepost check` of one comment: prints the full verdict.

use std::process::ExitCode;

use super::args::CheckArgs;
use super::verdict::{check_offline, check_online, judge};
use crate::cli::failure::Failure;
use crate::cli::output::{Format, print_one};
use crate::cli::runtime::block_on;
use crate::cli::terminal::TerminalOutput;
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// Judges the comment described by the options and prints its verdict.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let comment = args.given.comment(args.site())?;
    let body = comment.body.clone();
    let online = args.is_online();
    let verdict = if online {
        block_on(async { check_online(&args.connect.connect().await?, comment, args.dry_run).await })?
    } else {
        check_offline(&judge(args)?, comment)?
    };

    let mut screen = TerminalOutput::new();
    if args.format.format == Format::Table {
        print(&mut screen, &verdict, &body, online)?;
    } else {
        print_one(&mut screen, args.format.format, &verdict)?;
    }
    if !args.exit_code {
        return Ok(ExitCode::SUCCESS);
    }
    match verdict_view::decision(&verdict) {
        Some(Decision::Approve) => Ok(ExitCode::SUCCESS),
        Some(Decision::Hold) => Ok(ExitCode::from(10)),
        Some(Decision::Reject) => Ok(ExitCode::from(11)),
        None => Err(Failure::failed("the server returned a decision that this program does not know; update this program")),
    }
}

fn print(screen: &mut TerminalOutput, verdict: &pb::Verdict, body: &str, online: bool) -> Result<(), Failure> {
    let heading = verdict_view::heading(screen, verdict);
    screen.line(&heading)?;
    verdict_view::print(screen, verdict, body)?;
    if !verdict.language.is_empty() {
        screen.line(&format!("language {}", text::escape_line(&verdict.language, 40)))?;
    }
    if online {
        let [id, site, verdict_id, model, policy] =
            [&verdict.comment_id, &verdict.site, &verdict.verdict_id, &verdict.model_version, &verdict.policy_version]
                .map(|part| text::escape_line(part, 256));
        screen.line(&format!("comment  {id} on {site}"))?;
        screen.line(&format!("verdict  {verdict_id}, revision {}", verdict.revision))?;
        screen.line(&format!("model    {model}\npolicy   {policy}"))?;
    }
    screen.flush()
}
