//! The stream of verdict changes: follows the store's events from a cursor until either side leaves.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::streams::AnswerStream;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::{Store, Watcher};

/// How long one look at the store waits for news before it looks whether the client is still there.
const POLL_TIMEOUT: Duration = Duration::from_secs(5);
/// Changes on the way to a client that reads slowly. Small: the store keeps the rest.
const CHANNEL_CAPACITY: usize = 4;

/// Follows a site's changes after a cursor.
///
/// # Errors
/// A cursor that is none; the store being away.
pub async fn verdict_changes(
    store: &Store,
    site: &Site,
    after: Option<&str>,
    leaving: watch::Receiver<bool>,
) -> Result<AnswerStream<pb::WatchVerdictsResponse>, Error> {
    let after = match after {
        None | Some("") => store.first_cursor(),
        Some("now") => store.latest_cursor(site).await?,
        Some(text) => store.parse_cursor(text).ok_or_else(|| {
            Error::invalid(
                "after_cursor",
                "is none of this server's cursors; leave it out to begin with the oldest change kept",
            )
        })?,
    };
    let watcher = store.watch(site, after).await?;
    let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
    tokio::spawn(follow(watcher, sender, leaving));
    Ok(Box::pin(ReceiverStream::new(receiver).map(|change| change.map_err(Status::from))))
}

async fn follow(
    mut watcher: Watcher,
    client: mpsc::Sender<Result<pb::WatchVerdictsResponse, Error>>,
    mut leaving: watch::Receiver<bool>,
) {
    loop {
        let news = tokio::select! {
            news = watcher.next(POLL_TIMEOUT) => news,
            () = client.closed() => return,
            _ = leaving.wait_for(|leaving| *leaving) => Err(Error::ShuttingDown),
        };
        let events = match news {
            Ok(events) => events,
            Err(error) => {
                // A client that has gone does not need to know.
                let _ = client.send(Err(error)).await;
                return;
            }
        };
        for event in events {
            let change = pb::WatchVerdictsResponse { cursor: event.cursor.to_string(), verdict: Some(event.verdict.into()) };
            if client.send(Ok(change)).await.is_err() {
                return;
            }
        }
    }
}
