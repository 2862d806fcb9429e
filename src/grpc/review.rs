//! ReviewService, for moderators.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::guard::{Named, caller, open};
use super::moderation::name;
use super::queue::{self, Moves};
use super::streams::{Streams, held};
use crate::comment::{CommentId, Site};
use crate::error::{Error, Violation};
use crate::keys::Role;
use crate::pb::{self, review_service_server::ReviewService};
use crate::review::{Act, Acts, Ask, Desk, Filter, LAST, Order, Refusal, TakenBack, What, Withheld, is_act, is_name, new_act};
use crate::store::{Claim, Kept};
use crate::verdict::{Decision, Verdict};

const PAGE: usize = 50;
const MAX_PAGE: usize = 1_000;
const MAX_IDS: usize = 1_000;
const MAX_CLAIMS: usize = 100;
/// How long a claim lasts, if nothing is said, at least, and at most.
const LEASE: Duration = Duration::from_secs(600);
const MIN_LEASE: Duration = Duration::from_secs(1);
const MAX_LEASE: Duration = Duration::from_secs(86_400);
/// How far back is counted, if nothing is said.
const STATS: Duration = Duration::from_secs(7 * 86_400);
const ACT_ID: &str = "must be 1 to 64 letters, digits, _ and -";
const MAX_REASON_CODE: usize = 64;
const MAX_NOTE: usize = 4_096;

/// The service, on a desk.
pub struct Review {
    desk: Desk,
    streams: Streams,
    /// Turns true when the server leaves.
    leaving: watch::Receiver<bool>,
}

impl Review {
    /// The service, on a desk.
    pub fn new(desk: Desk, streams: Streams, leaving: watch::Receiver<bool>) -> Self {
        Self { desk, streams, leaving }
    }

    async fn act_on_all(&self, site: &Site, ids: Vec<String>, act: &Act) -> Result<Vec<pb::ReviewResult>, Error> {
        let mut results = Vec::with_capacity(ids.len());
        for comment_id in ids {
            let outcome = match CommentId::parse("ids", &comment_id) {
                Ok(id) => self.desk.act(site, &id, act).await?.map_err(|refusal| told(refusal, &comment_id)),
                Err(violation) => Err((None, "INVALID_ID", violation.problem)),
            };
            results.push(result(comment_id, outcome));
        }
        Ok(results)
    }
}

