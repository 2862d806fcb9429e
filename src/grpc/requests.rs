//! Parses the requests of hosts and moderators, and reports all violations at once.

use std::time::{Duration, SystemTime};

use crate::comment::{CommentId, Site};
use crate::error::{Error, Violation};
use crate::learning::DecisionMaker;
use crate::pb;
use crate::review::{
    AuditFilter, Claimant, Filter, LAST_ACT, Order, ReviewAct, ReviewAction, is_act_id, is_moderator_name, new_act_id,
};
use crate::verdict::{Decision, RemovablePart};

const DEFAULT_PAGE_SIZE: usize = 50;
const MAX_PAGE_SIZE: usize = 1_000;
const MAX_IDS: usize = 1_000;
const MAX_CLAIMS: usize = 100;
/// Duration of a claim if the request does not name one.
const DEFAULT_LEASE: Duration = Duration::from_secs(600);
/// Minimum duration of a claim.
const MIN_LEASE: Duration = Duration::from_secs(1);
/// Maximum duration of a claim.
const MAX_LEASE: Duration = Duration::from_secs(86_400);
const ACT_ID_RULE: &str = "must be 1 to 64 letters, digits, _ and -";
const MAX_REASON_CODE: usize = 64;
const MAX_NOTE: usize = 4_096;

pub fn list_request(request: &pb::ListCommentsRequest) -> Result<(Site, Filter, Order, usize), Error> {
    let mut violations = Vec::new();
    let site = Site::parse("site", &request.site).map_err(|v| violations.push(v)).ok();
    let filter = Filter::parse(&request.filter).map_err(|problem| violations.push(Violation::new("filter", problem))).ok();
    let order = match request.order_by.as_str() {
        "" | "risk" => Some(Order::Risk),
        "newest" => Some(Order::Newest),
        "oldest" => Some(Order::Oldest),
        other => {
            let other = &other[..other.floor_char_boundary(80)];
            violations.push(Violation::new("order_by", format!("is {other:?}; risk, newest and oldest are known")));
            None
        }
    };
    let size = match usize::try_from(request.page_size) {
        Ok(0) => Some(DEFAULT_PAGE_SIZE),
        Ok(size) => Some(size.min(MAX_PAGE_SIZE)),
        Err(_) => {
            violations.push(Violation::new("page_size", "must be 0 or more"));
            None
        }
    };
    match (site, filter, order, size) {
        (Some(site), Some(filter), Some(order), Some(size)) => Ok((site, filter, order, size)),
        _ => Err(Error::Invalid(violations)),
    }
}

/// The comments that a moderator wants to claim.
pub enum ClaimSelection {
    Next(Filter, usize),
    ByIds(Vec<CommentId>),
}

pub fn claim_request(request: pb::ClaimCommentsRequest) -> Result<(Site, ClaimSelection, Claimant), Error> {
    let mut violations = Vec::new();
    let ids = claimed_ids(&request.ids, &mut violations);
    let site = site_of_moderator(&request.site, &request.moderator, &mut violations);
    let filter = Filter::parse(&request.filter).map_err(|problem| violations.push(Violation::new("filter", problem))).ok();
    if filter.as_ref().is_some_and(|filter| filter.decision() != Some(Decision::Hold)) {
        violations.push(Violation::new("filter", "selects decided comments; only held comments can be claimed"));
    }
    if filter.as_ref().is_some_and(Filter::filters_claims) {
        violations.push(Violation::new("filter", "selects by claim; only unclaimed comments are handed out"));
    }
    let limit = usize::try_from(request.max).ok().filter(|limit| *limit <= MAX_CLAIMS).map(|limit| limit.max(1));
    if limit.is_none() {
        violations.push(Violation::new("max", format!("is {}; 1 to {MAX_CLAIMS} are accepted", request.max)));
    }
    let lease = request.lease.map_or(Some(DEFAULT_LEASE), |lease| lease.try_into().ok());
    let lease = lease.filter(|lease| (MIN_LEASE..=MAX_LEASE).contains(lease));
    if lease.is_none() {
        violations.push(Violation::new("lease", "must last 1 second to 24 hours"));
    }
    match (site, filter, limit, lease) {
        (Some(site), Some(filter), Some(limit), Some(lease)) if violations.is_empty() => {
            let selection = if ids.is_empty() { ClaimSelection::Next(filter, limit) } else { ClaimSelection::ByIds(ids) };
            Ok((site, selection, Claimant { moderator: moderator_or_default(request.moderator), lease }))
        }
        _ => Err(Error::Invalid(violations)),
    }
}

