//! Watches a site's changes, and reads the cursors that say where a watcher has got to.

use std::time::Duration;

use super::{Engine, Store};
use crate::comment::Site;
use crate::error::Error;
use crate::store::change::ChangeEvent;
use crate::store::cursor::Cursor;
use crate::store::{embedded, memory, redis};

impl Store {
    /// Reads a cursor. Checks its form only.
    pub fn parse_cursor(&self, text: &str) -> Option<Cursor> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Cursor::parse_number(text),
            Engine::Redis(_) => Cursor::parse_stream(text),
        }
    }

    /// The cursor before all changes.
    pub fn first_cursor(&self) -> Cursor {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Cursor::number(0),
            Engine::Redis(_) => Cursor::STREAM_START,
        }
    }

    /// The cursor of the newest change, or the one before all changes.
    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.latest_cursor(site),
            Engine::Embedded(engine) => engine.latest_cursor(site).await,
            Engine::Redis(engine) => engine.latest_cursor(site).await,
        }
    }

    /// Watches a site's changes, beginning right after `after`.
    ///
    /// # Errors
    /// [`Error::CursorExpired`] when changes after that cursor may have been forgotten.
    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watcher, Error> {
        let forgotten_before = match &self.engine {
            Engine::Memory(engine) => engine.forgotten_before(site)?,
            Engine::Embedded(engine) => engine.forgotten_before(site).await?,
            Engine::Redis(engine) => engine.forgotten_before(site).await?,
        };
        // Who begins at the start asks for what there is, not for what there was.
        if after != self.first_cursor() && forgotten_before.is_some_and(|cursor| after < cursor) {
            return Err(Error::CursorExpired);
        }
        Ok(Watcher(match &self.engine {
            Engine::Memory(engine) => EngineWatcher::Memory(engine.watch(site, after)),
            Engine::Embedded(engine) => EngineWatcher::Embedded(engine.watch(site, after)),
            Engine::Redis(engine) => EngineWatcher::Redis(Box::new(engine.watch(site, after).await?)),
        }))
    }
}

/// Delivers a site's changes, each once and in order.
pub struct Watcher(EngineWatcher);

enum EngineWatcher {
    Memory(memory::Watch),
    Embedded(embedded::Watch),
    /// Boxed: its connection details are five times as large as the other.
    Redis(Box<redis::Watch>),
}

impl Watcher {
    /// The next changes; empty if none came within `wait`. Dropping the future loses none, and after an error the
    /// next call goes on where this one would have.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<ChangeEvent>, Error> {
        match &mut self.0 {
            EngineWatcher::Memory(watch) => watch.next(wait).await,
            EngineWatcher::Embedded(watch) => watch.next(wait).await,
            EngineWatcher::Redis(watch) => watch.next(wait).await,
        }
    }
}