type Told = (Option<Verdict>, &'static str, String);

fn told(refusal: Refusal, id: &str) -> Told {
    match refusal {
        Refusal::NotFound => (None, "NOT_FOUND", format!("there is no comment {id:?} on this site")),
        Refusal::Conflict(now) => {
            let message = format!(
                "it was decided meanwhile: {} by {} at revision {}; look again and decide with that revision",
                now.decision.as_str(),
                now.decided_by,
                now.revision
            );
            (Some(*now), "CONFLICT", message)
        }
        Refusal::Claimed(now, claim) => (Some(*now), "CLAIMED", at_work(&claim)),
        Refusal::NothingToUndo(now) => {
            (Some(*now), "NOTHING_TO_UNDO", "no moderator's decision on its present text is left to take back".to_owned())
        }
    }
}

/// Who is at work on a comment, in words.
fn at_work(claim: &Claim) -> String {
    let until = humantime::format_rfc3339_seconds(claim.until);
    format!("{} is at work on it until {until}; take another, or come back then", claim.moderator)
}

fn not_handed(withheld: Withheld, id: &str) -> pb::ItemError {
    let (reason, message) = match withheld {
        Withheld::NotFound => ("NOT_FOUND", format!("there is no comment {id:?} on this site")),
        Withheld::NotHeld(now) => {
            let message = format!("it was decided already: {} by {}", now.decision.as_str(), now.decided_by);
            ("NOT_HELD", message)
        }
        Withheld::Claimed(claim) => ("CLAIMED", at_work(&claim)),
    };
    pb::ItemError { comment_id: id.to_owned(), reason: reason.to_owned(), message }
}

fn threshold((label, hold, reject): (&'static str, Option<f64>, Option<f64>)) -> pb::Threshold {
    pb::Threshold { label: label.to_owned(), hold, reject }
}

impl From<Claim> for pb::Claim {
    fn from(claim: Claim) -> Self {
        Self { moderator: claim.moderator, until: Some(claim.until.into()) }
    }
}

fn result(comment_id: String, outcome: Result<Verdict, Told>) -> pb::ReviewResult {
    match outcome {
        Ok(verdict) => pb::ReviewResult { comment_id, verdict: Some(verdict.into()), error: None },
        Err((verdict, reason, message)) => pb::ReviewResult {
            verdict: verdict.map(Into::into),
            error: Some(pb::ItemError { comment_id: comment_id.clone(), reason: reason.to_owned(), message }),
            comment_id,
        },
    }
}

#[tonic::async_trait]
impl ReviewService for Review {
    async fn list_comments(
        &self,
        request: Request<pb::ListCommentsRequest>,
    ) -> Result<Response<pb::ListCommentsResponse>, Status> {
        let request = open(request)?;
        let (site, filter, order, size) = list_request(&request)?;
        let after = Some(request.page_token.as_str()).filter(|token| !token.is_empty());
        let page = self.desk.list(&site, &filter, order, size, after).await?;
        let claims = self.desk.claims(&site, &page.comments).await?;
        let wanted = page.comments.into_iter().zip(claims).filter(|(_, claim)| filter.matches_claim(claim.as_ref()));
        Ok(Response::new(pb::ListCommentsResponse {
            comments: wanted.map(|(kept, claim)| moderated(kept, claim)).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn get_comment(&self, request: Request<pb::GetCommentRequest>) -> Result<Response<pb::GetCommentResponse>, Status> {
        let request = open(request)?;
        let (site, id) = name(&request.site, &request.comment_id)?;
        let known = self.desk.comment(&site, &id).await?;
        let rules = self.desk.rules(&site);
        let kept = known.kept;
        let audit_events = kept.trail.into_iter().map(|past| past.event).chain([kept.event]).collect();
        Ok(Response::new(pb::GetCommentResponse {
            comment: Some(kept.comment),
            verdict: Some(kept.verdict.into()),
            author_history: known.author.map(|history| pb::AuthorHistory {
                approved: history.approved,
                held: history.held,
                rejected: history.rejected,
            }),
            audit_events,
            received_at: Some(kept.received_at.into()),
            claim: known.claim.map(Into::into),
            thresholds: rules.thresholds.into_iter().map(threshold).collect(),
            reason_required: rules.reason_required,
        }))
    }

    async fn claim_comments(
        &self,
        request: Request<pb::ClaimCommentsRequest>,
    ) -> Result<Response<pb::ClaimCommentsResponse>, Status> {
        let (site, wanted, ask) = claim_request(named_after_key(request, |request| &mut request.moderator)?.0)?;
        let (mut comments, mut errors) = (Vec::new(), Vec::new());
        match wanted {
            Wanted::Next(filter, most) => {
                let handed = self.desk.claim_next(&site, &filter, most, &ask).await?;
                comments.extend(handed.into_iter().map(|one| moderated(one.kept, Some(one.claim))));
            }
            Wanted::These(ids) => {
                for id in ids {
                    match self.desk.claim(&site, &id, &ask).await? {
                        Ok(one) => comments.push(moderated(one.kept, Some(one.claim))),
                        Err(withheld) => errors.push(not_handed(withheld, id.as_str())),
                    }
                }
            }
        }
        Ok(Response::new(pb::ClaimCommentsResponse { comments, errors }))
    }

    async fn release_comments(
        &self,
        request: Request<pb::ReleaseCommentsRequest>,
    ) -> Result<Response<pb::ReleaseCommentsResponse>, Status> {
        let (request, _) = named_after_key(request, |request| &mut request.moderator)?;
        let (site, ids, moderator) = release_request(request)?;
        for id in &ids {
            self.desk.release(&site, id, &moderator).await?;
        }
        Ok(Response::new(pb::ReleaseCommentsResponse { errors: Vec::new() }))
    }

    async fn decide_comments(
        &self,
        request: Request<pb::DecideCommentsRequest>,
    ) -> Result<Response<pb::DecideCommentsResponse>, Status> {
        let (request, source) = named_after_key(request, |request| &mut request.moderator)?;
        let (site, ids, act) = decide_request(request, source, |site| self.desk.rules(site).reason_required)?;
        let results = self.act_on_all(&site, ids, &act).await?;
        Ok(Response::new(pb::DecideCommentsResponse { results, act_id: act.act_id }))
    }

    async fn undo_decision(
        &self,
        request: Request<pb::UndoDecisionRequest>,
    ) -> Result<Response<pb::UndoDecisionResponse>, Status> {
        let (request, source) = named_after_key(request, |request| &mut request.moderator)?;
        let named = request.act_id.clone();
        let (site, ids, act) = undo_request(request, source)?;
        if named.is_empty() {
            let results = self.act_on_all(&site, ids, &act).await?;
            return Ok(Response::new(pb::UndoDecisionResponse { results, ..Default::default() }));
        }
        let TakenBack { act_id, results, remaining } = self.desk.take_back(&site, &named, &act).await?;
        let results = results.into_iter().map(|(id, outcome)| {
            let outcome = outcome.map_err(|refusal| told(refusal, &id));
            result(id, outcome)
        });
        let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
        Ok(Response::new(pb::UndoDecisionResponse { results: results.collect(), act_id, remaining }))
    }

    async fn list_audit_events(
        &self,
        request: Request<pb::ListAuditEventsRequest>,
    ) -> Result<Response<pb::ListAuditEventsResponse>, Status> {
        let (site, acts, size, from) = acts_request(open(request)?)?;
        let page = self.desk.acts(&site, &acts, size, from).await?;
        Ok(Response::new(pb::ListAuditEventsResponse {
            events: page.events,
            next_page_token: page.next.map(|number| number.to_string()).unwrap_or_default(),
            forgotten: page.forgotten.number,
            forgotten_hash: page.forgotten.hash.to_vec(),
            newest: page.newest.number,
            newest_hash: page.newest.hash.to_vec(),
        }))
    }

    async fn get_queue_stats(
        &self,
        request: Request<pb::GetQueueStatsRequest>,
    ) -> Result<Response<pb::GetQueueStatsResponse>, Status> {
        let request = open(request)?;
        let site = Site::parse("site", &request.site).map_err(Error::from)?;
        let since = moment("since", request.since).map_err(Error::from)?.or_else(|| SystemTime::now().checked_sub(STATS));
        Ok(Response::new(self.desk.stats(&site, since.unwrap_or(SystemTime::UNIX_EPOCH)).await?))
    }

    type WatchQueueStream = Moves;

    async fn watch_queue(&self, request: Request<pb::WatchQueueRequest>) -> Result<Response<Self::WatchQueueStream>, Status> {
        let site = Site::parse("site", &open(request)?.site).map_err(Error::from)?;
        let place = self.streams.place()?;
        let moves = queue::moves(self.desk.clone(), site, self.leaving.clone()).await?;
        Ok(held(place, moves))
    }
}

/// Opens a request, and tells from where it comes. Who acts is the one whom the key was made for, unless an operator speaks
/// for somebody else.
pub(super) fn named_after_key<T: Named>(
    request: Request<T>,
    moderator: impl Fn(&mut T) -> &mut String,
) -> Result<(T, String), Error> {
    let caller = caller(&request);
    let mut message = open(request)?;
    let moderator = moderator(&mut message);
    if moderator.is_empty() || caller.role == Role::Moderator && !caller.name.is_empty() {
        *moderator = caller.name.to_string();
    }
    Ok((message, caller.id.to_string()))
}

pub(super) fn moderated(kept: Kept, claim: Option<Claim>) -> pb::ModeratedComment {
    pb::ModeratedComment {
        comment: Some(kept.comment),
        verdict: Some(kept.verdict.into()),
        received_at: Some(kept.received_at.into()),
        claim: claim.map(Into::into),
    }
}

// === requests, parsed: every violation at once ===

fn list_request(request: &pb::ListCommentsRequest) -> Result<(Site, Filter, Order, usize), Error> {
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
        Ok(0) => Some(PAGE),
        Ok(size) => Some(size.min(MAX_PAGE)),
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
enum Wanted {
    Next(Filter, usize),
    These(Vec<CommentId>),
}

fn claim_request(request: pb::ClaimCommentsRequest) -> Result<(Site, Wanted, Ask), Error> {
    let mut wrong = Vec::new();
    let ids = claimed_ids(&request.ids, &mut wrong);
    let site = owner(&request.site, &request.moderator, &mut wrong);
    let filter = Filter::parse(&request.filter).map_err(|problem| wrong.push(Violation::new("filter", problem))).ok();
    if filter.as_ref().is_some_and(|filter| filter.decision() != Some(Decision::Hold)) {
        wrong.push(Violation::new("filter", "asks for what is decided; only held comments can be claimed"));
    }
    if filter.as_ref().is_some_and(Filter::asks_for_claims) {
        wrong.push(Violation::new("filter", "asks for claims; what is handed out is nobody's"));
    }
    let most = usize::try_from(request.max).ok().filter(|most| *most <= MAX_CLAIMS).map(|most| most.max(1));
    if most.is_none() {
        wrong.push(Violation::new("max", format!("is {}; 1 to {MAX_CLAIMS} are accepted", request.max)));
    }
    let lease = request.lease.map_or(Some(LEASE), |lease| lease.try_into().ok());
    let lease = lease.filter(|lease| (MIN_LEASE..=MAX_LEASE).contains(lease));
    if lease.is_none() {
        wrong.push(Violation::new("lease", "must last 1 second to 24 hours"));
    }
    match (site, filter, most, lease) {
        (Some(site), Some(filter), Some(most), Some(lease)) if wrong.is_empty() => {
            let wanted = if ids.is_empty() { Wanted::Next(filter, most) } else { Wanted::These(ids) };
            Ok((site, wanted, Ask { moderator: moderator(request.moderator), lease }))
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

fn release_request(request: pb::ReleaseCommentsRequest) -> Result<(Site, Vec<CommentId>, String), Error> {
    let mut wrong = Vec::new();
    let ids = claimed_ids(&request.ids, &mut wrong);
    if ids.is_empty() && wrong.is_empty() {
        wrong.push(Violation::new("ids", "names no comment to give back"));
    }
    let site = owner(&request.site, &request.moderator, &mut wrong);
    match site {
        Some(site) if wrong.is_empty() => Ok((site, ids, moderator(request.moderator))),
        _ => Err(Error::Invalid(wrong)),
    }
}

fn claimed_ids(ids: &[String], wrong: &mut Vec<Violation>) -> Vec<CommentId> {
    if ids.len() > MAX_IDS {
        wrong.push(Violation::new("ids", format!("holds {} ids; at most {MAX_IDS} are accepted", ids.len())));
        return Vec::new();
    }
    ids.iter().filter_map(|id| CommentId::parse("ids", id).map_err(|violation| wrong.push(violation)).ok()).collect()
}

fn decide_request(
    request: pb::DecideCommentsRequest,
    source: String,
    reason_required: impl FnOnce(&Site) -> bool,
) -> Result<(Site, Vec<String>, Act), Error> {
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
    if !request.act_id.is_empty() && (!is_act(&request.act_id) || request.act_id == LAST) {
        wrong.push(Violation::new("act_id", ACT_ID));
    }
    let site = target(&request.site, &request.ids, &request.moderator, &mut wrong);
    if decision == Some(Decision::Reject) && code.is_empty() && site.as_ref().is_some_and(reason_required) {
        wrong.push(Violation::new("reason_code", "is required on this site with every rejection, e.g. spam or abusive"));
    }
    let (Some(site), Some(decision), true) = (site, decision, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
    };
    let act = Act {
        moderator: moderator(request.moderator),
        expected_revision: request.expected_revision,
        what: What::Decide {
            decision,
            reason_code: request.reason_code,
            note: request.note,
            author_message: request.author_message,
        },
        act_id: if request.act_id.is_empty() { new_act() } else { request.act_id },
        source,
    };
    Ok((site, request.ids, act))
}

fn undo_request(request: pb::UndoDecisionRequest, source: String) -> Result<(Site, Vec<String>, Act), Error> {
    let mut wrong = Vec::new();
    let site = if request.act_id.is_empty() {
        target(&request.site, &request.ids, &request.moderator, &mut wrong)
    } else {
        if !is_act(&request.act_id) {
            wrong.push(Violation::new("act_id", ACT_ID));
        }
        if !request.ids.is_empty() || request.expected_revision.is_some() {
            wrong.push(Violation::new("act_id", "takes back all of an act; leave out ids and expected_revision"));
        }
        owner(&request.site, &request.moderator, &mut wrong)
    };
    let (Some(site), true) = (site, wrong.is_empty()) else { return Err(Error::Invalid(wrong)) };
    let moderator = moderator(request.moderator);
    let act = Act {
        moderator,
        expected_revision: request.expected_revision,
        what: What::Undo { of: None },
        act_id: new_act(),
        source,
    };
    Ok((site, request.ids, act))
}

fn acts_request(request: pb::ListAuditEventsRequest) -> Result<(Site, Acts, usize, Option<u64>), Error> {
    let mut wrong = Vec::new();
    let site = Site::parse("site", &request.site).map_err(|violation| wrong.push(violation)).ok();
    let size = match usize::try_from(request.page_size) {
        Ok(0) => PAGE,
        Ok(size) => size.min(MAX_PAGE),
        Err(_) => {
            wrong.push(Violation::new("page_size", "must be 0 or more"));
            PAGE
        }
    };
    let from = Some(request.page_token.as_str()).filter(|token| !token.is_empty()).map(str::parse::<u64>).transpose();
    if from.is_err() {
        wrong.push(Violation::new("page_token", "is not a page token; send the next_page_token of the page before"));
    }
    let since = moment("since", request.since).map_err(|violation| wrong.push(violation));
    match (site, from, since) {
        (Some(site), Ok(from), Ok(since)) if wrong.is_empty() => {
            let pb::ListAuditEventsRequest { comment_id, by, act, act_id, newest_first, .. } = request;
            Ok((site, Acts { comment_id, by, act, act_id, since, newest_first }, size, from))
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

fn moment(field: &str, at: Option<prost_types::Timestamp>) -> Result<Option<SystemTime>, Violation> {
    let at = at.map(SystemTime::try_from).transpose();
    at.map_err(|_| Violation::new(field, "is no moment in time"))
}

/// Checks what both acts share: where, on what, by whom.
fn target(site: &str, ids: &[String], moderator: &str, wrong: &mut Vec<Violation>) -> Option<Site> {
    if !(1..=MAX_IDS).contains(&ids.len()) {
        wrong.push(Violation::new("ids", format!("holds {} ids; 1 to {MAX_IDS} are accepted", ids.len())));
    }
    owner(site, moderator, wrong)
}

/// Checks where, and by whom.
pub(super) fn owner(site: &str, moderator: &str, wrong: &mut Vec<Violation>) -> Option<Site> {
    if !moderator.is_empty() && !is_name(moderator) {
        wrong.push(Violation::new("moderator", "must be 1 to 128 bytes without control characters, and not MACHINE"));
    }
    Site::parse("site", site).map_err(|violation| wrong.push(violation)).ok()
}

pub(super) fn moderator(name: String) -> String {
    if name.is_empty() { "moderator".to_owned() } else { name }
}
