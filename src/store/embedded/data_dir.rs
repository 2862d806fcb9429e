//! Keeps other processes out of the data directory.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::connection::{NO_ROOM_ADVICE, NOT_WRITABLE_ADVICE};
use crate::error::Error;

/// Creates the data directory and locks it for as long as the returned file is open.
///
/// # Errors
/// Returns an error if another process holds the lock, or if the directory cannot be created or written to.
pub(super) fn lock(directory: &Path) -> Result<File, Error> {
    let failed = |what: &str, error: io::Error| {
        let problem = match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                "a file is in its place; choose another with --data-dir".to_owned()
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => format!("{error}; {NOT_WRITABLE_ADVICE}"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("{error}; {NO_ROOM_ADVICE}"),
            _ => error.to_string(),
        };
        Error::store(format!("cannot {what} the data directory {}: {problem}", directory.display()))
    };
    // Only for its owner, since it holds the sites' secrets. An existing directory keeps its permissions.
    let created = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    created.map_err(|error| failed("create", error))?;
    let path = directory.join("gatepost.lock");
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|error| failed("write to", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::store(format!("the data directory {} is in use by another process", directory.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", error)),
    }
}
