//! A site's block and allow entries: put there by moderators, kept in the store, in force on the next comment on every
//! server.
//!
//! Each server keeps what it has read of a site. Where others may change it the store is asked in the same step that admits
//! a comment whether it is still so, which costs no trip; if it is not, the comment is looked at again.

mod cache;
mod edit;
mod entry;
mod listed;

pub use cache::ListCache;
pub use edit::ListEditor;
pub use listed::SiteLists;
