//! Writes comments and verdicts to Redis. Each operation is one script.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::redis::{Cmd, Pipeline, Value};
use prost::Message;
use tokio::time::timeout;

use super::Redis;
use super::connection::Connection;
use super::keys::{Keys, author_name};
use super::millis::millis;
use super::script::{Reply, call, run};
use crate::comment::{CommentId, Fingerprint, Site};
use crate::error::Error;
use crate::facts::{Facts, LimitState};
use crate::limit::{Gcra, Scope};
use crate::pb;
use crate::retention::Retention;
use crate::store::act::edit_marker;
use crate::store::change::Change;
use crate::store::clock::now_micros;
use crate::store::draft::{Draft, DraftVerdict, with_rate_limit};
use crate::store::entry::{Admission, AdmissionOutcome, TrustRule, rate_limit};
use crate::store::facts as facts_text;
use crate::store::near_duplicates::WINDOW;
use crate::store::person::{Person, Persons};
use crate::store::row::decode_verdict;
use crate::verdict::{Decision, Verdict};

/// Time to live of a new comment's reservation. That of an edit lasts as long as the comment.
const RESERVATION_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Time to live of the key that is written before WAIT.
const REPLICA_PROBE_LIFETIME: Duration = Duration::from_secs(1);

impl Redis {
    pub async fn admit(self: &Arc<Self>, admission: &Admission<'_>) -> Result<AdmissionOutcome, Error> {
        let site = admission.comment.site();
        let reply = self.with_breaker(site, self.run_admit("admit", admission)).await?;
        self.maintain_indexes(site);
        let admitted = self.parse_admit_reply(admission, reply)?;
        if matches!(&admitted, AdmissionOutcome::Recorded(verdict) if verdict.decision != Decision::Approve) {
            self.schedule_seal(site);
        }
        Ok(match admitted {
            AdmissionOutcome::Recorded(verdict) => AdmissionOutcome::Recorded(self.mark_unreplicated(admission, verdict).await),
            AdmissionOutcome::Repeated(verdict) => AdmissionOutcome::Repeated(self.mark_unreplicated(admission, verdict).await),
            undecided => undecided,
        })
    }

    /// Parses the reply of `admit.lua`.
    fn parse_admit_reply(&self, admission: &Admission<'_>, mut reply: Reply) -> Result<AdmissionOutcome, Error> {
        match reply.word() {
            "recorded" => {
                let (tightest, remaining): (usize, u32) = (reply.number()?, reply.number()?);
                let applied = admission.applied_limits();
                let tightest = tightest.checked_sub(1).and_then(|at| applied.get(at));
                let state = tightest.map(|&(scope, _, gcra)| LimitState { remaining, ..admitting_state(scope, gcra) });
                Ok(AdmissionOutcome::Recorded(with_rate_limit(admission.tentative, state.as_ref())))
            }
            "seen" => Ok(AdmissionOutcome::Repeated(decode_verdict(&reply.bytes()?)?)),
            "listed" => Ok(AdmissionOutcome::ListsChanged),
            "undecided" => Ok(AdmissionOutcome::Undecided {
                verdict_id: reply.text()?,
                revision: reply.number()?,
                facts: facts_text::from_text(&reply.text()?)?,
            }),
            _ => Err(reply.unexpected()),
        }
    }

    /// Waits until the configured number of replicas have a held comment, because data on the master alone is lost with it.
    /// Marks the verdict as not recorded if they do not confirm in time.
    async fn mark_unreplicated(&self, admission: &Admission<'_>, mut verdict: Verdict) -> Verdict {
        if let Some(connection) = self.replica_connection.as_ref().filter(|_| verdict.decision == Decision::Hold) {
            match self.wait_for_replicas(connection, admission).await {
                Ok(()) => self.unconfirmed.store(false, Ordering::Relaxed),
                Err(error) => {
                    verdict.not_recorded = true;
                    if !self.unconfirmed.swap(true, Ordering::Relaxed) {
                        let cause = std::error::Error::source(&error).unwrap_or(&error);
                        tracing::error!(
                            %cause,
                            "held comments are not confirmed by replicas: until they are, they count as not recorded"
                        );
                    }
                }
            }
        }
        verdict
    }

