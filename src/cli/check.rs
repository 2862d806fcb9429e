//! `gatepost check`: judges one comment, or a file of them, with the built-in model or by a server.

mod args;
mod comment_args;
mod file;
mod report;
mod single;
mod tally;
mod verdict;

use std::process::ExitCode;

use super::failure::Failure;
pub use super::offline::OFFLINE_SITE;
pub use args::CheckArgs;

pub const EXAMPLES: &str = "Examples:
  gatepost check 'Great post, thank you'
  gatepost check --post-title 'On tea' --author-name Ann < comment.txt
  gatepost check --exit-code 'Cheap pills at http://pills.example'; echo $?
  gatepost check --file comments.jsonl.gz --where split=test --show reject
  gatepost check --file comments.jsonl --server 127.0.0.1:50051 --dry-run --format jsonl

A line of the file is one comment in proto3 JSON, e.g. {\"body\": \"…\", \"author\": {\"name\": \"Ann\"}}. `text` is also
taken for `body`, `post_text` for `post.text`, `id` for `comment_id`; other fields are passed over.
Without a server there are no limits and no history: only text, post, form and policy count.";

/// Judges what was given.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    if args.is_online() && (args.model.is_some() || args.policy_dir.is_some()) {
        return Err(Failure::usage(
            "--model and --policy-dir are for judging without a server; leave them out, or leave out --server and unset GATEPOST_SERVER",
        ));
    }
    match &args.file {
        Some(file) => file::run(args, file),
        None => single::run(args),
    }
}
