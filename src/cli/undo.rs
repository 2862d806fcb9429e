//! `gatepost undo`: takes back the last moderator's decision.

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::ids::{ActorArgs, IdArgs};
use super::output::FormatArgs;
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost undo --site blog.example c-17
  gatepost reject - --format ids < ids.txt > rejected.txt; gatepost undo - < rejected.txt";

/// Options of `undo`.
#[derive(Debug, clap::Args)]
pub struct UndoArgs {
    #[command(flatten)]
    ids: IdArgs,
    #[command(flatten)]
    actor: ActorArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Undoes the last decision on each of them.
pub async fn run(args: &UndoArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let connection = args.connect.connect().await?;
    let call = async |ids| {
        let request = pb::UndoDecisionRequest {
            site: site.clone(),
            ids,
            expected_revision: args.actor.expected_revision,
            moderator: args.actor.moderator(),
        };
        let answer = connection.review().undo_decision(request).await;
        Ok(answer.map_err(|status| connection.failure(&status))?.into_inner().results)
    };
    args.ids.act(args.format.format, call).await
}
