//! The asynchronous runtime of commands that connect to a server.

use super::failure::Failure;

/// Runs a command that connects to a server. A single thread suffices, because the command mostly waits.
pub fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the asynchronous runtime: {error}")))?
        .block_on(command)
}

/// Waits until Ctrl-C is pressed.
pub async fn ctrl_c() -> Result<(), Failure> {
    tokio::signal::ctrl_c().await.map_err(|error| Failure::failed(format!("cannot wait for Ctrl-C: {error}")))
}

/// Runs a future until it completes or Ctrl-C is pressed.
pub async fn until_ctrl_c(future: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::select! {
        result = future => result,
        interrupted = ctrl_c() => interrupted,
    }
}
