//! `gatepost undo`: undoes the last moderator's decision on comments, or a whole act.

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::output::FormatArgs;
use super::review_ids::{self, ActorArgs, IdArgs, Results};
use crate::pb;

/// Name of a moderator's last act in requests.
const LAST_ACT: &str = "last";

pub const EXAMPLES: &str = "Examples:
  gatepost undo --site blog.example c-17
  gatepost undo --last                              your last act, with all its comments
  gatepost undo --act 019fa1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b
  gatepost reject - --format ids < ids.txt > rejected.txt; gatepost undo - < rejected.txt";

/// Options of `undo`.
#[derive(Debug, clap::Args)]
pub struct UndoArgs {
    #[command(flatten)]
    ids: IdArgs,
    /// Undo a whole act, by the name that `approve` and `reject` print
    #[arg(long, value_name = "NAME", conflicts_with = "expected_revision")]
    act: Option<String>,
    /// Undo the moderator's last act, with all its comments
    #[arg(long, conflicts_with_all = ["act", "expected_revision"])]
    last: bool,
    #[command(flatten)]
    actor: ActorArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Undoes the last decision on each comment, or a whole act.
pub async fn run(args: &UndoArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let act = args.act.clone().or_else(|| args.last.then(|| LAST_ACT.to_owned()));
    let ids = match &act {
        Some(_) if args.ids.is_given() => return Err(Failure::usage("give either ids or an act, not both")),
        Some(_) => Vec::new(),
        None => args.ids.require()?,
    };
    let connection = args.connect.connect().await?;
    let call = async |ids, act_id| {
        let request = pb::UndoDecisionRequest {
            site: site.clone(),
            ids,
            expected_revision: args.actor.expected_revision,
            moderator: args.actor.moderator(),
            act_id,
        };
        let answer = connection.review().undo_decision(request).await;
        Ok::<_, Failure>(answer.map_err(|status| connection.failure(&status))?.into_inner())
    };
    let Some(mut act) = act else {
        return review_ids::act_on_ids(&ids, args.format.format, async |ids| Ok(call(ids, String::new()).await?.results)).await;
    };
    let mut results = Results::new(args.format.format);
    let mut all = 0;
    loop {
        let answer = match call(Vec::new(), act).await {
            Ok(answer) => answer,
            // Report what was undone before the failure, too.
            Err(failure) => return results.finish(all, Some(failure)),
        };
        all += answer.results.len();
        results.print(&answer.results)?;
        if answer.remaining == 0 || answer.results.iter().all(|result| result.error.is_some()) {
            return results.finish(all, None);
        }
        act = answer.act_id;
    }
}
