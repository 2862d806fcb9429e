//! Tracks which connections are in use: one without open calls may be closed to make room for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of open calls of a connection.
#[derive(Debug, Clone, Default)]
pub struct ConnectionUse(Arc<AtomicUsize>);

impl ConnectionUse {
    /// Returns whether an authorized call or stream is open.
    pub fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Counts an authorized call or stream until the returned value is dropped.
    pub fn count_call(&self) -> OpenCallCount {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenCallCount(Self(Arc::clone(&self.0)))
    }
}

/// An open call or stream, counted until it is dropped.
#[derive(Debug)]
pub struct OpenCallCount(ConnectionUse);

impl Drop for OpenCallCount {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
