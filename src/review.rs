//! The work of moderators: list, claim, decide and undo. Each act is a compare-and-set on the comment's revision.

mod act;
mod audit;
mod claim;
mod decide;
mod desk;
mod filter;
mod list;
mod lookup;
mod stats;
mod undo_act;

pub use crate::store::Order;
pub use act::{LAST_ACT, Refusal, ReviewAct, ReviewAction, is_act_id, is_moderator_name, new_act_id};
pub use audit::{AuditEventPage, AuditFilter};
pub use claim::{ClaimRefusal, Claimant, ClaimedComment, MAX_ANSWER_BYTES, encoded_size, too_many_claims};
pub use desk::{ReviewDesk, ReviewRules};
pub use filter::{Filter, FilterContext};
pub use lookup::FullComment;
pub use undo_act::UndoneAct;
