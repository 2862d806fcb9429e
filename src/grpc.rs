//! The gRPC door: unwraps requests, calls, wraps answers. Decides nothing.

mod admin;
mod answer;
mod archive;
mod moderation;
mod person;
mod review;
mod status;
mod watch;

pub use admin::Admin;
pub use answer::Answers;
pub use moderation::Moderation;
pub use review::Review;

/// Longest message a client may send: a body, a post and a parent at their bounds, and air.
pub const MAX_MESSAGE: usize = 1 << 20;
