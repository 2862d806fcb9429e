//! The ReviewService, for moderators.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::guard::{call, open_as_moderator, open_request};
use super::requests::{
    ClaimSelection, audit_request, claim_request, decide_request, list_request, parse_timestamp, release_request,
    site_and_comment_id, undo_request,
};
use super::responses::{answer_full_error, claim_error, moderated_comment, refused_act, review_result, threshold_message};
use super::streams::{AnswerStream, StreamPlaces, respond};
use super::watch_queue;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb::{self, review_service_server::ReviewService};
use crate::review::{MAX_ANSWER_BYTES, ReviewAct, ReviewDesk, UndoneAct, encoded_size};

/// Default time span of the statistics.
const DEFAULT_STATS_SPAN: Duration = Duration::from_secs(7 * 86_400);

/// The implementation of the ReviewService.
pub struct Review {
    desk: ReviewDesk,
    streams: StreamPlaces,
    /// Becomes true when the server shuts down.
    leaving: watch::Receiver<bool>,
}

impl Review {
    /// Creates the service.
    pub fn new(desk: ReviewDesk, streams: StreamPlaces, leaving: watch::Receiver<bool>) -> Self {
        Self { desk, streams, leaving }
    }

    async fn act_on_all(&self, site: &Site, ids: Vec<String>, act: &ReviewAct) -> Result<Vec<pb::ReviewResult>, Error> {
        let mut results = Vec::with_capacity(ids.len());
        for comment_id in ids {
            let outcome = match CommentId::parse("ids", &comment_id) {
                Ok(id) => self.desk.act(site, &id, act).await?.map_err(|refusal| refused_act(refusal, &comment_id)),
                Err(violation) => Err((None, "INVALID_ID", violation.problem)),
            };
            results.push(review_result(comment_id, outcome));
        }
        Ok(results)
    }
}

