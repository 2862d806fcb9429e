//! The stream of verdict changes. It follows the store's events from a cursor until the client or the server ends it.

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

/// Maximum time that one read waits for changes, before it checks whether the client is still connected.
const POLL_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of changes buffered for a client that reads slowly. Small, since the store keeps the rest.
const CHANNEL_CAPACITY: usize = 4;

/// Returns the stream of a site's changes after a cursor.
///
/// # Errors
/// Returns an error if the cursor is invalid or the store is unavailable.
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
            Error::invalid("after_cursor", "is not a cursor of this server; leave it out to begin with the oldest change kept")
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
        let events = tokio::select! {
            events = watcher.next(POLL_TIMEOUT) => events,
            () = client.closed() => return,
            _ = leaving.wait_for(|leaving| *leaving) => Err(Error::ShuttingDown),
        };
        let events = match events {
            Ok(events) => events,
            Err(error) => {
                // Fails only if the client has disconnected and needs no error.

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
