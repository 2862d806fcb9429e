//! Watches a site's changes in memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch as signal;
use tokio::time::{Instant, timeout_at};

use super::Memory;
use super::site::SiteState;
use crate::comment::Site;
use crate::error::Error;
use crate::store::change::ChangeEvent;
use crate::store::cursor::Cursor;
use crate::verdict::Verdict;

impl Memory {
    pub fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        let state = self.state()?;
        let newest = state.sites.get(site).and_then(|site_state| site_state.changes.back());
        Ok(Cursor::number(newest.map_or(0, |(number, _)| *number)))
    }

    /// Returns the cursor before which changes were dropped, or `None` if none were.
    pub fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        let state = self.state()?;
        let forgotten = state.sites.get(site).map_or(0, |site_state| site_state.forgotten);
        Ok((forgotten > 0).then(|| Cursor::number(forgotten)))
    }

    pub fn watch(self: &Arc<Self>, site: &Site, after: Cursor) -> Watch {
        Watch { newest: self.newest.subscribe(), store: Arc::clone(self), site: site.clone(), after: after.as_number() }
    }

    /// Publishes to watchers that a verdict has replaced another.
    pub(super) fn publish_change(&self, site_state: &mut SiteState, verdict: &Verdict) {
        let mut number = 0;
        // Numbered under the state's lock: a watcher that wakes finds the change in place, or waits for the lock.
        self.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        site_state.changes.push_back((number, verdict.clone()));
        if site_state.changes.len() > self.keep_events {
            site_state.forgotten = site_state.changes.pop_front().map_or(site_state.forgotten, |(number, _)| number);
        }
    }
}

/// A watcher of a site's changes.
pub(in crate::store) struct Watch {
    store: Arc<Memory>,
    site: Site,
    after: i64,
    newest: signal::Receiver<i64>,
}

impl Watch {
    /// Waits at most `wait` for changes after the last one delivered, and returns them.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<ChangeEvent>, Error> {
        let deadline = Instant::now() + wait;
        loop {
            // Marked as seen before the read: a change that arrives during the read wakes this again.

            self.newest.borrow_and_update();
            let events = self.read()?;
            if let Some(last) = events.last() {
                self.after = last.cursor.as_number();
                return Ok(events);
            }
            match timeout_at(deadline, self.newest.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Error::ShuttingDown),
                Err(_) => return Ok(events),
            }
        }
    }

    fn read(&self) -> Result<Vec<ChangeEvent>, Error> {
        let state = self.store.state()?;
        let changes = state.sites.get(&self.site).into_iter().flat_map(|site_state| &site_state.changes);
        let changes = changes.filter(|(number, _)| *number > self.after);
        Ok(changes.map(|(number, verdict)| ChangeEvent { verdict: verdict.clone(), cursor: Cursor::number(*number) }).collect())
    }
}
