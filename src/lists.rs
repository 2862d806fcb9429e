//! A site's block and allow entries: made by moderators, kept in the store, and in force from the next comment on, on every
//! server.
//!
//! Each server caches the entries of a site. If other servers can change them, the request that admits a comment also checks
//! their version, at no additional round trip; if they have changed, the comment is checked again.

mod cache;
mod edit;
mod entry;
mod listed;

pub use cache::ListCache;
pub use edit::ListEditor;
pub use listed::SiteLists;
