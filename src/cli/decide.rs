//! `gatepost approve` and `gatepost reject`: record a moderator's decision.

use std::process::ExitCode;

use super::bulk::{self, BulkArgs};
use super::connect::ConnectArgs;
use super::failure::Failure;
use super::output::FormatArgs;
use super::review_ids::{self, ActorArgs, IdArgs};
use super::terminal;
use crate::pb;
use crate::verdict::{Decision, RemovablePart};

pub const APPROVE_EXAMPLES: &str = "Examples:
  gatepost approve --site blog.example c-17 c-18
  gatepost queue --format ids | gatepost approve -
  gatepost approve --filter 'post=p-9 score<0.3' --dry-run
  gatepost approve c-17 --without links,author-url
  gatepost approve c-17 --expected-revision 1 --note 'quotes the post'";

pub const REJECT_EXAMPLES: &str = "Examples:
  gatepost reject --site blog.example c-17 --reason abusive --author-message 'Argue with the point, please.'
  gatepost queue --filter 'label=spam score>0.9' --format ids | gatepost reject --reason spam -
  gatepost reject --filter 'label=spam score>0.9' --reason spam     shows the comments, and asks
  gatepost reject --filter like=c-17 --reason spam --yes";

/// Options of `approve` and `reject`.
#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    #[command(flatten)]
    ids: IdArgs,
    #[command(flatten)]
    bulk: BulkArgs,
    /// Name of the act; commands that share it can be undone together
    #[arg(long, value_name = "NAME")]
    act: Option<String>,
    /// Reason code, e.g. spam, abusive, hate_speech, harassment, ad, illegal, irrelevant, misinformation, other
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    reason: String,
    /// Note for other moderators
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
    /// Message to the author
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    author_message: String,
    /// Approve without these parts, which the host must leave out [possible values: links, author-url]
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = part)]
    without: Vec<RemovablePart>,
    #[command(flatten)]
    actor: ActorArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Parses the name of a part of a comment.
fn part(word: &str) -> Result<RemovablePart, String> {
    let named = RemovablePart::ALL.into_iter().find(|part| part.as_str() == word);
    named.ok_or_else(|| "must be links or author-url; separate several by commas".to_owned())
}

/// Records the same decision on all comments, as one act.
pub async fn run(args: &DecideArgs, decision: Decision) -> Result<ExitCode, Failure> {
    if !args.without.is_empty() && decision != Decision::Approve {
        return Err(Failure::usage("--without is only for approve; leave it out"));
    }
    let site = args.connect.site()?;
    let ids = if args.bulk.is_given() { Vec::new() } else { args.ids.require()? };
    if args.bulk.is_given() && args.ids.is_given() {
        return Err(Failure::usage("give either ids or --filter, not both"));
    }
    if args.bulk.is_given() && args.actor.expected_revision.is_some() {
        return Err(Failure::usage("--filter uses the revisions that it finds; leave out --expected-revision"));
    }
    let connection = args.connect.connect().await?;
    // All requests share one act, so that they can be undone together.
    let act_id = args.act.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let call = async |ids, revision: Option<u32>| {
        let request = pb::DecideCommentsRequest {
            site: site.clone(),
            ids,
            decision: decision.to_wire().into(),
            reason_code: args.reason.clone(),
            note: args.note.clone(),
            expected_revision: revision,
            moderator: args.actor.moderator(),
            author_message: args.author_message.clone(),
            act_id: act_id.clone(),
            publish_without: args.without.iter().map(|part| part.to_wire().into()).collect(),
        };
        let answer = connection.review().decide_comments(request).await;
        Ok(answer.map_err(|status| connection.failure(&status))?.into_inner().results)
    };
    let many = ids.len() > 1 || args.bulk.is_given();
    let result = if args.bulk.is_given() {
        let Some(found) = args.bulk.select(&connection, &site, decision, args.format.format).await? else {
            return Ok(ExitCode::SUCCESS);
        };
        bulk::decide(found, args.format.format, call).await
    } else {
        review_ids::act_on_ids(&ids, args.format.format, async |ids| call(ids, args.actor.expected_revision).await).await
    };
    // Print the act even after a failure: a decision that was recorded only in part may have to be undone.
    if many {
        terminal::log_line(&format!("recorded as one act; `gatepost undo --act {act_id}` undoes it"));
    }
    result
}
