//! Shares what is scarce between callers, so that none of them can take all of it.

mod places;
mod turns;

pub use places::{ConcurrencyLimiter, ConcurrencyPermit};
pub use turns::{FairPermit, FairSemaphore};
