//! `gatepost approve` and `gatepost reject`: a moderator decides.

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::ids::{ActorArgs, IdArgs};
use super::output::FormatArgs;
use crate::pb;
use crate::verdict::Decision;

pub const APPROVE_EXAMPLES: &str = "Examples:
  gatepost approve --site blog.example c-17 c-18
  gatepost queue --format ids | gatepost approve -
  gatepost approve c-17 --expected-revision 1 --note 'quotes the post'";

pub const REJECT_EXAMPLES: &str = "Examples:
  gatepost reject --site blog.example c-17 --reason abusive --author-message 'Argue with the point, please.'
  gatepost queue --filter 'label=spam score>0.9' --format ids | xargs -r gatepost reject --reason spam";

/// Options of `approve` and `reject`.
#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    #[command(flatten)]
    ids: IdArgs,
    /// Why, e.g. spam, abusive, hate_speech, harassment, ad, illegal, irrelevant, misinformation, other
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    reason: String,
    /// A note for other moderators
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
    /// What the author is told
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    author_message: String,
    #[command(flatten)]
    actor: ActorArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Decides all of them alike.
pub async fn run(args: &DecideArgs, decision: Decision) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let connection = args.connect.connect().await?;
    let call = async |ids| {
        let request = pb::DecideCommentsRequest {
            site: site.clone(),
            ids,
            decision: decision.to_wire().into(),
            reason_code: args.reason.clone(),
            note: args.note.clone(),
            expected_revision: args.actor.expected_revision,
            moderator: args.actor.moderator(),
            author_message: args.author_message.clone(),
        };
        let answer = connection.review().decide_comments(request).await;
        Ok(answer.map_err(|status| connection.failure(&status))?.into_inner().results)
    };
    args.ids.act(args.format.format, call).await
}
