//! Votes of rate limits.

use crate::facts::{Facts, FloodCounts, LimitState};
use crate::limit::Scope;
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::verdict::{Decision, RATE_LIMIT, Reason};

/// Number of different authors from which on an address counts as shared: a school, an office, a carrier's network.
pub const MIN_CROWD_AUTHORS: u32 = 4;
/// Number of comments over a limit that may be held within an hour for a shared address, as a multiple of the limit's burst.
/// For a single sender the multiple is 1.
pub const CROWD_HOLD_FACTOR: u32 = 10;

/// Returns the votes of the limits that the comment exceeds.
pub fn votes<'a>(policy: &'a Policy, facts: &'a Facts) -> impl Iterator<Item = Vote> + use<'a> {
    let exceeded = facts.limits.iter().filter(|limit| limit.is_exceeded());
    exceeded.filter_map(|limit| vote(policy, limit, facts.flood))
}

/// Returns the vote of an exceeded limit, or `None` if the policy approves comments over it.
fn vote(policy: &Policy, state: &LimitState, flood: FloodCounts) -> Option<Vote> {
    let limit = policy.limits.iter().find(|(scope, _)| *scope == state.scope)?.1.as_ref()?;
    let crowd = state.scope == Scope::Client && flood.authors >= MIN_CROWD_AUTHORS;
    let mut over = if crowd { limit.crowd } else { limit.over };
    // Moderators read the queue, so the number of comments over a limit that one sender can add to it is bounded too.
    let max_held = state.limit.saturating_mul(if crowd { CROWD_HOLD_FACTOR } else { 1 });
    let too_many = over == Decision::Hold && state.scope != Scope::Site && flood.held >= max_held;
    if too_many {
        over = Decision::Reject;
    }
    let who = match state.scope {
        Scope::Author => "this author has",
        Scope::Client => "this client has",
        Scope::Site => "this site has",
    };
    let wait = state.retry_after.as_secs_f64();
    let mut message = format!("{who} sent more than the limit of {} at once; the next is admitted in {wait:.1} s", state.limit);
    if too_many {
        message.push_str(&format!("; {} comments over the limit already wait for a moderator", flood.held));
    } else if crowd {
        message += "; many authors share its address";
    }
    let reason = Reason::new(RATE_LIMIT, message).with_rule(format!("limits.{}", state.scope.as_str()));
    (over > Decision::Approve).then(|| Vote::binding(over, reason))
}
