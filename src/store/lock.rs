//! Locks state that threads share.

use std::sync::{Mutex, MutexGuard};

use crate::error::Error;

/// Locks a mutex.
///
/// # Errors
/// Returns an error if a panic elsewhere left the state in doubt.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, Error> {
    mutex.lock().map_err(|_| Error::store("the store stopped after a failure"))
}
