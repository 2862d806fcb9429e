//! Locking of state that threads share.

use std::sync::{Mutex, MutexGuard};

use crate::error::Error;

/// Locks a mutex.
///
/// # Errors
/// Returns an error if a thread panicked while it held the lock, because the state may be inconsistent.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, Error> {
    mutex.lock().map_err(|_| Error::store("the store stopped after an internal failure: restart the server"))
}
