//! The client of the review screen. It runs each request in its own task with a timeout and sends the reply back.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::{Code, Response, Status};

use super::act::{ActKind, PendingAct};
use super::claims::{CLAIM_LEASE, Claim};
use super::event::{ClaimResult, Effect, RequestFailure, ServerReply};
use super::paging::PAGE_ROWS;
use super::row::{CommentDetails, CommentRow};
use crate::cli::connect::Connection;
use crate::cli::retry;
use crate::pb;

/// Timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of one request of an act, which may hold a thousand decisions.
const ACT_TIMEOUT: Duration = Duration::from_secs(60);
/// Page size of the search for near-duplicates, the largest that the server allows.
const SIMILAR_PAGE_SIZE: i32 = 1_000;
/// Maximum number of pages of the search for near-duplicates. The server searches 2,000 comments per page, so these are
/// the newest 6,000.
const MAX_SIMILAR_PAGES: usize = 3;
/// Maximum number of ids per request, as the server allows.
const MAX_IDS_PER_CALL: usize = 1_000;

/// A client that runs the effects of the screen. The connection reconnects by itself; the screen decides when to retry.
#[derive(Clone)]
pub struct ReviewClient {
    connection: Connection,
    site: String,
    moderator: String,
    answers: UnboundedSender<ServerReply>,
}

impl ReviewClient {
    /// Returns a client and the channel on which its replies arrive.
    pub fn new(connection: Connection, site: String, moderator: String) -> (Self, UnboundedReceiver<ServerReply>) {
        let (answers, replies) = unbounded_channel();
        (Self { connection, site, moderator, answers }, replies)
    }

    /// Runs an effect in a task of its own, without waiting for the reply.
    pub fn send(&self, effect: Effect) {
        let client = self.clone();
        tokio::spawn(async move {
            let answer = client.execute(effect).await;
            // Sending fails only if the screen is closed.
            let _ = client.answers.send(answer);
        });
    }

    /// Runs an effect and returns the reply.
    async fn execute(&self, effect: Effect) -> ServerReply {
        match effect {
            Effect::List { ticket, filter, order, token, rows } => {
                ServerReply::Listed { ticket, listed: self.list_comments(&filter, order, token, rows).await }
            }
            Effect::UpdateClaims { release, claim } => {
                let leased = self.update_claims(&release, claim.as_deref()).await;
                ServerReply::Claims { claim, leased, released: release }
            }
            Effect::Details { id } => {
                let details = self.details(&id).await;
                ServerReply::Details { id, details: details.map(Box::new) }
            }
            Effect::Act(act) => {
                let mut results = Vec::new();
                let problem = self.act(&act, &mut results).await.err();
                ServerReply::Acted { number: act.number, results, problem }
            }
            Effect::FindSimilar { id } => {
                let alike = self.find_similar(&id).await;
                ServerReply::Similar { id, alike }
            }
            Effect::Block { id, name, note } => {
                let blocked = self.block(id, note).await;
                ServerReply::Blocked { name, blocked }
            }
        }
    }

