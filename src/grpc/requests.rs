//! What hosts and moderators send, parsed: every violation at once.

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
/// How long a claim lasts, if nothing is said, at least, and at most.
const DEFAULT_LEASE: Duration = Duration::from_secs(600);
const MIN_LEASE: Duration = Duration::from_secs(1);
const MAX_LEASE: Duration = Duration::from_secs(86_400);
const ACT_ID_RULE: &str = "must be 1 to 64 letters, digits, _ and -";
const MAX_REASON_CODE: usize = 64;
const MAX_NOTE: usize = 4_096;

pub fn list_request(request: &pb::ListCommentsRequest) -> Result<(Site, Filter, Order, usize), Error> {
    let mut wrong = Vec::new();
    let site = Site::parse("site", &request.site).map_err(|v| wrong.push(v)).ok();
    let filter = Filter::parse(&request.filter).map_err(|problem| wrong.push(Violation::new("filter", problem))).ok();
    let order = match request.order_by.as_str() {
        "" | "risk" => Some(Order::Risk),
        "newest" => Some(Order::Newest),
        "oldest" => Some(Order::Oldest),
        other => {
            let other = &other[..other.floor_char_boundary(80)];
            wrong.push(Violation::new("order_by", format!("is {other:?}; risk, newest and oldest are known")));
            None
        }
    };
    let size = match usize::try_from(request.page_size) {
        Ok(0) => Some(DEFAULT_PAGE_SIZE),
        Ok(size) => Some(size.min(MAX_PAGE_SIZE)),
        Err(_) => {
            wrong.push(Violation::new("page_size", "must be 0 or more"));
            None
        }
    };
    match (site, filter, order, size) {
        (Some(site), Some(filter), Some(order), Some(size)) => Ok((site, filter, order, size)),
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Which comments a moderator wants.
pub enum ClaimSelection {
    Next(Filter, usize),
    ByIds(Vec<CommentId>),
}

pub fn claim_request(request: pb::ClaimCommentsRequest) -> Result<(Site, ClaimSelection, Claimant), Error> {
    let mut wrong = Vec::new();
    let ids = claimed_ids(&request.ids, &mut wrong);
    let site = site_of_moderator(&request.site, &request.moderator, &mut wrong);
    let filter = Filter::parse(&request.filter).map_err(|problem| wrong.push(Violation::new("filter", problem))).ok();
    if filter.as_ref().is_some_and(|filter| filter.decision() != Some(Decision::Hold)) {
        wrong.push(Violation::new("filter", "asks for what is decided; only held comments can be claimed"));
    }
    if filter.as_ref().is_some_and(Filter::filters_claims) {
        wrong.push(Violation::new("filter", "asks for claims; what is handed out is nobody's"));
    }
    let most = usize::try_from(request.max).ok().filter(|most| *most <= MAX_CLAIMS).map(|most| most.max(1));
    if most.is_none() {
        wrong.push(Violation::new("max", format!("is {}; 1 to {MAX_CLAIMS} are accepted", request.max)));
    }
    let lease = request.lease.map_or(Some(DEFAULT_LEASE), |lease| lease.try_into().ok());
    let lease = lease.filter(|lease| (MIN_LEASE..=MAX_LEASE).contains(lease));
    if lease.is_none() {
        wrong.push(Violation::new("lease", "must last 1 second to 24 hours"));
    }
    match (site, filter, most, lease) {
        (Some(site), Some(filter), Some(most), Some(lease)) if wrong.is_empty() => {
            let wanted = if ids.is_empty() { ClaimSelection::Next(filter, most) } else { ClaimSelection::ByIds(ids) };
            Ok((site, wanted, Claimant { moderator: moderator_or_default(request.moderator), lease }))
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

pub fn release_request(request: pb::ReleaseCommentsRequest) -> Result<(Site, Vec<CommentId>, String), Error> {
    let mut wrong = Vec::new();
    let ids = claimed_ids(&request.ids, &mut wrong);
    if ids.is_empty() && wrong.is_empty() {
        wrong.push(Violation::new("ids", "names no comment to give back"));
    }
    let site = site_of_moderator(&request.site, &request.moderator, &mut wrong);
    match site {
        Some(site) if wrong.is_empty() => Ok((site, ids, moderator_or_default(request.moderator))),
        _ => Err(Error::Invalid(wrong)),
    }
}

pub fn claimed_ids(ids: &[String], wrong: &mut Vec<Violation>) -> Vec<CommentId> {
    if ids.len() > MAX_IDS {
        wrong.push(Violation::new("ids", format!("holds {} ids; at most {MAX_IDS} are accepted", ids.len())));
        return Vec::new();
    }
    ids.iter().filter_map(|id| CommentId::parse("ids", id).map_err(|violation| wrong.push(violation)).ok()).collect()
}

pub fn decide_request(
    request: pb::DecideCommentsRequest,
    source: String,
    reason_required: impl FnOnce(&Site) -> bool,
) -> Result<(Site, Vec<String>, ReviewAct), Error> {
    let mut wrong = Vec::new();
    let decision = Decision::from_wire(request.decision);
    if decision.is_none() {
        wrong.push(Violation::new("decision", "must be DECISION_APPROVE, DECISION_HOLD or DECISION_REJECT"));
    }
    let code = &request.reason_code;
    if code.len() > MAX_REASON_CODE || !code.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
        wrong.push(Violation::new("reason_code", "must be at most 64 letters, digits, _ and -, e.g. hate_speech"));
    }
    for (field, text) in [("note", &request.note), ("author_message", &request.author_message)] {
        if text.len() > MAX_NOTE {
            wrong.push(Violation::new(field, format!("is {} bytes long; at most {MAX_NOTE} are accepted", text.len())));
        }
    }
    if !request.act_id.is_empty() && (!is_act_id(&request.act_id) || request.act_id == LAST_ACT) {
        wrong.push(Violation::new("act_id", ACT_ID_RULE));
    }
    let parts: Vec<Option<RemovablePart>> =
        request.publish_without.iter().map(|part| RemovablePart::from_wire(*part)).collect();
    if parts.contains(&None) {
        wrong.push(Violation::new("publish_without", "must be PART_AUTHOR_URL or PART_LINKS"));
    } else if !parts.is_empty() && decision != Some(Decision::Approve) {
        wrong.push(Violation::new(
            "publish_without",
            "goes with DECISION_APPROVE: what is not published has no parts to leave out",
        ));
    }
    let site = ids_and_owner(&request.site, &request.ids, &request.moderator, &mut wrong);
    if decision == Some(Decision::Reject) && code.is_empty() && site.as_ref().is_some_and(reason_required) {
        wrong.push(Violation::new("reason_code", "is required on this site with every rejection, e.g. spam or abusive"));
    }
    let (Some(site), Some(decision), true) = (site, decision, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
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
    let mut wrong = Vec::new();
    let site = if request.act_id.is_empty() {
        ids_and_owner(&request.site, &request.ids, &request.moderator, &mut wrong)
    } else {
        if !is_act_id(&request.act_id) {
            wrong.push(Violation::new("act_id", ACT_ID_RULE));
        }
        if !request.ids.is_empty() || request.expected_revision.is_some() {
            wrong.push(Violation::new("act_id", "takes back all of an act; leave out ids and expected_revision"));
        }
        site_of_moderator(&request.site, &request.moderator, &mut wrong)
    };
    let (Some(site), true) = (site, wrong.is_empty()) else { return Err(Error::Invalid(wrong)) };
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
    let mut wrong = Vec::new();
    let site = match request.site.as_str() {
        Site::SERVER => Some(Site::server()),
        site => Site::parse("site", site).map_err(|violation| wrong.push(violation)).ok(),
    };
    let size = match usize::try_from(request.page_size) {
        Ok(0) => DEFAULT_PAGE_SIZE,
        Ok(size) => size.min(MAX_PAGE_SIZE),
        Err(_) => {
            wrong.push(Violation::new("page_size", "must be 0 or more"));
            DEFAULT_PAGE_SIZE
        }
    };
    let from = Some(request.page_token.as_str()).filter(|token| !token.is_empty()).map(str::parse::<u64>).transpose();
    if from.is_err() {
        wrong.push(Violation::new("page_token", "is not a page token; send the next_page_token of the page before"));
    }
    let since = parse_timestamp("since", request.since).map_err(|violation| wrong.push(violation));
    match (site, from, since) {
        (Some(site), Ok(from), Ok(since)) if wrong.is_empty() => {
            let pb::ListAuditEventsRequest { comment_id, by, act, act_id, newest_first, .. } = request;
            Ok((site, AuditFilter { comment_id, by, act, act_id, since, newest_first }, size, from))
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

pub fn parse_timestamp(field: &str, at: Option<prost_types::Timestamp>) -> Result<Option<SystemTime>, Violation> {
    let at = at.map(SystemTime::try_from).transpose();
    at.map_err(|_| Violation::new(field, "is no moment in time"))
}

/// Checks what both acts share: where, on what, by whom.
pub fn ids_and_owner(site: &str, ids: &[String], moderator: &str, wrong: &mut Vec<Violation>) -> Option<Site> {
    if !(1..=MAX_IDS).contains(&ids.len()) {
        wrong.push(Violation::new("ids", format!("holds {} ids; 1 to {MAX_IDS} are accepted", ids.len())));
    }
    site_of_moderator(site, moderator, wrong)
}

/// Checks where, and by whom.
pub fn site_of_moderator(site: &str, moderator: &str, wrong: &mut Vec<Violation>) -> Option<Site> {
    if !moderator.is_empty() && !is_moderator_name(moderator) {
        wrong.push(Violation::new(
            "moderator",
            "must be 1 to 128 bytes without control or invisible characters, and neither MACHINE nor import",
        ));
    }
    Site::parse("site", site).map_err(|violation| wrong.push(violation)).ok()
}

pub fn moderator_or_default(name: String) -> String {
    if name.is_empty() { "moderator".to_owned() } else { name }
}

/// Parses what names a comment. Returns an error with both violations.
pub fn site_and_comment_id(site: &str, id: &str) -> Result<(Site, CommentId), Error> {
    match (Site::parse("site", site), CommentId::parse("comment_id", id)) {
        (Ok(site), Ok(id)) => Ok((site, id)),
        (site, id) => Err(Error::Invalid(site.err().into_iter().chain(id.err()).collect())),
    }
}
