//! ReportOutcome: what a comment turned out to be, according to the host's own moderators.

use std::time::SystemTime;

use super::requests::site_and_comment_id;
use crate::classify::site::Outcome;
use crate::classify::site::training_example::OutcomeSource;
use crate::comment::{Comment, Site};
use crate::error::{Error, Violation};
use crate::keys::Caller;
use crate::learning::{DecisionMaker, OutcomeReport};
use crate::pb;
use crate::pb::report_outcome_request::Target;
use crate::review::{ReviewAct, ReviewAction, ReviewDesk, new_act_id};
use crate::store::{Person, Persons, StoredComment};
use crate::verdict::Decision;

/// The name recorded for a caller without one.
const UNNAMED_HOST: &str = "host";

/// Records an outcome. If the comment is held, the outcome also decides it.
///
/// # Errors
/// Returns an error if the request is invalid, the comment is not found or the store is unavailable.
pub async fn report(
    desk: &ReviewDesk,
    caller: &Caller,
    request: pb::ReportOutcomeRequest,
) -> Result<pb::ReportOutcomeResponse, Error> {
    let (site, target, outcome) = parse_request(request)?;
    let by = (caller.name_or(UNNAMED_HOST), &*caller.id);
    match target {
        ReportTarget::ById(id) => {
            let stored = desk.comment(&site, &id).await?.stored;
            report_on_stored(desk, &site, &stored, outcome, by).await?;
        }
        ReportTarget::ByContent(comment) => {
            let stored = desk.store().get(&site, comment.id()).await?;
            // With the same text it is the stored comment.
            match stored.filter(|stored| stored.comment.body == comment.stored_message().body) {
                Some(stored) => report_on_stored(desk, &site, &stored, outcome, by).await?,
                None => {
                    let secrets = desk.store().secrets(&site).await?;
                    let persons: Vec<Person> = Persons::of_comment(secrets.newest(), &comment).all().collect();
                    add_to_log(desk, &comment, 0, &persons, outcome, by).await?;
                }
            }
        }
    }
    // The next comment is scored with this outcome.
    desk.learning().refreshed(&site).await;
    Ok(pb::ReportOutcomeResponse {})
}

/// The comment that an outcome is about.
enum ReportTarget {
    ById(crate::comment::CommentId),
    ByContent(Box<Comment>),
}

fn parse_request(request: pb::ReportOutcomeRequest) -> Result<(Site, ReportTarget, Outcome), Error> {
    let mut violations = Vec::new();
    let outcome = match pb::Outcome::try_from(request.outcome) {
        Ok(pb::Outcome::Ham) => Some(Outcome::Ham),
        Ok(pb::Outcome::Spam) => Some(Outcome::Spam),
        Ok(pb::Outcome::Toxic) => Some(Outcome::Toxic),
        Ok(pb::Outcome::Unspecified) | Err(_) => {
            violations.push(Violation::new("outcome", "must be OUTCOME_HAM, OUTCOME_SPAM or OUTCOME_TOXIC"));
            None
        }
    };
    let target = match request.target {
        None => {
            violations.push(Violation::new("comment_id", "is required, or `comment` for one that was not checked before"));
            None
        }
        Some(Target::CommentId(id)) => match site_and_comment_id(&request.site, &id) {
            Ok((site, id)) => Some((site, ReportTarget::ById(id))),
            Err(Error::Invalid(more)) => {
                violations.extend(more);
                None
            }
            Err(other) => return Err(other),
        },
        Some(Target::Comment(mut comment)) => {
            if comment.site.is_empty() {
                comment.site.clone_from(&request.site);
            }
            if comment.site != request.site {
                violations.push(Violation::new("comment.site", "must be the site of the request, or empty"));
            }
            match Comment::parse(comment, SystemTime::now()) {
                Ok(comment) => Some((comment.site().clone(), ReportTarget::ByContent(Box::new(comment)))),
                Err(more) => {
                    violations.extend(more);
                    None
                }
            }
        }
    };
    match (target, outcome) {
        (Some((site, target)), Some(outcome)) if violations.is_empty() => Ok((site, target, outcome)),
        _ => Err(Error::Invalid(violations)),
    }
}

/// Records an outcome of a stored comment.
async fn report_on_stored(
    desk: &ReviewDesk,
    site: &Site,
    stored: &StoredComment,
    outcome: Outcome,
    (by, source): (&str, &str),
) -> Result<(), Error> {
    let (id, revision) = (&stored.comment.comment_id, stored.verdict.revision);
    if stored.verdict.decision == Decision::Hold {
        let (decision, reason_code) = match outcome {
            Outcome::Ham => (Decision::Approve, ""),
            Outcome::Spam => (Decision::Reject, "spam"),
            Outcome::Toxic => (Decision::Reject, "abusive"),
        };
        let act = ReviewAct {
            moderator: by.to_owned(),
            expected_revision: Some(revision),
            action: ReviewAction::Decide {
                decision,
                reason_code: reason_code.to_owned(),
                note: String::new(),
                author_message: String::new(),
                publish_without: Vec::new(),
            },
            act_id: new_act_id(),
            source: source.to_owned(),
            authority: DecisionMaker::Host(outcome),
        };
        let (_, id) = site_and_comment_id(site.as_str(), id)?;
        // If a moderator has claimed or just decided it, that decision stands, and the outcome is only logged.
        if desk.act(site, &id, &act).await?.is_ok() {
            return Ok(());
        }
    }
    // The text of the comment's post is not stored, so the comment is parsed without it.
    let comment = Comment::parse(stored.comment.clone(), SystemTime::now()).map_err(Error::Invalid)?;
    add_to_log(desk, &comment, revision, &stored.persons, outcome, (by, source)).await
}

/// Appends an outcome to the site's outcome log and to its audit log.
async fn add_to_log(
    desk: &ReviewDesk,
    comment: &Comment,
    revision: u32,
    persons: &[Person],
    outcome: Outcome,
    (by, source): (&str, &str),
) -> Result<(), Error> {
    let (site, id) = (comment.site(), comment.id().as_str());
    if desk.learning().is_reported(site, id, revision, outcome).await? {
        return Ok(());
    }
    let rejected = outcome != Outcome::Ham;
    let report =
        OutcomeReport { comment, persons, outcome: Some(outcome), rejected, source: OutcomeSource::Host, by, spot_check: None };
    let event = pb::AuditEvent {
        at: Some(SystemTime::now().into()),
        by: by.to_owned(),
        source: source.to_owned(),
        act: "REPORTED".to_owned(),
        comment_id: id.to_owned(),
        subject: outcome.as_str().to_owned(),
        persons: persons.iter().flat_map(|person| person.to_bytes()).collect(),
        ..Default::default()
    };
    desk.learning().report(site, &report, &event).await
}
