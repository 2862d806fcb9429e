//! The command-line interface for operators, hosts and moderators. Client commands use gRPC only.

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

/// The arguments of the program.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, about = "Comment moderation: approve, hold or reject, with reasons")]
#[command(
    after_help = "Exit codes: 0 success, 1 failure, 2 usage error, 3 server unreachable, 4 access denied, 5 partial failure."
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
    /// Judge one comment or a file of comments
    #[command(after_help = check::EXAMPLES)]
    Check(Box<check::CheckArgs>),
    /// Import the comments of another system, or a saved queue
    #[command(after_help = import::EXAMPLES)]
    Import(import::ImportArgs),
    /// List comments that are waiting for a decision
    #[command(after_help = queue::EXAMPLES)]
    Queue(queue::QueueArgs),
    /// Show everything known about a comment
    #[command(after_help = show::EXAMPLES)]
    Show(show::ShowArgs),
    /// Review the queue in a full-screen terminal interface
    #[command(after_help = review::EXAMPLES)]
    Review(Box<review::ReviewArgs>),
    /// Claim held comments for one moderator
    #[command(after_help = claim::CLAIM_EXAMPLES)]
    Claim(claim::ClaimArgs),
    /// Release claimed comments
    #[command(after_help = claim::RELEASE_EXAMPLES)]
    Release(claim::ReleaseArgs),
    /// Approve comments
    #[command(after_help = decide::APPROVE_EXAMPLES)]
    Approve(decide::DecideArgs),
    /// Reject comments
    #[command(after_help = decide::REJECT_EXAMPLES)]
    Reject(decide::DecideArgs),
    /// Undo the last moderator's decision on comments, or a whole act
    #[command(after_help = undo::EXAMPLES)]
    Undo(undo::UndoArgs),
    /// Follow the verdict changes of a site
    #[command(after_help = watch::EXAMPLES)]
    Watch(watch::WatchArgs),
    /// Show and verify a site's audit log
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::AuditArgs),
    /// Show statistics about moderators and the queue
    #[command(after_help = stats::EXAMPLES)]
    Stats(stats::StatsArgs),
    /// Block and allow authors, addresses, domains and words
    #[command(after_help = list::EXAMPLES)]
    List(list::ListArgs),
    /// Export a person's comments, or copy the whole embedded store
    #[command(after_help = export::EXAMPLES)]
    Export(export::ExportArgs),
    /// Erase a person's data
    #[command(after_help = forget::EXAMPLES)]
    Forget(forget::ForgetArgs),
    /// Check whether a server accepts requests
    #[command(after_help = health::EXAMPLES)]
    Health(health::HealthArgs),
    /// Create, list and revoke keys
    #[command(after_help = keys::EXAMPLES)]
    Keys(keys::KeysArgs),
    /// Measure a server's latency and its behaviour under load
    #[command(after_help = bench::EXAMPLES)]
    Bench(Box<bench::BenchArgs>),
    /// Train, evaluate and inspect classifiers
    #[command(after_help = model::EXAMPLES)]
    Model(model::ModelArgs),
    /// Tune thresholds and check policy files
    #[command(after_help = policy::EXAMPLES)]
    Policy(policy::PolicyArgs),
    /// Print a shell completion script
    #[command(after_help = docs::COMPLETIONS_EXAMPLES)]
    Completions(docs::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    #[command(after_help = docs::MAN_EXAMPLES)]
    Man(docs::ManArgs),
}

const SERVE_EXAMPLES: &str = "Examples:
  gatepost serve                          on 127.0.0.1:50051, state in ./gatepost-data
  gatepost serve --listen 127.0.0.1:0     on a free port, printed as `listening on ADDR`
  gatepost serve --store redis://127.0.0.1/ --policy-dir /etc/gatepost/policies";

/// Runs the command and returns its exit code.
pub fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
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
    result.unwrap_or_else(|failure| report_failure(&failure))
}

/// Prints on standard error why a command failed, and returns its exit code.
fn report_failure(failure: &Failure) -> ExitCode {
    if !failure.message().is_empty() {
        // The message may contain text from the server and from comments.
        terminal::log_line(&format!("gatepost: {}", text::escape_block(failure.message())));
    }
    failure.exit_code()
}
