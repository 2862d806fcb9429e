//! The kinds of connections that stand beside the load.

use serde::Serialize;

/// How a connection behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// It says hello, answers pings, and asks for nothing.
    Idle,
    /// It says nothing, or half a hello.
    HalfOpen,
    /// It asks for long answers and reads them hardly or not at all.
    SlowReaders,
}

impl ConnectionKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::HalfOpen => "half open",
            Self::SlowReaders => "slow readers",
        }
    }
}
