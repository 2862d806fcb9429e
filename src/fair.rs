//! Shares limited resources between callers, so that no caller can take all of them.

mod limiter;
mod semaphore;

pub use limiter::{ConcurrencyLimiter, ConcurrencyPermit};
pub use semaphore::{FairPermit, FairSemaphore};
