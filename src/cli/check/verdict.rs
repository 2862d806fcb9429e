//! Verdicts on comments, by the judge in this process or by a server.

use std::time::SystemTime;

use super::args::CheckArgs;
use crate::cli::connect::Connection;
use crate::cli::failure::Failure;
use crate::cli::offline::offline_judge;
use crate::comment::Comment;
use crate::facts::Facts;
use crate::judge::Judge;
use crate::pb;

/// Returns the judge that the options select.
pub fn judge(args: &CheckArgs) -> Result<Judge, Failure> {
    offline_judge(args.model.as_deref(), args.policy_dir.as_deref()).map_err(|error| Failure::failed(format!("{error:#}")))
}

/// Judges a comment without a server.
///
/// # Errors
/// Returns an error if the comment is invalid.
pub fn check_offline(judge: &Judge, comment: pb::Comment) -> Result<pb::Verdict, Failure> {
    let now = SystemTime::now();
    match Comment::parse(comment, now) {
        Ok(comment) => Ok(judge.judge(&comment, &Facts::default(), now).into()),
        Err(violations) => Err(Failure::invalid_fields(violations.iter().map(|v| (v.field.as_str(), v.problem.as_str())))),
    }
}

/// Judges a comment on a server.
pub async fn check_online(connection: &Connection, comment: pb::Comment, dry_run: bool) -> Result<pb::Verdict, Failure> {
    let request = pb::CheckCommentRequest { comment: Some(comment), dry_run };
    let answer = connection.moderation().check_comment(request).await.map_err(|status| connection.failure(&status))?;
    answer.into_inner().verdict.ok_or_else(|| Failure::failed(format!("{} answered without a verdict", connection.server())))
}
