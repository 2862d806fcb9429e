//! `gatepost approve` and `gatepost reject`: a moderator decides.

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
  gatepost reject --filter 'label=spam score>0.9' --reason spam     shows what it is, and asks
  gatepost reject --filter like=c-17 --reason spam --yes";

/// Options of `approve` and `reject`.
#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    #[command(flatten)]
    ids: IdArgs,
    #[command(flatten)]
    bulk: BulkArgs,
    /// The name of the act, so that several commands are one and are taken back at once
    #[arg(long, value_name = "NAME")]
    act: Option<String>,
    /// Why, e.g. spam, abusive, hate_speech, harassment, ad, illegal, irrelevant, misinformation, other
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    reason: String,
    /// A note for other moderators
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
    /// What the author is told
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    author_message: String,
    /// Publish without these parts, which the host must leave out [possible values: links, author-url]
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = part)]
    without: Vec<RemovablePart>,
    #[command(flatten)]
    actor: ActorArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Returns the part of a comment that a word names.
fn part(word: &str) -> Result<RemovablePart, String> {
    let named = RemovablePart::ALL.into_iter().find(|part| part.as_str() == word);
    named.ok_or_else(|| "must be links or author-url; separate both by a comma".to_owned())
}

/// Decides all of them alike, as one act.
pub async fn run(args: &DecideArgs, decision: Decision) -> Result<ExitCode, Failure> {
    if !args.without.is_empty() && decision != Decision::Approve {
        return Err(Failure::usage("--without goes with approve: what is not published has no parts to leave out"));
    }
    let site = args.connect.site()?;
    let ids = if args.bulk.is_given() { Vec::new() } else { args.ids.require()? };
    if args.bulk.is_given() && args.ids.is_given() {
        return Err(Failure::usage("either ids or --filter, not both"));
    }
    if args.bulk.is_given() && args.actor.expected_revision.is_some() {
        return Err(Failure::usage("--filter decides at the revisions that it finds; leave out --expected-revision"));
    }
    let connection = args.connect.connect().await?;
    // One name for all calls, so that they are taken back as one.
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
    let ended = if args.bulk.is_given() {
        let Some(found) = args.bulk.select(&connection, &site, decision, args.format.format).await? else {
            return Ok(ExitCode::SUCCESS);
        };
        bulk::decide(found, args.format.format, call).await
    } else {
        review_ids::act_on_ids(&ids, args.format.format, async |ids| call(ids, args.actor.expected_revision).await).await
    };
    // Also when it broke off in the middle: then it is needed most.
    if many {
        terminal::log_line(&format!("one act; `gatepost undo --act {act_id}` takes it back"));
    }
    ended
}