pub fn release_request(request: pb::ReleaseCommentsRequest) -> Result<(Site, Vec<CommentId>, String), Error> {
    let mut violations = Vec::new();
    let ids = claimed_ids(&request.ids, &mut violations);
    if ids.is_empty() && violations.is_empty() {
        violations.push(Violation::new("ids", "names no comment to release"));
    }
    let site = site_of_moderator(&request.site, &request.moderator, &mut violations);
    match site {
        Some(site) if violations.is_empty() => Ok((site, ids, moderator_or_default(request.moderator))),
        _ => Err(Error::Invalid(violations)),
    }
}

pub fn claimed_ids(ids: &[String], violations: &mut Vec<Violation>) -> Vec<CommentId> {
    if ids.len() > MAX_IDS {
        violations.push(Violation::new("ids", format!("holds {} ids; at most {MAX_IDS} are accepted", ids.len())));
        return Vec::new();
    }
    ids.iter().filter_map(|id| CommentId::parse("ids", id).map_err(|violation| violations.push(violation)).ok()).collect()
}

pub fn decide_request(
    request: pb::DecideCommentsRequest,
    source: String,
    reason_required: impl FnOnce(&Site) -> bool,
) -> Result<(Site, Vec<String>, ReviewAct), Error> {
    let mut violations = Vec::new();
    let decision = Decision::from_wire(request.decision);
    if decision.is_none() {
        violations.push(Violation::new("decision", "must be DECISION_APPROVE, DECISION_HOLD or DECISION_REJECT"));
    }
    let code = &request.reason_code;
    if code.len() > MAX_REASON_CODE || !code.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
        violations.push(Violation::new("reason_code", "must be at most 64 letters, digits, _ and -, e.g. hate_speech"));
    }
    for (field, text) in [("note", &request.note), ("author_message", &request.author_message)] {
        if text.len() > MAX_NOTE {
            violations.push(Violation::new(field, format!("is {} bytes long; at most {MAX_NOTE} are accepted", text.len())));
        }
    }
    if !request.act_id.is_empty() && (!is_act_id(&request.act_id) || request.act_id == LAST_ACT) {
        violations.push(Violation::new("act_id", ACT_ID_RULE));
    }
    let parts: Vec<Option<RemovablePart>> =
        request.publish_without.iter().map(|part| RemovablePart::from_wire(*part)).collect();
    if parts.contains(&None) {
        violations.push(Violation::new("publish_without", "must be PART_AUTHOR_URL or PART_LINKS"));
    } else if !parts.is_empty() && decision != Some(Decision::Approve) {
        violations.push(Violation::new(
            "publish_without",
            "requires DECISION_APPROVE: a comment that is not published has no parts to leave out",
        ));
    }
    let site = ids_and_owner(&request.site, &request.ids, &request.moderator, &mut violations);
    if decision == Some(Decision::Reject) && code.is_empty() && site.as_ref().is_some_and(reason_required) {
        violations.push(Violation::new("reason_code", "is required on this site with every rejection, e.g. spam or abusive"));
    }
    let (Some(site), Some(decision), true) = (site, decision, violations.is_empty()) else {
        return Err(Error::Invalid(violations));
    };
    let act = ReviewAct {
        moderator: moderator_or_default(request.moderator),
        expected_revision: request.expected_revision,
        action: ReviewAction::Decide {
            decision,
            reason_code: request.reason_code,
            note: request.note,
            author_message: request.author_message,
            publish_without: RemovablePart::ALL.into_iter().filter(|part| parts.contains(&Some(*part))).collect(),
        },
        act_id: if request.act_id.is_empty() { new_act_id() } else { request.act_id },
        source,
        authority: DecisionMaker::Moderator,
    };
    Ok((site, request.ids, act))
}

