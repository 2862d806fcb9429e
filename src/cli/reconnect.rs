//! A stream that is opened again when it breaks.

use tonic::Status;

use super::connect::Connection;
use super::failure::Failure;
use super::retry::{self, Backoff};
use super::{terminal, text};

/// When a stream that broke may be opened again, and what a person is told of it.
#[derive(Default)]
pub struct Reconnect {
    backoff: Backoff,
    /// Whether the server is away, as far as is known.
    away: bool,
}

impl Reconnect {
    /// Notes that the stream was opened. Returns whether the server was away before.
    pub fn opened(&mut self) -> bool {
        std::mem::take(&mut self.away)
    }

    /// Notes that a message came: the next pause is short again.
    pub fn received(&mut self) {
        self.backoff = Backoff::default();
    }

    /// Waits before the next attempt, and says once that the server is away.
    ///
    /// # Errors
    /// Returns an error if another attempt cannot help.
    pub async fn back_off(&mut self, connection: &Connection, broken: &Status) -> Result<(), Failure> {
        if !retry::is_retryable(broken) {
            return Err(connection.failure(broken));
        }
        if !std::mem::replace(&mut self.away, true) {
            let why = text::escape_line(connection.failure(broken).message(), 400);
            terminal::log_line(&format!("gatepost: {why}\ngatepost: reconnecting until it is back; Ctrl-C ends"));
        }
        self.backoff.wait().await;
        Ok(())
    }
}
