//! The asynchronous runtime of commands that talk to a server.

use super::failure::Failure;

/// Runs a command that talks to a server to its end. One thread is plenty: most of the time it waits.
pub fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?
        .block_on(command)
}

/// Completes when Ctrl-C is pressed.
pub async fn ctrl_c() -> Result<(), Failure> {
    tokio::signal::ctrl_c().await.map_err(|error| Failure::failed(format!("cannot wait for Ctrl-C: {error}")))
}

/// Runs what has no end of its own until Ctrl-C is pressed.
pub async fn until_ctrl_c(endless: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::select! {
        ended = endless => ended,
        stopped = ctrl_c() => stopped,
    }
}
