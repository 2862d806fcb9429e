//! What moderators do: list, claim, decide, undo. Each act is a compare-and-set on the comment's revision.

mod act;
mod audit;
mod claim;
mod decide;
mod desk;
mod filter;
mod list;
mod lookup;
mod stats;
mod take_back;

pub use crate::store::Order;
pub use act::{Act, LAST, Refusal, What, is_act, is_name, new_act};
pub use audit::{Acts, ActsPage};
pub use claim::{Ask, Handed, MOST_BYTES, Withheld, full, size};
pub use desk::{Desk, Rules};
pub use filter::{Beside, Filter};
pub use lookup::Known;
pub use take_back::TakenBack;
