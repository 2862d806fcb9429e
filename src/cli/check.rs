//! `gatepost check`: judges one comment or a file of comments, with the built-in model or on a server.

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

Each line of the file is a comment in proto3 JSON, e.g. {\"body\": \"…\", \"author\": {\"name\": \"Ann\"}}. `text` is also
accepted for `body`, `post_text` for `post.text` and `id` for `comment_id`; unknown fields are ignored.
Without a server there are no limits and no history: only the text, the post, the form and the policy count.";

/// Judges the comment, or the file of comments.
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
