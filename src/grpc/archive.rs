//! The stream of an archive's comments: checks several at once and answers in order, until the client or the server ends it.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tonic::{Status, Streaming};

use super::guard::{CallContext, check_sites};
use super::status::{item_error, translate_transport_error};
use super::streams::AnswerStream;
use crate::error::Error;
use crate::fair::FairSemaphore;
use crate::moderate::{Moderator, Origin};
use crate::pb;
use crate::verdict::Decision;

/// Maximum number of comments of one stream in progress; they share the store's round trips. The server reads no further
/// ahead, so faster clients wait.
const MAX_PER_STREAM: usize = 16;
/// Number of bytes of a body per turn: longer comments cost more, and take several turns.
const BYTES_PER_TURN: usize = 4 * 1024;
/// Maximum number of turns of all streams.
const MAX_TURNS: u32 = 32;
/// Maximum number of turns of all streams of one caller.
const MAX_TURNS_PER_CALLER: u32 = 16;

/// Returns the turns that the comments of all streams share.
pub fn turns() -> FairSemaphore {
    FairSemaphore::new(MAX_TURNS, MAX_TURNS_PER_CALLER)
}

/// Returns the responses to a stream's requests, in order. Requests already read when the server shuts down are still answered.
pub fn verdicts(
    moderator: Arc<Moderator>,
    call: CallContext,
    turns: FairSemaphore,
    requests: Streaming<pb::CheckCommentsRequest>,
    leaving: watch::Receiver<bool>,
) -> AnswerStream<pb::CheckCommentsResponse> {
    let mut shutdown = leaving.clone();
    let shut_down = async move {
        // An error means that the sender was dropped, and then the server has stopped.
        let _ = shutdown.wait_for(|leaving| *leaving).await;
    };
    let last = async move { leaving.borrow().then(|| Err(Status::from(Error::ShuttingDown))) };
    let requests = requests
        .map(|request| request.map_err(|status| translate_transport_error(status.code(), status.message()).unwrap_or(status)))
        .take_until(Box::pin(shut_down))
        .chain(stream::once(last).filter_map(std::future::ready));
    let responses = requests.map(move |request| {
        let (moderator, call, turns) = (Arc::clone(&moderator), call.clone(), turns.clone());
        async move {
            let request = request?;
            // Ends the stream: the caller is not allowed here, or not any more. A bad comment only fails itself.
            let caller = call.authority().caller()?;
            check_sites(&caller, &request)?;
            while let Some(wait) = call.quota_wait() {
                tokio::time::sleep(wait).await;
            }
            let body = request.comment.as_ref().map_or(0, |comment| comment.body.len());
            let turn = turns.acquire(&caller.id, u32::try_from(1 + body / BYTES_PER_TURN).unwrap_or(u32::MAX)).await;
            // A comment that was started is finished, together with its outcome record, even if the stream ends.
            let task = tokio::spawn(async move {
                let answer = answer(&moderator, request).await;
                drop(turn);
                answer
            });
            task.await.map_err(|error| Status::from(Error::store(error)))
        }
    });
    Box::pin(responses.buffered(MAX_PER_STREAM))
}

async fn answer(moderator: &Moderator, request: pb::CheckCommentsRequest) -> pb::CheckCommentsResponse {
    let pb::CheckCommentsRequest { comment, dry_run, decided } = request;
    // A missing comment is treated as an empty one, so that the response names every missing field.
    let comment = comment.unwrap_or_default();
    let id = comment.comment_id.clone();
    let result = match origin(decided) {
        Ok(origin) => moderator.moderate(comment, origin, dry_run).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(verdict) => pb::CheckCommentsResponse { verdict: Some(verdict.into()), error: None },
        Err(error) => pb::CheckCommentsResponse { verdict: None, error: Some(item_error(id, &error)) },
    }
}

fn origin(decided: i32) -> Result<Origin, Error> {
    if decided == i32::from(pb::Decision::Unspecified) {
        return Ok(Origin::Archive { decided: None });
    }
    let unknown = || {
        let problem =
            format!("{decided} is not a Decision; send APPROVE (1), HOLD (2) or REJECT (3), or leave it out to have it judged");
        Error::invalid("decided", problem)
    };
    Ok(Origin::Archive { decided: Some(Decision::from_wire(decided).ok_or_else(unknown)?) })
}
