//! Shares what is scarce between callers, so that none of them can take all of it.

mod limiter;
mod semaphore;

pub use limiter::{ConcurrencyLimiter, ConcurrencyPermit};
pub use semaphore::{FairPermit, FairSemaphore};