pub fn undo_request(request: pb::UndoDecisionRequest, source: String) -> Result<(Site, Vec<String>, ReviewAct), Error> {
    let mut violations = Vec::new();
    let site = if request.act_id.is_empty() {
        ids_and_owner(&request.site, &request.ids, &request.moderator, &mut violations)
    } else {
        if !is_act_id(&request.act_id) {
            violations.push(Violation::new("act_id", ACT_ID_RULE));
        }
        if !request.ids.is_empty() || request.expected_revision.is_some() {
            violations.push(Violation::new("act_id", "takes back all of an act; leave out ids and expected_revision"));
        }
        site_of_moderator(&request.site, &request.moderator, &mut violations)
    };
    let (Some(site), true) = (site, violations.is_empty()) else { return Err(Error::Invalid(violations)) };
    let moderator = moderator_or_default(request.moderator);
    let act = ReviewAct {
        moderator,
        expected_revision: request.expected_revision,
        action: ReviewAction::Undo { of: None },
        act_id: new_act_id(),
        source,
        authority: DecisionMaker::Moderator,
    };
    Ok((site, request.ids, act))
}

pub fn audit_request(request: pb::ListAuditEventsRequest) -> Result<(Site, AuditFilter, usize, Option<u64>), Error> {
    let mut violations = Vec::new();
    let site = match request.site.as_str() {
        Site::SERVER => Some(Site::server()),
        site => Site::parse("site", site).map_err(|violation| violations.push(violation)).ok(),
    };
    let size = match usize::try_from(request.page_size) {
        Ok(0) => DEFAULT_PAGE_SIZE,
        Ok(size) => size.min(MAX_PAGE_SIZE),
        Err(_) => {
            violations.push(Violation::new("page_size", "must be 0 or more"));
            DEFAULT_PAGE_SIZE
        }
    };
    let from = Some(request.page_token.as_str()).filter(|token| !token.is_empty()).map(str::parse::<u64>).transpose();
    if from.is_err() {
        violations.push(Violation::new("page_token", "is not a page token; send the next_page_token of the page before"));
    }
    let since = parse_timestamp("since", request.since).map_err(|violation| violations.push(violation));
    match (site, from, since) {
        (Some(site), Ok(from), Ok(since)) if violations.is_empty() => {
            let pb::ListAuditEventsRequest { comment_id, by, act, act_id, newest_first, .. } = request;
            Ok((site, AuditFilter { comment_id, by, act, act_id, since, newest_first }, size, from))
        }
        _ => Err(Error::Invalid(violations)),
    }
}

pub fn parse_timestamp(field: &str, at: Option<prost_types::Timestamp>) -> Result<Option<SystemTime>, Violation> {
    let at = at.map(SystemTime::try_from).transpose();
    at.map_err(|_| Violation::new(field, "is not a valid time"))
}

/// Checks what decisions and undos share: the site, the ids and the moderator.
pub fn ids_and_owner(site: &str, ids: &[String], moderator: &str, violations: &mut Vec<Violation>) -> Option<Site> {
    if !(1..=MAX_IDS).contains(&ids.len()) {
        violations.push(Violation::new("ids", format!("holds {} ids; 1 to {MAX_IDS} are accepted", ids.len())));
    }
    site_of_moderator(site, moderator, violations)
}

/// Checks the site and the moderator's name.
pub fn site_of_moderator(site: &str, moderator: &str, violations: &mut Vec<Violation>) -> Option<Site> {
    if !moderator.is_empty() && !is_moderator_name(moderator) {
        violations.push(Violation::new(
            "moderator",
            "must be 1 to 128 bytes without control or invisible characters, and neither MACHINE nor import",
        ));
    }
    Site::parse("site", site).map_err(|violation| violations.push(violation)).ok()
}

/// Returns a moderator's name, or a default for an empty one.
pub fn moderator_or_default(name: String) -> String {
    if name.is_empty() { "moderator".to_owned() } else { name }
}

/// Parses the site and the id of a comment. Returns all violations as an error.
pub fn site_and_comment_id(site: &str, id: &str) -> Result<(Site, CommentId), Error> {
    match (Site::parse("site", site), CommentId::parse("comment_id", id)) {
        (Ok(site), Ok(id)) => Ok((site, id)),
        (site, id) => Err(Error::Invalid(site.err().into_iter().chain(id.err()).collect())),
    }
}
