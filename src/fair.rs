//! Shares what is scarce between callers, so that none of them can take all of it.

mod places;
mod turns;

pub use places::{Place, Places};
pub use turns::{Turn, Turns};