    async fn wait_for_replicas(&self, connection: &Connection, admission: &Admission<'_>) -> Result<(), Error> {
        let keys = self.keys(admission.comment.site());
        let comment = keys.comment(admission.comment.id());
        let mut command = Pipeline::with_capacity(3);
        // Another server may have taken over, so check that the comment exists. WAIT covers the writes of its own connection, so
        // a write on this connection makes it cover all writes up to here.
        command.cmd("EXISTS").arg(&comment);
        command.cmd("SET").arg(keys.replica_probe()).arg(1).arg("PX").arg(millis(REPLICA_PROBE_LIFETIME));
        command.cmd("WAIT").arg(self.wait_replicas).arg(millis(self.timeout).max(1));
        let answer = timeout(self.timeout * 4, connection.send_to_slot(&comment, command)).await;
        let answer = answer.map_err(|_| Error::store("redis did not report in time how many replicas have the comment"))??;
        let (exists, (), replicas): (bool, (), u32) = ::redis::from_redis_value(Value::Array(answer)).map_err(Error::store)?;
        match exists && replicas >= self.wait_replicas {
            true => Ok(()),
            false => Err(Error::store(format!("{replicas} of {} replicas have a held comment", self.wait_replicas))),
        }
    }

    pub async fn peek(self: &Arc<Self>, admission: &Admission<'_>) -> Result<Option<Facts>, Error> {
        let mut reply = self.with_breaker(admission.comment.site(), self.run_admit("look", admission)).await?;
        match reply.word() {
            "facts" => Ok(Some(facts_text::from_text(&reply.text()?)?)),
            "listed" => Ok(None),
            _ => Err(reply.unexpected()),
        }
    }

    /// Calls `admit.lua`. The mode is `admit`, or `look` to change nothing.
    async fn run_admit(&self, mode: &str, admission: &Admission<'_>) -> Result<Reply, Error> {
        let draft = Draft::new(admission, admission.tentative);
        let fingerprints = format!("{} {} {}", hex(draft.fingerprint), hex(draft.body_fingerprint), draft.sent_at);
        let Draft { site, id, author, persons, comment, verdict: draft_verdict, act, .. } = draft;
        let (keys, limits) = (self.keys(&site), admission.applied_limits());
        let mut names = shared_keys(&keys, &id, author).to_vec();
        // The window depends on this server's clock, because keys must be named before the call. If clocks differ, a window
        // lasts slightly longer on some servers.
        let window = now_micros().unsigned_abs() / u64::try_from(WINDOW.as_micros()).unwrap_or(u64::MAX);
        names.extend([keys.similar(window), keys.similar(window.saturating_sub(1)), keys.listed(), keys.unsealed()]);
        names.push(keys.spot_checks());
        names.extend(limits.iter().map(|(scope, person, _)| keys.limit(*scope, person.as_ref())));

        let mut command = call(&self.scripts.admit, &names);
        command.arg(mode).arg(fingerprints).arg(author_name(author)).arg(draft_verdict.decision.to_wire() as i32);
        command.arg(draft_verdict.verdict_id).arg(trust_argument(admission.trust)).arg(draft_verdict.risk_lead);
        command.arg(lifetimes(&self.retention.for_site(&site), draft_verdict.decision)).arg(millis(RESERVATION_LIFETIME));
        command.arg(id.as_str()).arg(comment).arg(draft_verdict.verdict).arg(join_hashes(&persons));
        let bands = admission.min_hash.map(|min_hash| min_hash.bands().map(|band| format!("{band:016x}")).join(" "));
        command.arg(bands.as_deref().unwrap_or("-")).arg(admission.campaign_threshold).arg(millis(WINDOW * 2));
        command.arg(admission.list_version.map_or("-".to_owned(), |version| version.to_string())).arg(act.unwrap_or_default());
        command.arg(u8::from(draft_verdict.spot_check));
        for (scope, _, gcra) in limits {
            let partial = pb::RateLimit::from(rate_limit(&admitting_state(scope, gcra))).encode_to_vec();
            command.arg(scope.as_str()).arg(gcra.interval()).arg(gcra.burst()).arg(partial);
        }
        run(&self.connection, &self.scripts.admit, &command).await
    }

    pub async fn record(self: &Arc<Self>, admission: &Admission<'_>, verdict: &Verdict) -> Result<Option<Verdict>, Error> {
        match self.run_record(admission, verdict).await? {
            Some(verdict) => Ok(Some(self.mark_unreplicated(admission, verdict).await)),
            None => Ok(None),
        }
    }