#[tonic::async_trait]
impl ReviewService for Review {
    async fn list_comments(
        &self,
        request: Request<pb::ListCommentsRequest>,
    ) -> Result<Response<pb::ListCommentsResponse>, Status> {
        let request = open_request(request).await?;
        let (site, filter, order, page_size) = list_request(&request)?;
        let after = Some(request.page_token.as_str()).filter(|token| !token.is_empty());
        let page = self.desk.list(&site, &filter, order, page_size, after).await?;
        let claims = self.desk.claims(&site, &page.comments).await?;
        let wanted = page.comments.into_iter().zip(claims).filter(|(_, claim)| filter.matches_claim(claim.as_ref()));
        Ok(Response::new(pb::ListCommentsResponse {
            comments: wanted.map(|(stored, claim)| moderated_comment(stored, claim)).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn get_comment(&self, request: Request<pb::GetCommentRequest>) -> Result<Response<pb::GetCommentResponse>, Status> {
        let request = open_request(request).await?;
        let (site, id) = site_and_comment_id(&request.site, &request.comment_id)?;
        let found = self.desk.comment(&site, &id).await?;
        let rules = self.desk.rules(&site);
        let stored = found.stored;
        let audit_events = stored.trail.into_iter().map(|past| past.event).chain([stored.event]).collect();
        Ok(Response::new(pb::GetCommentResponse {
            comment: Some(stored.comment),
            verdict: Some(stored.verdict.into()),
            author_history: found.author.map(|history| pb::AuthorHistory {
                approved: history.approved,
                held: history.held,
                rejected: history.rejected,
            }),
            audit_events,
            received_at: Some(stored.received_at.into()),
            claim: found.claim.map(Into::into),
            thresholds: rules.thresholds.into_iter().map(threshold_message).collect(),
            reason_required: rules.reason_required,
        }))
    }

    async fn claim_comments(
        &self,
        request: Request<pb::ClaimCommentsRequest>,
    ) -> Result<Response<pb::ClaimCommentsResponse>, Status> {
        let (site, wanted, claimant) = claim_request(open_as_moderator(request, |request| &mut request.moderator).await?.0)?;
        let (mut comments, mut errors) = (Vec::new(), Vec::new());
        match wanted {
            ClaimSelection::Next(filter, limit) => {
                let claimed = self.desk.claim_next(&site, &filter, limit, &claimant).await?;
                comments.extend(claimed.into_iter().map(|claimed| moderated_comment(claimed.stored, Some(claimed.claim))));
            }
            ClaimSelection::ByIds(ids) => {
                let mut bytes = 0;
                for id in ids {
                    if bytes > MAX_ANSWER_BYTES {
                        errors.push(answer_full_error(id.as_str()));
                        continue;
                    }
                    match self.desk.claim(&site, &id, &claimant).await? {
                        Ok(claimed) => {
                            bytes += encoded_size(&claimed.stored);
                            comments.push(moderated_comment(claimed.stored, Some(claimed.claim)));
                        }
                        Err(refusal) => errors.push(claim_error(refusal, id.as_str())),
                    }
                }
            }
        }
        Ok(Response::new(pb::ClaimCommentsResponse { comments, errors }))
    }

    async fn release_comments(
        &self,
        request: Request<pb::ReleaseCommentsRequest>,
    ) -> Result<Response<pb::ReleaseCommentsResponse>, Status> {
        let (request, _) = open_as_moderator(request, |request| &mut request.moderator).await?;
        let (site, ids, moderator) = release_request(request)?;
        for id in &ids {
            self.desk.release(&site, id, &moderator).await?;
        }
        Ok(Response::new(pb::ReleaseCommentsResponse { errors: Vec::new() }))
    }

    async fn decide_comments(
        &self,
        request: Request<pb::DecideCommentsRequest>,
    ) -> Result<Response<pb::DecideCommentsResponse>, Status> {
        let (request, source) = open_as_moderator(request, |request| &mut request.moderator).await?;
        let (site, ids, act) = decide_request(request, source, |site| self.desk.rules(site).reason_required)?;
        let results = self.act_on_all(&site, ids, &act).await?;
        // The next comment is scored with what this decision has taught.
        self.desk.learning().refreshed(&site).await;
        Ok(Response::new(pb::DecideCommentsResponse { results, act_id: act.act_id }))
    }

    async fn undo_decision(
        &self,
        request: Request<pb::UndoDecisionRequest>,
    ) -> Result<Response<pb::UndoDecisionResponse>, Status> {
        let (request, source) = open_as_moderator(request, |request| &mut request.moderator).await?;
        let act_id = request.act_id.clone();
        let (site, ids, act) = undo_request(request, source)?;
        if act_id.is_empty() {
            let results = self.act_on_all(&site, ids, &act).await?;
            self.desk.learning().refreshed(&site).await;
            return Ok(Response::new(pb::UndoDecisionResponse { results, ..Default::default() }));
        }
        let UndoneAct { act_id, results, remaining } = self.desk.undo_act(&site, &act_id, &act).await?;
        self.desk.learning().refreshed(&site).await;
        let results = results.into_iter().map(|(id, outcome)| {
            let outcome = outcome.map_err(|refusal| refused_act(refusal, &id));
            review_result(id, outcome)
        });
        let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
        Ok(Response::new(pb::UndoDecisionResponse { results: results.collect(), act_id, remaining }))
    }

    async fn list_audit_events(
        &self,
        request: Request<pb::ListAuditEventsRequest>,
    ) -> Result<Response<pb::ListAuditEventsResponse>, Status> {
        let (site, filter, page_size, from) = audit_request(open_request(request).await?)?;
        let page = self.desk.audit_events(&site, &filter, page_size, from).await?;
        Ok(Response::new(pb::ListAuditEventsResponse {
            events: page.events,
            next_page_token: page.next.map(|number| number.to_string()).unwrap_or_default(),
            forgotten: page.forgotten.number,
            forgotten_hash: page.forgotten.hash.to_vec(),
            newest: page.newest.number,
            newest_hash: page.newest.hash.to_vec(),
        }))
    }

    async fn get_queue_stats(
        &self,
        request: Request<pb::GetQueueStatsRequest>,
    ) -> Result<Response<pb::GetQueueStatsResponse>, Status> {
        let request = open_request(request).await?;
        let site = Site::parse("site", &request.site).map_err(Error::from)?;
        let since = parse_timestamp("since", request.since)
            .map_err(Error::from)?
            .or_else(|| SystemTime::now().checked_sub(DEFAULT_STATS_SPAN));
        Ok(Response::new(self.desk.stats(&site, since.unwrap_or(SystemTime::UNIX_EPOCH)).await?))
    }

    type WatchQueueStream = AnswerStream<pb::WatchQueueResponse>;

    async fn watch_queue(&self, request: Request<pb::WatchQueueRequest>) -> Result<Response<Self::WatchQueueStream>, Status> {
        let call = call(&request)?;
        let site = Site::parse("site", &open_request(request).await?.site).map_err(Error::from)?;
        let place = self.streams.take(&call, site.as_str())?;
        let moves = watch_queue::queue_moves(self.desk.clone(), site, self.leaving.clone()).await?;
        Ok(respond(place, moves))
    }
}
