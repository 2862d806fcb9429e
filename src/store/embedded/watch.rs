//! Watches a site's changes in the embedded store: reads them by number, woken by the writer after each commit.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch as signal;
use tokio::time::{Instant, timeout_at};

use super::readers::Extent;
use super::{Embedded, read};
use crate::comment::Site;
use crate::error::Error;
use crate::store::change::Event;
use crate::store::cursor::Cursor;
use crate::store::record;

/// Most changes delivered at once.
const CHUNK: i64 = 256;

/// One watcher.
pub(in crate::store) struct Watch {
    store: Arc<Embedded>,
    site: Site,
    after: i64,
    newest: signal::Receiver<i64>,
}

impl Watch {
    pub fn new(store: Arc<Embedded>, site: Site, after: i64) -> Self {
        let newest = store.newest.clone();
        Self { store, site, after, newest }
    }

    pub async fn next(&mut self, wait: Duration) -> Result<Vec<Event>, Error> {
        let deadline = Instant::now() + wait;
        loop {
            // Marked as seen before reading: a change that comes while we read wakes us again.
            self.newest.borrow_and_update();
            let (site, after) = (self.site.clone(), self.after);
            let events = move |connection: &Connection| read::events(connection, &site, after, CHUNK);
            let rows = self.store.read(Extent::Long, events).await?;
            if let Some((number, _)) = rows.last() {
                let newest = *number;
                let events = rows
                    .into_iter()
                    .map(|(number, verdict)| Ok(Event { verdict: record::verdict(&verdict)?, cursor: Cursor::number(number) }));
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
