//! The stream of what enters and leaves the queue: follows the audit, in which every such act stands in order.

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

/// How often the audit is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Most acts looked at at once, and moves on the way to a client that reads slowly.
const CHANNEL_CAPACITY: usize = 64;

/// Follows a site's queue from now on.
///
/// # Errors
/// The store being away.
pub async fn queue_moves(
    desk: ReviewDesk,
    site: Site,
    leaving: watch::Receiver<bool>,
) -> Result<AnswerStream<pb::WatchQueueResponse>, Error> {
    let newest = desk.store().audit(&site, 0, 0, false).await?.newest.number;
    let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
    tokio::spawn(async move {
        if let Err(error) = follow(&desk, &site, newest, &sender, leaving).await {
            // A client that has gone does not need to know.
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
        // A store that lost its audit begins anew.
        from = from.min(page.newest.number);
        for event in page.events {
            from = event.number;
            if event.before != hold && event.after != hold {
                continue;
            }
            // Erased between the two: there is nothing to tell of any more.
            let Ok(id) = CommentId::parse("comment_id", &event.comment_id) else { continue };
            let comment = match desk.comment(site, &id).await {
                Ok(known) => Some(moderated_comment(known.stored, known.claim)),
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
