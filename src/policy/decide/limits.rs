//! What rate limits ask for.

use crate::facts::{Facts, FloodCounts, LimitState};
use crate::limit::Scope;
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::verdict::{Decision, RATE_LIMIT, Reason};

/// So many different authors of one address are a crowd: a school, an office, a carrier's network.
pub const MIN_CROWD_AUTHORS: u32 = 4;
/// How many times a limit's burst may be held of a crowd within an hour. Of one sender once.
pub const CROWD_HOLD_FACTOR: u32 = 10;

/// Returns the votes of the limits that the comment is over.
pub fn votes<'a>(policy: &'a Policy, facts: &'a Facts) -> impl Iterator<Item = Vote> + use<'a> {
    let refused = facts.limits.iter().filter(|limit| limit.is_exceeded());
    refused.filter_map(|limit| vote(policy, limit, facts.flood))
}

/// What a limit that refused asks for.
fn vote(policy: &Policy, state: &LimitState, flood: FloodCounts) -> Option<Vote> {
    let limit = policy.limits.iter().find(|(scope, _)| *scope == state.scope)?.1.as_ref()?;
    let crowd = state.scope == Scope::Client && flood.authors >= MIN_CROWD_AUTHORS;
    let mut over = if crowd { limit.crowd } else { limit.over };
    // The queue is for people to read: what one sender puts into it beyond a limit is bounded too.
    let most = state.limit.saturating_mul(if crowd { CROWD_HOLD_FACTOR } else { 1 });
    let too_many = over == Decision::Hold && state.scope != Scope::Site && flood.held >= most;
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
        message.push_str(&format!("; {} beyond the limit wait for a moderator already", flood.held));
    } else if crowd {
        message += "; many authors share its address";
    }
    let reason = Reason::new(RATE_LIMIT, message).with_rule(format!("limits.{}", state.scope.as_str()));
    (over > Decision::Approve).then(|| Vote::binding(over, reason))
}
