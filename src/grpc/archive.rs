//! The stream of an archive's comments: a few at once, answers in their order, until either side leaves.

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

/// Comments of one stream on their way at once: they share the store's trips. What comes faster waits at the client,
/// because no more is read than there is room for.
const MAX_PER_STREAM: usize = 16;
/// Bytes of a body that count as one comment: longer ones count as several, since they cost as much.
const BYTES_PER_TURN: usize = 4 * 1024;
/// Comments of all streams on their way at once, and of all streams of one caller.
const MAX_TURNS: u32 = 32;
const MAX_TURNS_PER_CALLER: u32 = 16;

/// Turns that the comments of all streams take.
pub fn turns() -> FairSemaphore {
    FairSemaphore::new(MAX_TURNS, MAX_TURNS_PER_CALLER)
}

/// Answers every request, in order. When the server leaves, those that were read are still answered.
pub fn verdicts(
    moderator: Arc<Moderator>,
    call: CallContext,
    turns: FairSemaphore,
    requests: Streaming<pb::CheckCommentsRequest>,
    leaving: watch::Receiver<bool>,
) -> AnswerStream<pb::CheckCommentsResponse> {
    let mut told = leaving.clone();
    let left = async move {
        // An error means that the sender is gone, and then so is the server.
        let _ = told.wait_for(|leaving| *leaving).await;
    };
    let goodbye = async move { leaving.borrow().then(|| Err(Status::from(Error::ShuttingDown))) };
    let requests = requests
        .map(|request| request.map_err(|status| translate_transport_error(status.code(), status.message()).unwrap_or(status)))
        .take_until(Box::pin(left))
        .chain(stream::once(goodbye).filter_map(std::future::ready));
    let answers = requests.map(move |request| {
        let (moderator, call, turns) = (Arc::clone(&moderator), call.clone(), turns.clone());
        async move {
            let request = request?;
            // No bad comment, but a caller who has no business here, or none any more.
            let caller = call.authority().caller()?;
            check_sites(&caller, &request)?;
            while let Some(wait) = call.quota_wait() {
                tokio::time::sleep(wait).await;
            }
            let body = request.comment.as_ref().map_or(0, |comment| comment.body.len());
            let turn = turns.acquire(&caller.id, u32::try_from(1 + body / BYTES_PER_TURN).unwrap_or(u32::MAX)).await;
            // A comment that was begun is ended, with what it teaches, though the stream ends meanwhile.
            let answering = tokio::spawn(async move {
                let answer = answer(&moderator, request).await;
                drop(turn);
                answer
            });
            answering.await.map_err(|error| Status::from(Error::store(error)))
        }
    });
    Box::pin(answers.buffered(MAX_PER_STREAM))
}

async fn answer(moderator: &Moderator, request: pb::CheckCommentsRequest) -> pb::CheckCommentsResponse {
    let pb::CheckCommentsRequest { comment, dry_run, decided } = request;
    // An absent comment is an empty one: the answer then names every field that is missing.
    let comment = comment.unwrap_or_default();
    let id = comment.comment_id.clone();
    let judged = match origin(decided) {
        Ok(origin) => moderator.moderate(comment, origin, dry_run).await,
        Err(error) => Err(error),
    };
    match judged {
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
