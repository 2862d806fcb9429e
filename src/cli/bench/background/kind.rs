//! The kinds of connections that are open beside the load.

use serde::Serialize;

/// The behaviour of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// Completes the HTTP/2 handshake, answers pings, and sends no request.
    Idle,
    /// Sends nothing, or half of the HTTP/2 preface.
    HalfOpen,
    /// Requests long answers and reads little or nothing of them.
    SlowReaders,
}

impl ConnectionKind {
    /// Returns the name that tables and warnings use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::HalfOpen => "half open",
            Self::SlowReaders => "slow readers",
        }
    }
}
