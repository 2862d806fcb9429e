//! `gatepost check`: judges one comment, or a file of them, with the built-in model or by a server.

mod archive;
mod given;
mod report;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use super::connect::{ConnectArgs, Connection};
use super::explain;
use super::failure::Failure;
use super::output::{Format, FormatArgs, print_one};
use super::rows::Where;
use super::serve::offline_judge;
use super::term::Screen;
use super::text;
use super::wait;
use crate::comment::Comment;
use crate::facts::Facts;
use crate::judge::Judge;
use crate::pb;
use crate::verdict::Decision;

/// The site of comments that name none: the compiled-in policy answers for it.
pub const SITE: &str = "check";

pub const EXAMPLES: &str = "Examples:
  gatepost check 'Great post, thank you'
  gatepost check --post-title 'On tea' --author-name Ann < comment.txt
  gatepost check --exit-code 'Cheap pills at http://pills.example'; echo $?
  gatepost check --file comments.jsonl.gz --where split=test --show reject
  gatepost check --file comments.jsonl --server 127.0.0.1:50051 --dry-run --format jsonl

A line of the file is one comment in proto3 JSON, e.g. {\"body\": \"…\", \"author\": {\"name\": \"Ann\"}}. `text` is also
taken for `body`, `post_text` for `post.text`, `id` for `comment_id`; other fields are passed over.
Without a server there are no limits and no history: only text, post, form and policy count.";

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    given: given::GivenArgs,
    /// Judge every line of a JSONL file, gzipped or not; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "GivenArgs")]
    file: Option<PathBuf>,
    /// Only lines whose field is this, or with != is not; several must all hold
    #[arg(long = "where", requires = "file", value_name = "FIELD=VALUE")]
    only: Vec<Where>,
    /// Also list the comments decided so; in other formats than the table, print only those
    #[arg(long, requires = "file", value_enum, value_name = "DECISION")]
    show: Vec<Shown>,
    /// Let the server record nothing, count nothing and queue nothing
    #[arg(long)]
    dry_run: bool,
    /// A model file in place of the compiled-in one, without a server
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// A folder of policy files (*.toml), without a server
    #[arg(long, value_name = "DIR")]
    policy_dir: Option<PathBuf>,
    /// Exit with 0 approve, 10 hold, 11 reject
    #[arg(long, conflicts_with = "file")]
    exit_code: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shown {
    Approve,
    Hold,
    Reject,
}

impl From<Shown> for Decision {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Approve => Self::Approve,
            Shown::Hold => Self::Hold,
            Shown::Reject => Self::Reject,
        }
    }
}

/// Judges what was given.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let online = args.connect.server().is_some();
    if online && (args.model.is_some() || args.policy_dir.is_some()) {
        return Err(Failure::usage(
            "--model and --policy-dir are for judging without a server; leave them out, or leave out --server and unset GATEPOST_SERVER",
        ));
    }
    match &args.file {
        Some(file) => archive::run(args, file),
        None => one(args),
    }
}

fn site(args: &CheckArgs) -> &str {
    args.connect.site_if_any().unwrap_or(SITE)
}

fn judge(args: &CheckArgs) -> Result<Judge, Failure> {
    offline_judge(args.model.as_deref(), args.policy_dir.as_deref()).map_err(|error| Failure::failed(format!("{error:#}")))
}

fn one(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let comment = args.given.comment(site(args))?;
    let body = comment.body.clone();
    let online = args.connect.server().is_some();
    let verdict = if online {
        wait(async { checked(&args.connect.connect().await?, comment, args.dry_run).await })?
    } else {
        judged(&judge(args)?, comment)?
    };

    let mut screen = Screen::new();
    if args.format.format == Format::Table {
        print(&mut screen, &verdict, &body, online)?;
    } else {
        print_one(&mut screen, args.format.format, &verdict)?;
    }
    if !args.exit_code {
        return Ok(ExitCode::SUCCESS);
    }
    match explain::decision(&verdict) {
        Some(Decision::Approve) => Ok(ExitCode::SUCCESS),
        Some(Decision::Hold) => Ok(ExitCode::from(10)),
        Some(Decision::Reject) => Ok(ExitCode::from(11)),
        None => Err(Failure::failed("the server gave a decision that this program does not know; is it newer?")),
    }
}

fn print(screen: &mut Screen, verdict: &pb::Verdict, body: &str, online: bool) -> Result<(), Failure> {
    let heading = explain::heading(screen, verdict);
    screen.line(&heading)?;
    explain::print(screen, verdict, body)?;
    if !verdict.language.is_empty() {
        screen.line(&format!("language {}", text::line(&verdict.language, 40)))?;
    }
    if online {
        let [id, site, verdict_id, model, policy] =
            [&verdict.comment_id, &verdict.site, &verdict.verdict_id, &verdict.model_version, &verdict.policy_version]
                .map(|part| text::line(part, 256));
        screen.line(&format!("comment  {id} on {site}"))?;
        screen.line(&format!("verdict  {verdict_id}, revision {}", verdict.revision))?;
        screen.line(&format!("model    {model}\npolicy   {policy}"))?;
    }
    screen.flush()
}

/// A verdict without a server.
fn judged(judge: &Judge, comment: pb::Comment) -> Result<pb::Verdict, Failure> {
    let now = SystemTime::now();
    match Comment::parse(comment, now) {
        Ok(comment) => Ok(judge.judge(&comment, &Facts::default(), now).into()),
        Err(violations) => Err(Failure::fields(violations.iter().map(|v| (v.field.as_str(), v.problem.as_str())))),
    }
}

/// A server's verdict.
async fn checked(connection: &Connection, comment: pb::Comment, dry_run: bool) -> Result<pb::Verdict, Failure> {
    let request = pb::CheckCommentRequest { comment: Some(comment), dry_run };
    let answer = connection.moderation().check_comment(request).await.map_err(|status| connection.failure(&status))?;
    answer.into_inner().verdict.ok_or_else(|| Failure::failed(format!("{} answered without a verdict", connection.server())))
}
