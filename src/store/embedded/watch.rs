//! Watches a site's changes in the embedded store: reads them by number, woken by the writer after each commit.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch as signal;
use tokio::time::{Instant, timeout_at};

use super::readers::ReadSize;
use super::{Embedded, read};
use crate::comment::Site;
use crate::error::Error;
use crate::store::change::ChangeEvent;
use crate::store::cursor::Cursor;
use crate::store::row::decode_verdict;

/// Maximum number of changes delivered at once.
const CHUNK: i64 = 256;

/// A watcher of a site's changes.
pub(in crate::store) struct Watch {
    store: Arc<Embedded>,
    site: Site,
    after: i64,
    newest: signal::Receiver<i64>,
}

impl Embedded {
    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        let site = site.clone();
        self.read(ReadSize::Short, move |connection| read::latest_event(connection, &site)).await.map(Cursor::number)
    }

    /// Returns the cursor before which changes were deleted, or `None` if none were.
    pub async fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        let site = site.clone();
        let forgotten = self.read(ReadSize::Short, move |connection| read::forgotten_events(connection, &site)).await?;
        Ok((forgotten > 0).then(|| Cursor::number(forgotten)))
    }

    pub fn watch(self: &Arc<Self>, site: &Site, after: Cursor) -> Watch {
        Watch { store: Arc::clone(self), site: site.clone(), after: after.as_number(), newest: self.newest.clone() }
    }
}

impl Watch {
    /// Waits at most `wait` for changes after the last one delivered, and returns them.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<ChangeEvent>, Error> {
        let deadline = Instant::now() + wait;
        loop {
            // Marked as seen before the read: a change that arrives during the read wakes this again.
            self.newest.borrow_and_update();
            let (site, after) = (self.site.clone(), self.after);
            let events = move |connection: &Connection| read::events(connection, &site, after, CHUNK);
            let rows = self.store.read(ReadSize::Long, events).await?;
            if let Some((number, _)) = rows.last() {
                let newest = *number;
                let events = rows.into_iter().map(|(number, verdict)| {
                    Ok(ChangeEvent { verdict: decode_verdict(&verdict)?, cursor: Cursor::number(number) })
                });
                let events = events.collect::<Result<_, Error>>()?;
                self.after = newest;
                return Ok(events);
            }
            match timeout_at(deadline, self.newest.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Error::ShuttingDown),
                Err(_) => return Ok(Vec::new()),
            }
        }
    }
}
