//! Watching of a site's changes, and the cursors that mark a watcher's position.

use std::time::Duration;

use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::store::change::ChangeEvent;
use crate::store::cursor::Cursor;
use crate::store::{embedded, memory, redis};

impl Store {
    /// Parses a cursor. Returns `None` if the text is malformed; does not check whether the change exists.
    pub fn parse_cursor(&self, text: &str) -> Option<Cursor> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Cursor::parse_number(text),
            Engine::Redis(_) => Cursor::parse_stream(text),
        }
    }

    /// Returns the cursor before all changes.
    pub fn first_cursor(&self) -> Cursor {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Cursor::number(0),
            Engine::Redis(_) => Cursor::STREAM_START,
        }
    }

    /// Returns the cursor of the newest change, or the cursor before all changes if there is none.
    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.latest_cursor(site),
            Engine::Embedded(engine) => engine.latest_cursor(site).await,
            Engine::Redis(engine) => engine.latest_cursor(site).await,
        }
    }

    /// Watches a site's changes after the cursor `after`.
    ///
    /// # Errors
    /// Returns [`Error::CursorExpired`] if changes after that cursor may have been dropped.
    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watcher, Error> {
        let dropped_before = match &self.engine {
            Engine::Memory(engine) => engine.forgotten_before(site)?,
            Engine::Embedded(engine) => engine.forgotten_before(site).await?,
            Engine::Redis(engine) => engine.forgotten_before(site).await?,
        };
        // The first cursor requests the changes that are kept, so dropped ones are not an error.
        if after != self.first_cursor() && dropped_before.is_some_and(|cursor| after < cursor) {
            return Err(Error::CursorExpired);
        }
        Ok(Watcher(match &self.engine {
            Engine::Memory(engine) => EngineWatcher::Memory(engine.watch(site, after)),
            Engine::Embedded(engine) => EngineWatcher::Embedded(engine.watch(site, after)),
            Engine::Redis(engine) => EngineWatcher::Redis(Box::new(engine.watch(site, after).await?)),
        }))
    }
}

/// A watcher that delivers a site's changes, each once and in order.
pub struct Watcher(EngineWatcher);

enum EngineWatcher {
    Memory(memory::Watch),
    Embedded(embedded::Watch),
    /// Boxed because it is five times as large as the other variants.
    Redis(Box<redis::Watch>),
}

impl Watcher {
    /// Waits for the next changes. Returns an empty list if there are none within `wait`. No changes are lost if the future is
    /// dropped, and after an error the next call continues from the same position.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<ChangeEvent>, Error> {
        match &mut self.0 {
            EngineWatcher::Memory(watch) => watch.next(wait).await,
            EngineWatcher::Embedded(watch) => watch.next(wait).await,
            EngineWatcher::Redis(watch) => watch.next(wait).await,
        }
    }
}
