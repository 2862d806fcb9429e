//! The gRPC services: parse requests, call the rest of the program, and build responses. They decide nothing themselves.

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

/// Maximum size of a client's message, in bytes: a body, a post and a parent at their maximum sizes, with some margin.
pub const MAX_MESSAGE: usize = 1 << 20;
