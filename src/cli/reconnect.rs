//! Reconnection of a stream that breaks.

use tonic::Status;

use super::connect::Connection;
use super::failure::Failure;
use super::retry::{self, Backoff};
use super::{terminal, text};

/// The state of a stream that is opened again when it breaks: when to try again, and what to log.
#[derive(Default)]
pub struct Reconnect {
    backoff: Backoff,
    /// Whether the stream broke and was not opened again yet.
    away: bool,
}

impl Reconnect {
    /// Records that the stream was opened. Returns whether it had been broken before.
    pub fn opened(&mut self) -> bool {
        std::mem::take(&mut self.away)
    }

    /// Records that a message was received, which resets the backoff.
    pub fn received(&mut self) {
        self.backoff = Backoff::default();
    }

    /// Waits before the next attempt. Logs the first of several failures in a row.
    ///
    /// # Errors
    /// Returns an error if a retry cannot help.
    pub async fn back_off(&mut self, connection: &Connection, status: &Status) -> Result<(), Failure> {
        if !retry::is_retryable(status) {
            return Err(connection.failure(status));
        }
        if !std::mem::replace(&mut self.away, true) {
            let why = text::escape_line(connection.failure(status).message(), 400);
            terminal::log_line(&format!("gatepost: {why}\ngatepost: reconnecting until it is back; press Ctrl-C to stop"));
        }
        self.backoff.wait().await;
        Ok(())
    }
}