    /// Runs a call with a timeout and converts its failure.
    async fn call_with_timeout<T>(
        &self,
        time: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, RequestFailure> {
        let answer = tokio::time::timeout(time, call).await;
        let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")));
        answer.map(Response::into_inner).map_err(|status| RequestFailure {
            failure: self.connection.failure(&status),
            is_retryable: retry::is_retryable(&status),
            is_unimplemented: status.code() == Code::Unimplemented,
        })
    }

    /// Fetches pages until there are at least `wanted` rows or no more comments. Returns the rows and the next page token.
    ///
    /// Each page is reduced to rows at once, because whole comments may be long.
    async fn list_comments(
        &self,
        filter: &str,
        order: &str,
        mut token: String,
        wanted: usize,
    ) -> Result<(Vec<CommentRow>, String), RequestFailure> {
        let mut rows: Vec<CommentRow> = Vec::new();
        loop {
            let request = pb::ListCommentsRequest {
                site: self.site.clone(),
                filter: filter.to_owned(),
                order_by: order.to_owned(),
                page_size: i32::try_from(PAGE_ROWS).unwrap_or(50),
                page_token: token,
            };
            let page = self.call_with_timeout(REQUEST_TIMEOUT, self.connection.review().list_comments(request)).await?;
            rows.extend(page.comments.iter().map(CommentRow::from));
            token = page.next_page_token;
            if token.is_empty() || rows.len() >= wanted {
                return Ok((rows, token));
            }
        }
    }

    /// Returns the held and unclaimed near-duplicates of a comment, without the comment itself.
    async fn find_similar(&self, id: &str) -> Result<Vec<(String, u32)>, RequestFailure> {
        let (mut alike, mut page_token) = (Vec::new(), String::new());
        for _ in 0..MAX_SIMILAR_PAGES {
            let request = pb::ListCommentsRequest {
                site: self.site.clone(),
                filter: format!("decision=hold claimed=no like={id}"),
                order_by: "newest".to_owned(),
                page_size: SIMILAR_PAGE_SIZE,
                page_token,
            };
            let page = self.call_with_timeout(REQUEST_TIMEOUT, self.connection.review().list_comments(request)).await?;
            let verdicts = page.comments.into_iter().filter_map(|comment| comment.verdict);
            let others = verdicts.map(|verdict| (verdict.comment_id, verdict.revision)).filter(|(other, _)| other != id);
            alike.extend(others);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Ok(alike)
    }

    /// Fetches the details of a comment.
    async fn details(&self, id: &str) -> Result<CommentDetails, RequestFailure> {
        let request = pb::GetCommentRequest { site: self.site.clone(), comment_id: id.to_owned() };
        let response = self.call_with_timeout(REQUEST_TIMEOUT, self.connection.review().get_comment(request)).await?;
        Ok(response.into())
    }

    /// Blocks the author of a comment.
    async fn block(&self, id: String, note: String) -> Result<(), RequestFailure> {
        let entry = pb::ListEntry { kind: pb::ListKind::Block.into(), note, ..Default::default() };
        let (site, moderator) = (self.site.clone(), self.moderator.clone());
        let request = pb::PutListEntryRequest { site, entry: Some(entry), author_of: id, moderator };
        self.call_with_timeout(REQUEST_TIMEOUT, self.connection.admin().put_list_entry(request)).await.map(|_| ())
    }

    /// Releases claims, and then claims a comment.
    async fn update_claims(&self, release: &[String], claim: Option<&str>) -> Result<ClaimResult, RequestFailure> {
        for ids in release.chunks(MAX_IDS_PER_CALL) {
            let (site, moderator) = (self.site.clone(), self.moderator.clone());
            let request = pb::ReleaseCommentsRequest { site, ids: ids.to_vec(), moderator };
            self.call_with_timeout(REQUEST_TIMEOUT, self.connection.review().release_comments(request)).await?;
        }
        let Some(id) = claim else { return Ok(ClaimResult::NotClaimed) };
        let mut answer = self.claim(&[id.to_owned()]).await?;
        if let Some(error) = answer.errors.pop() {
            return Ok(ClaimResult::Refused(error));
        }
        Ok(answer.comments.pop().map_or(ClaimResult::NotClaimed, |comment| {
            let lapses = SystemTime::now() + CLAIM_LEASE;
            let until = comment.claim.as_ref().and_then(Claim::from_wire).map_or(lapses, |claim| claim.until);
            ClaimResult::Granted { row: Box::new(CommentRow::from(&comment)), until }
        }))
    }

    /// Claims comments.
    async fn claim(&self, ids: &[String]) -> Result<pb::ClaimCommentsResponse, RequestFailure> {
        let request = pb::ClaimCommentsRequest {
            site: self.site.clone(),
            moderator: self.moderator.clone(),
            ids: ids.to_vec(),
            lease: prost_types::Duration::try_from(CLAIM_LEASE).ok(),
            ..Default::default()
        };
        self.call_with_timeout(REQUEST_TIMEOUT, self.connection.review().claim_comments(request)).await
    }

    /// Sends an act, with at least one call for each revision. If a call fails, `results` holds the answers so far.
    async fn act(&self, act: &PendingAct, results: &mut Vec<pb::ReviewResult>) -> Result<(), RequestFailure> {
        let mut items = act.items.clone();
        if act.bulk {
            self.claim_all(&mut items, results).await?;
        }
        let mut by_revision: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (id, revision) in items {
            by_revision.entry(revision).or_default().push(id);
        }
        for (revision, ids) in by_revision {
            for ids in ids.chunks(MAX_IDS_PER_CALL) {
                results.extend(self.act_on_batch(act, revision, ids.to_vec()).await?);
            }
        }
        Ok(())
    }

    /// Claims the comments of a bulk act. Comments that are refused move from `items` to `results`.
    async fn claim_all(
        &self,
        items: &mut Vec<(String, u32)>,
        results: &mut Vec<pb::ReviewResult>,
    ) -> Result<(), RequestFailure> {
        let ids: Vec<String> = items.iter().map(|(id, _)| id.clone()).collect();
        for ids in ids.chunks(MAX_IDS_PER_CALL) {
            let answer = match self.claim(ids).await {
                Err(problem) if problem.is_unimplemented => return Ok(()),
                answer => answer?,
            };
            // A comment that is not held cannot be claimed, but may still be decided if its revision is unchanged.
            for error in answer.errors.into_iter().filter(|error| error.reason != "NOT_HELD") {
                items.retain(|(id, _)| *id != error.comment_id);
                results.push(pb::ReviewResult { comment_id: error.comment_id.clone(), verdict: None, error: Some(error) });
            }
        }
        Ok(())
    }

    /// Sends one call of an act, for comments of the same revision.
    async fn act_on_batch(
        &self,
        act: &PendingAct,
        revision: u32,
        ids: Vec<String>,
    ) -> Result<Vec<pb::ReviewResult>, RequestFailure> {
        let (site, moderator) = (self.site.clone(), self.moderator.clone());
        let expected_revision = Some(revision);
        let mut client = self.connection.review();
        match act.kind {
            ActKind::Decide(decision) => {
                let request = pb::DecideCommentsRequest {
                    site,
                    ids,
                    decision: decision.to_wire().into(),
                    reason_code: act.reason_code.clone(),
                    note: act.note.clone(),
                    expected_revision,
                    moderator,
                    author_message: String::new(),
                    act_id: act.id.clone(),
                    publish_without: act.publish_without.clone(),
                };
                Ok(self.call_with_timeout(ACT_TIMEOUT, client.decide_comments(request)).await?.results)
            }
            ActKind::Undo => {
                let request = pb::UndoDecisionRequest { site, ids, expected_revision, moderator, act_id: String::new() };
                Ok(self.call_with_timeout(ACT_TIMEOUT, client.undo_decision(request)).await?.results)
            }
        }
    }
}
