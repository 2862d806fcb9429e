//! Which connections are in use: one on which nobody has a call open makes room for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A connection, as its calls know it.
#[derive(Debug, Clone, Default)]
pub struct ConnectionUse(Arc<AtomicUsize>);

impl ConnectionUse {
    /// Returns whether a caller who may be here has a call or stream open.
    pub fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Counts one more call or stream of a caller who may be here, until it is dropped.
    pub fn count_call(&self) -> OpenCallCount {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenCallCount(Self(Arc::clone(&self.0)))
    }
}

/// Counts one open call or stream of a connection.
#[derive(Debug)]
pub struct OpenCallCount(ConnectionUse);

impl Drop for OpenCallCount {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
