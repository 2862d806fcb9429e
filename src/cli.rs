//! The command line: one program for operators, hosts and moderators. Client commands speak gRPC only.

mod atomic_file;
mod audit;
mod author_args;
mod bench;
mod bulk;
mod check;
mod claim;
mod confirm;
mod connect;
mod decide;
mod docs;
mod export;
mod failure;
mod forget;
mod health;
mod import;
mod json;
mod keys;
mod labelled;
mod lines;
mod list;
mod listing;
mod model;
mod offline;
mod output;
mod parallel;
mod policy;
mod progress_bar;
mod queue;
mod queue_watch;
mod read_ahead;
mod reconnect;
mod retry;
mod review;
mod review_ids;
mod rows;
mod runtime;
mod serve;
mod show;
mod stats;
mod terminal;
mod text;
mod times;
mod undo;
mod verdict_view;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::verdict::Decision;
use failure::Failure;
#[doc(hidden)]
pub use import::read_archive;
use runtime::block_on;

/// What was typed.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, about = "Comment moderation: approve, hold or reject, with reasons")]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 server unreachable, 4 refused, 5 some of several failed."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Box<serve::ServeArgs>),
    /// Judge one comment, or a file of them
    #[command(after_help = check::EXAMPLES)]
    Check(Box<check::CheckArgs>),
    /// Bring in the comments of another system, or a saved queue
    #[command(after_help = import::EXAMPLES)]
    Import(import::ImportArgs),
    /// List comments that wait for a decision
    #[command(after_help = queue::EXAMPLES)]
    Queue(queue::QueueArgs),
    /// Show everything known of one comment
    #[command(after_help = show::EXAMPLES)]
    Show(show::ShowArgs),
    /// Review the queue in a full-screen terminal
    #[command(after_help = review::EXAMPLES)]
    Review(Box<review::ReviewArgs>),
    /// Take held comments, so that nobody else gets them
    #[command(after_help = claim::CLAIM_EXAMPLES)]
    Claim(claim::ClaimArgs),
    /// Give claimed comments back
    #[command(after_help = claim::RELEASE_EXAMPLES)]
    Release(claim::ReleaseArgs),
    /// Approve comments
    #[command(after_help = decide::APPROVE_EXAMPLES)]
    Approve(decide::DecideArgs),
    /// Reject comments
    #[command(after_help = decide::REJECT_EXAMPLES)]
    Reject(decide::DecideArgs),
    /// Take back the last moderator's decision on comments, or a whole act
    #[command(after_help = undo::EXAMPLES)]
    Undo(undo::UndoArgs),
    /// Follow what becomes of a site's comments
    #[command(after_help = watch::EXAMPLES)]
    Watch(watch::WatchArgs),
    /// Tell who did what on a site, and check that it is whole
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::AuditArgs),
    /// Count what moderators did, and how the queue moves
    #[command(after_help = stats::EXAMPLES)]
    Stats(stats::StatsArgs),
    /// Block and allow authors, addresses, domains and words
    #[command(after_help = list::EXAMPLES)]
    List(list::ListArgs),
    /// Print everything kept of a person, or copy the whole embedded store
    #[command(after_help = export::EXAMPLES)]
    Export(export::ExportArgs),
    /// Erase a person
    #[command(after_help = forget::EXAMPLES)]
    Forget(forget::ForgetArgs),
    /// Tell whether a server takes calls
    #[command(after_help = health::EXAMPLES)]
    Health(health::HealthArgs),
    /// Make, list and end keys
    #[command(after_help = keys::EXAMPLES)]
    Keys(keys::KeysArgs),
    /// Measure how fast a server answers, and how it fares under load
    #[command(after_help = bench::EXAMPLES)]
    Bench(Box<bench::BenchArgs>),
    /// Train a classifier, measure one, or look into one
    #[command(after_help = model::EXAMPLES)]
    Model(model::ModelArgs),
    /// Choose thresholds, and check policy files
    #[command(after_help = policy::EXAMPLES)]
    Policy(policy::PolicyArgs),
    /// Print what a shell reads to complete words
    #[command(after_help = docs::COMPLETIONS_EXAMPLES)]
    Completions(docs::CompletionsArgs),
    /// Print the manual
    #[command(after_help = docs::MAN_EXAMPLES)]
    Man(docs::ManArgs),
}

const SERVE_EXAMPLES: &str = "Examples:
  gatepost serve                          on 127.0.0.1:50051, state in ./gatepost-data
  gatepost serve --listen 127.0.0.1:0     on a free port, printed as `listening on ADDR`
  gatepost serve --store redis://127.0.0.1/ --policy-dir /etc/gatepost/policies";

/// Runs what was typed and says how it ended.
pub fn run(cli: Cli) -> ExitCode {
    let ended = match cli.command {
        Command::Serve(args) => serve::run(&args).map_err(|error| Failure::failed(format!("{error:#}"))),
        Command::Model(args) => model::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Import(args) => block_on(import::run(&args)),
        Command::Queue(args) => block_on(queue::run(&args)),
        Command::Show(args) => block_on(show::run(&args)),
        Command::Review(args) => block_on(review::run(&args)),
        Command::Completions(args) => docs::completions(&args, Cli::command()),
        Command::Man(args) => docs::man(&args, Cli::command()),
        Command::Claim(args) => block_on(claim::claim(&args)),
        Command::Release(args) => block_on(claim::release(&args)),
        Command::Audit(args) => block_on(audit::run(&args)),
        Command::Stats(args) => block_on(stats::run(&args)),
        Command::List(args) => block_on(list::run(&args)),
        Command::Approve(args) => block_on(decide::run(&args, Decision::Approve)),
        Command::Reject(args) => block_on(decide::run(&args, Decision::Reject)),
        Command::Undo(args) => block_on(undo::run(&args)),
        Command::Watch(args) => block_on(watch::run(&args)),
        Command::Export(args) => block_on(export::run(&args)),
        Command::Forget(args) => block_on(forget::run(&args)),
        Command::Health(args) => block_on(health::run(&args)),
        Command::Keys(args) => block_on(keys::run(&args)),
    };
    ended.unwrap_or_else(|failure| report_failure(&failure))
}

/// Says on standard error why a command failed, and returns its exit code.
fn report_failure(failure: &Failure) -> ExitCode {
    if !failure.message().is_empty() {
        // Part of it comes from the server, and part of that from comments.
        terminal::log_line(&format!("gatepost: {}", text::escape_block(failure.message())));
    }
    failure.exit_code()
}
