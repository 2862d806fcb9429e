//! The gRPC door: unwraps requests, calls, wraps answers. Decides nothing.

mod admin;
mod archive;
mod author_data;
mod call_layer;
mod guard;
mod keys;
mod learning;
mod lists;
mod moderation;
mod outcome;
mod requests;
mod responses;
mod review;
mod status;
mod streams;
mod watch_queue;
mod watch_verdicts;

pub use admin::{AdminRpc, PolicyReloader};
pub use call_layer::CallLayer;
pub use guard::{AuthLayer, ConnectionUse, may_call};
pub use learning::{ModelStatus, ModelStatusSource};
pub use moderation::Moderation;
pub use review::Review;
pub use streams::StreamPlaces;

/// Longest message a client may send: a body, a post and a parent at their bounds, and air.
pub const MAX_MESSAGE: usize = 1 << 20;