    /// Calls `record.lua`, again if another author's counts are needed. Returns the resulting verdict, or `None` if the comment
    /// must be admitted again.
    async fn run_record(self: &Arc<Self>, admission: &Admission<'_>, verdict: &Verdict) -> Result<Option<Verdict>, Error> {
        let draft = Draft::new(admission, verdict);
        let fingerprints = format!("{} {}", hex(draft.fingerprint), draft.sent_at);
        let Draft { site, id, author, persons, comment, verdict: draft_verdict, act, .. } = draft;
        let (act, edit_marker) = (act.unwrap_or_default(), edit_marker());
        let keys = self.keys(&site);
        let build_call = |current_author: Option<Person>| {
            let mut names = change_keys(&keys, &id, author, current_author);
            names.push(keys.spot_checks());
            let mut command = call(&self.scripts.record, &names);
            command.arg(&fingerprints).arg(author_name(author));
            self.add_verdict(&mut command, &site, &draft_verdict);
            command
                .arg(id.as_str())
                .arg(&comment)
                .arg(&draft_verdict.verdict)
                .arg(author_name(current_author))
                .arg(join_hashes(&persons));
            command.arg(&act).arg(&edit_marker).arg(u8::from(draft_verdict.spot_check));
            command
        };
        // Almost all edits are by the author of the current text.
        let mut current_author = author;
        loop {
            let command = build_call(current_author);
            let mut reply = self.with_breaker(&site, run(&self.connection, &self.scripts.record, &command)).await?;
            match reply.word() {
                "kept" | "edited" => {
                    self.schedule_seal(&site);
                    return Ok(Some(verdict.clone()));
                }
                "earlier" => return decode_verdict(&reply.bytes()?).map(Some),
                "moved" => return Ok(None),
                "author" => current_author = Person::from_hex(&reply.text()?),
                _ => return Err(reply.unexpected()),
            }
        }
    }

    /// Replaces the current verdict if it still has the expected revision. Returns whether it did.
    pub async fn replace(self: &Arc<Self>, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        self.check_reachable(site)?;
        let (keys, draft_verdict, event) = (self.keys(site), DraftVerdict::new(change.verdict), change.event.encode_to_vec());
        let build_call = |author: Option<Person>| {
            let mut names = change_keys(&keys, id, author, author);
            names.extend([keys.outcomes(), keys.spot_checks()]);
            let mut command = call(&self.scripts.replace, &names);
            command.arg(change.expected_revision);
            self.add_verdict(&mut command, site, &draft_verdict);
            command.arg(id.as_str()).arg(&draft_verdict.verdict).arg(&event).arg(author_name(author));
            self.add_outcome_update(&mut command, site, &change.outcome_update);
            command.arg(u8::from(draft_verdict.spot_check));
            command
        };
        let mut author = None;
        loop {
            let mut reply = run(&self.connection, &self.scripts.replace, &build_call(author)).await?;
            match reply.word() {
                "kept" => {
                    self.schedule_seal(site);
                    return Ok(true);
                }
                "moved" => return Ok(false),
                "author" => author = Person::from_hex(&reply.text()?),
                _ => return Err(reply.unexpected()),
            }
        }
    }

    /// Adds the arguments that `record.lua` and `replace.lua` share, from the decision to the maximum number of events.
    fn add_verdict(&self, command: &mut Cmd, site: &Site, draft_verdict: &DraftVerdict) {
        command
            .arg(draft_verdict.decision.to_wire() as i32)
            .arg(draft_verdict.revision)
            .arg(u8::from(draft_verdict.by_moderator))
            .arg(draft_verdict.risk_lead);
        command.arg(lifetimes(&self.retention.for_site(site), draft_verdict.decision)).arg(self.keep_events);
    }
}

/// Returns the keys with which the calls of all three scripts begin.
fn shared_keys(keys: &Keys, id: &CommentId, author: Option<Person>) -> [String; 6] {
    let author = keys.author(&author_name(author));
    [keys.comment(id), keys.all_by_time(), keys.all_by_risk(), keys.held_by_time(), keys.held_by_risk(), author]
}

/// Returns the keys for the scripts that can replace a verdict.
fn change_keys(keys: &Keys, id: &CommentId, author: Option<Person>, current_author: Option<Person>) -> Vec<String> {
    let more = [keys.trail(id), keys.events(), keys.author(&author_name(current_author)), keys.unsealed()];
    shared_keys(keys, id, author).into_iter().chain(more).collect()
}

/// Returns the state of a limit that admits a comment, without the remaining number.
fn admitting_state(scope: Scope, gcra: Gcra) -> LimitState {
    LimitState { scope, limit: gcra.burst(), remaining: 0, retry_after: Duration::ZERO }
}

/// Formats the lifetimes that `keep.lua` reads. An index must outlive its last comment.
fn lifetimes(retention: &Retention, decision: Decision) -> String {
    let spans =
        [retention.for_decision(decision), retention.authors, retention.changes, retention.for_decision(Decision::Hold) * 2];
    spans.map(|span| millis(span).to_string()).join(" ")
}

/// Formats the hashes of persons, separated by spaces.
fn join_hashes(persons: &Persons) -> String {
    persons.all().map(|person| person.to_string()).collect::<Vec<_>>().join(" ")
}

/// Formats a fingerprint as 32 hexadecimal digits.
fn hex(fingerprint: Fingerprint) -> String {
    format!("{:032x}", u128::from_be_bytes(fingerprint))
}

/// Formats a trust rule as `admit.lua` reads it.
fn trust_argument(TrustRule { min_approved, max_rejected, eased_by }: TrustRule) -> String {
    format!("{min_approved} {max_rejected} {eased_by}")
}
