//! The stream of comments that enter and leave the queue. It follows the audit log, which records all such acts in order.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::responses::moderated_comment;
use super::streams::AnswerStream;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::review::{AuditFilter, ReviewDesk};

/// Time between two reads of the audit log.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Maximum number of acts read at once, and of changes buffered for a client that reads slowly.
const CHANNEL_CAPACITY: usize = 64;

/// Returns the stream of a site's queue changes from now on.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub async fn queue_moves(
    desk: ReviewDesk,
    site: Site,
    leaving: watch::Receiver<bool>,
) -> Result<AnswerStream<pb::WatchQueueResponse>, Error> {
    let newest = desk.store().audit(&site, 0, 0, false).await?.newest.number;
    let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
    tokio::spawn(async move {
        if let Err(error) = follow(&desk, &site, newest, &sender, leaving).await {
            // Fails only if the client has disconnected and needs no error.
            let _ = sender.send(Err(error)).await;
        }
    });
    Ok(Box::pin(ReceiverStream::new(receiver).map(|change| change.map_err(Status::from))))
}

async fn follow(
    desk: &ReviewDesk,
    site: &Site,
    mut from: u64,
    client: &mpsc::Sender<Result<pb::WatchQueueResponse, Error>>,
    mut leaving: watch::Receiver<bool>,
) -> Result<(), Error> {
    let hold = i32::from(pb::Decision::Hold);
    loop {
        let page = desk.audit_events(site, &AuditFilter::default(), CHANNEL_CAPACITY, Some(from)).await?;
        let more = page.next.is_some();
        // A store that has lost its audit log starts again at 0.
        from = from.min(page.newest.number);
        for event in page.events {
            from = event.number;
            if event.before != hold && event.after != hold {
                continue;
            }
            // The comment was erased in the meantime, and its event is empty.
            let Ok(id) = CommentId::parse("comment_id", &event.comment_id) else { continue };
            let comment = match desk.comment(site, &id).await {
                Ok(found) => Some(moderated_comment(found.stored, found.claim)),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
            if client.send(Ok(pb::WatchQueueResponse { comment, event: Some(event) })).await.is_err() {
                return Ok(());
            }
        }
        if !more {
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                () = client.closed() => return Ok(()),
                _ = leaving.wait_for(|leaving| *leaving) => return Err(Error::ShuttingDown),
            }
        }
    }
}
