//! The ModerationService, for hosts.

use std::sync::Arc;

use tonic::{Request, Response, Status, Streaming};

use super::archive;
use super::author_data;
use super::guard::{call, caller, open_request};
use super::outcome;
use super::requests::site_and_comment_id;
use super::streams::{AnswerStream, StreamPlaces, respond};
use super::watch_verdicts;
use crate::comment::Site;
use crate::error::Error;
use crate::fair::FairSemaphore;
use crate::moderate::{Moderator, Origin};
use crate::pb::{self, moderation_service_server::ModerationService};
use crate::review::ReviewDesk;
use crate::store::Store;
use crate::telemetry;

/// The implementation of the ModerationService.
pub struct Moderation {
    moderator: Arc<Moderator>,
    desk: ReviewDesk,
    store: Store,
    streams: StreamPlaces,
    /// Turns that the comments of all archive streams share.
    turns: FairSemaphore,
    /// Becomes true when the server shuts down.
    leaving: tokio::sync::watch::Receiver<bool>,
}

impl Moderation {
    /// Creates the service.
    pub fn new(
        moderator: Arc<Moderator>,
        desk: ReviewDesk,
        store: Store,
        streams: StreamPlaces,
        leaving: tokio::sync::watch::Receiver<bool>,
    ) -> Self {
        Self { moderator, desk, store, streams, turns: archive::turns(), leaving }
    }
}

#[tonic::async_trait]
impl ModerationService for Moderation {
    async fn check_comment(
        &self,
        request: Request<pb::CheckCommentRequest>,
    ) -> Result<Response<pb::CheckCommentResponse>, Status> {
        let pb::CheckCommentRequest { comment, dry_run } = open_request(request).await?;
        // A missing comment is treated as an empty one, so that the response names every missing field.
        let verdict = self.moderator.moderate(comment.unwrap_or_default(), Origin::Author, dry_run).await?;
        if !dry_run {
            telemetry::report_verdict(&verdict);
        }
        Ok(Response::new(pb::CheckCommentResponse { verdict: Some(verdict.into()) }))
    }

    type CheckCommentsStream = AnswerStream<pb::CheckCommentsResponse>;

    async fn check_comments(
        &self,
        requests: Request<Streaming<pb::CheckCommentsRequest>>,
    ) -> Result<Response<Self::CheckCommentsStream>, Status> {
        let call = call(&requests)?;
        let place = self.streams.take(&call, "")?;
        let (moderator, turns) = (Arc::clone(&self.moderator), self.turns.clone());
        let verdicts = archive::verdicts(moderator, call, turns, requests.into_inner(), self.leaving.clone());
        Ok(respond(place, verdicts))
    }

    async fn get_verdict(&self, request: Request<pb::GetVerdictRequest>) -> Result<Response<pb::GetVerdictResponse>, Status> {
        let request = open_request(request).await?;
        let (site, id) = site_and_comment_id(&request.site, &request.comment_id)?;
        let verdict = self.desk.verdict(&site, &id).await?;
        Ok(Response::new(pb::GetVerdictResponse { verdict: Some(verdict.into()) }))
    }

    type WatchVerdictsStream = AnswerStream<pb::WatchVerdictsResponse>;

    async fn watch_verdicts(
        &self,
        request: Request<pb::WatchVerdictsRequest>,
    ) -> Result<Response<Self::WatchVerdictsStream>, Status> {
        let call = call(&request)?;
        let request = open_request(request).await?;
        let site = Site::parse("site", &request.site).map_err(Error::from)?;
        let place = self.streams.take(&call, site.as_str())?;
        let changes =
            watch_verdicts::verdict_changes(&self.store, &site, request.after_cursor.as_deref(), self.leaving.clone()).await?;
        Ok(respond(place, changes))
    }

    async fn report_outcome(
        &self,
        request: Request<pb::ReportOutcomeRequest>,
    ) -> Result<Response<pb::ReportOutcomeResponse>, Status> {
        let caller = caller(&request);
        Ok(Response::new(outcome::report(&self.desk, &caller, open_request(request).await?).await?))
    }

    async fn forget_author(
        &self,
        request: Request<pb::ForgetAuthorRequest>,
    ) -> Result<Response<pb::ForgetAuthorResponse>, Status> {
        let caller = caller(&request);
        Ok(Response::new(author_data::forget(&self.store, open_request(request).await?, &caller).await?))
    }

    type ExportAuthorStream = AnswerStream<pb::ExportAuthorResponse>;

    async fn export_author(
        &self,
        request: Request<pb::ExportAuthorRequest>,
    ) -> Result<Response<Self::ExportAuthorStream>, Status> {
        let call = call(&request)?;
        let request = open_request(request).await?;
        let place = self.streams.take(&call, &request.site)?;
        Ok(respond(place, author_data::export(&self.store, request).await?))
    }
}
