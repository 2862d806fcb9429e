//! What the Redis store writes: each function calls one script.

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

/// How long a verdict may be on its way.
const RESERVATION_LIFETIME: Duration = Duration::from_secs(24 * 3600);

impl Redis {
    pub async fn admit(self: &Arc<Self>, admission: &Admission<'_>) -> Result<AdmissionOutcome, Error> {
        let site = admission.comment.site();
        let reply = self.with_breaker(site, self.run_admit("admit", admission)).await?;
        self.maintain_indexes(site);
        let admitted = self.admitted(admission, reply)?;
        if matches!(&admitted, AdmissionOutcome::Recorded(verdict) if verdict.decision != Decision::Approve) {
            self.schedule_seal(site);
        }
        Ok(match admitted {
            AdmissionOutcome::Recorded(verdict) => AdmissionOutcome::Recorded(self.mark_unreplicated(admission, verdict).await),
            AdmissionOutcome::Repeated(verdict) => AdmissionOutcome::Repeated(self.mark_unreplicated(admission, verdict).await),
            undecided => undecided,
        })
    }

    fn admitted(&self, admission: &Admission<'_>, mut reply: Reply) -> Result<AdmissionOutcome, Error> {
        match reply.word() {
            "recorded" => {
                let (tightest, remaining): (usize, u32) = (reply.number()?, reply.number()?);
                let counted = admission.applied_limits();
                let tightest = tightest.checked_sub(1).and_then(|at| counted.get(at));
                let state = tightest.map(|&(scope, _, gcra)| LimitState { remaining, ..admitting(scope, gcra) });
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

    /// Waits until as many replicas have a held comment as must: what a master alone knows is lost with it. One that
    /// they do not have is marked.
    async fn mark_unreplicated(&self, admission: &Admission<'_>, mut verdict: Verdict) -> Verdict {
        if let Some(connection) = self.replica_connection.as_ref().filter(|_| verdict.decision == Decision::Hold) {
            let comment = self.keys(admission.comment.site()).comment(admission.comment.id());
            match self.wait_for_replicas(connection, &comment).await {
                Ok(()) => self.unconfirmed.store(false, Ordering::Relaxed),
                Err(error) => {
                    verdict.not_recorded = true;
                    if !self.unconfirmed.swap(true, Ordering::Relaxed) {
                        let cause = std::error::Error::source(&error).unwrap_or(&error);
                        tracing::error!(%cause, "held comments are not confirmed: until they are they count as not recorded");
                    }
                }
            }
        }
        verdict
    }

    async fn wait_for_replicas(&self, connection: &Connection, comment: &str) -> Result<(), Error> {
        let mut ask = Pipeline::with_capacity(2);
        // Asking for the comment makes WAIT wait for all that the server knows up to here; and it must be there at all:
        // another server may have taken over since.
        ask.cmd("EXISTS").arg(comment).cmd("WAIT").arg(self.wait_replicas).arg(millis(self.timeout).max(1));
        let answer = timeout(self.timeout * 4, connection.send_to_slot(comment, ask)).await;
        let answer = answer.map_err(|_| Error::store("redis did not say in time how many replicas have the comment"))??;
        let (exists, replicas): (bool, u32) = ::redis::from_redis_value(Value::Array(answer)).map_err(Error::store)?;
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

    /// Calls `admit.lua`, to do what it is for or only to look.
    async fn run_admit(&self, mode: &str, admission: &Admission<'_>) -> Result<Reply, Error> {
        let draft = Draft::new(admission, admission.tentative);
        let sent = format!("{} {} {}", hex(draft.fingerprint), hex(draft.body_fingerprint), draft.sent_at);
        let Draft { site, id, author, persons, comment, verdict: ruling, act, .. } = draft;
        let (keys, limits) = (self.keys(&site), admission.applied_limits());
        let mut names = common(&keys, &id, author).to_vec();
        // By our clock, as keys must be named before Redis is asked: at worst a window is a little longer for one of us.
        let window = now_micros().unsigned_abs() / u64::try_from(WINDOW.as_micros()).unwrap_or(u64::MAX);
        names.extend([keys.similar(window), keys.similar(window.saturating_sub(1)), keys.listed(), keys.unsealed()]);
        names.push(keys.spot_checks());
        names.extend(limits.iter().map(|(scope, person, _)| keys.limit(*scope, person.as_ref())));

        let mut ask = call(&self.scripts.admit, &names);
        ask.arg(mode).arg(sent).arg(author_name(author)).arg(ruling.decision.to_wire() as i32);
        ask.arg(ruling.verdict_id).arg(trust(admission.trust)).arg(ruling.risk_lead);
        ask.arg(lifetimes(&self.retention.for_site(&site), ruling.decision)).arg(millis(RESERVATION_LIFETIME));
        ask.arg(id.as_str()).arg(comment).arg(ruling.verdict).arg(hashes(&persons));
        let bands = admission.min_hash.map(|likeness| likeness.bands().map(|band| format!("{band:016x}")).join(" "));
        ask.arg(bands.as_deref().unwrap_or("-")).arg(admission.campaign_threshold).arg(millis(WINDOW * 2));
        ask.arg(admission.list_version.map_or("-".to_owned(), |version| version.to_string())).arg(act.unwrap_or_default());
        ask.arg(u8::from(ruling.spot_check));
        for (scope, _, gcra) in limits {
            let unfinished = pb::RateLimit::from(rate_limit(&admitting(scope, gcra))).encode_to_vec();
            ask.arg(scope.as_str()).arg(gcra.interval()).arg(gcra.burst()).arg(unfinished);
        }
        run(&self.connection, &self.scripts.admit, &ask).await
    }

    pub async fn record(self: &Arc<Self>, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        let verdict = self.recorded(admission, verdict).await?;
        Ok(self.mark_unreplicated(admission, verdict).await)
    }

    async fn recorded(self: &Arc<Self>, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        let draft = Draft::new(admission, verdict);
        let sent = format!("{} {}", hex(draft.fingerprint), draft.sent_at);
        let Draft { site, id, author, persons, comment, verdict: ruling, act, .. } = draft;
        let (act, edit_marker) = (act.unwrap_or_default(), edit_marker());
        let keys = self.keys(&site);
        let ask = |stands: Option<Person>| {
            let mut names = changing(&keys, &id, author, stands);
            names.push(keys.spot_checks());
            let mut ask = call(&self.scripts.record, &names);
            ask.arg(&sent).arg(author_name(author));
            self.add_verdict(&mut ask, &site, &ruling);
            ask.arg(id.as_str()).arg(&comment).arg(&ruling.verdict).arg(author_name(stands)).arg(hashes(&persons));
            ask.arg(&act).arg(&edit_marker).arg(u8::from(ruling.spot_check));
            ask
        };
        // Nearly always an edit is by the author of what it edits.
        let mut stands = author;
        loop {
            let ask = ask(stands);
            let mut reply = self.with_breaker(&site, run(&self.connection, &self.scripts.record, &ask)).await?;
            match reply.word() {
                "kept" | "edited" => {
                    self.schedule_seal(&site);
                    return Ok(verdict.clone());
                }
                "earlier" => return decode_verdict(&reply.bytes()?),
                "author" => stands = Person::from_hex(&reply.text()?),
                _ => return Err(reply.unexpected()),
            }
        }
    }

    pub async fn replace(self: &Arc<Self>, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        self.check_reachable(site)?;
        let (keys, ruling, event) = (self.keys(site), DraftVerdict::new(change.verdict), change.event.encode_to_vec());
        let ask = |author: Option<Person>| {
            let mut names = changing(&keys, id, author, author);
            names.extend([keys.outcomes(), keys.spot_checks()]);
            let mut ask = call(&self.scripts.replace, &names);
            ask.arg(change.expected_revision);
            self.add_verdict(&mut ask, site, &ruling);
            ask.arg(id.as_str()).arg(&ruling.verdict).arg(&event).arg(author_name(author));
            self.add_outcome_update(&mut ask, site, &change.outcome_update);
            ask.arg(u8::from(ruling.spot_check));
            ask
        };
        let mut author = None;
        loop {
            let mut reply = run(&self.connection, &self.scripts.replace, &ask(author)).await?;
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

    /// Adds what `record.lua` and `replace.lua` ask for alike: decision to most events.
    fn add_verdict(&self, ask: &mut Cmd, site: &Site, ruling: &DraftVerdict) {
        ask.arg(ruling.decision.to_wire() as i32).arg(ruling.revision).arg(u8::from(ruling.by_moderator)).arg(ruling.risk_lead);
        ask.arg(lifetimes(&self.retention.for_site(site), ruling.decision)).arg(self.keep_events);
    }
}

/// The keys that all three scripts begin with.
fn common(keys: &Keys, id: &CommentId, author: Option<Person>) -> [String; 6] {
    let author = keys.author(&author_name(author));
    [keys.comment(id), keys.all_by_time(), keys.all_by_risk(), keys.held_by_time(), keys.held_by_risk(), author]
}

/// The keys of a change.
fn changing(keys: &Keys, id: &CommentId, author: Option<Person>, stands: Option<Person>) -> Vec<String> {
    let more = [keys.trail(id), keys.events(), keys.author(&author_name(stands)), keys.unsealed()];
    common(keys, id, author).into_iter().chain(more).collect()
}

/// A limit that admits and says nothing yet of what remains.
fn admitting(scope: Scope, gcra: Gcra) -> LimitState {
    LimitState { scope, limit: gcra.burst(), remaining: 0, retry_after: Duration::ZERO }
}

/// What `keep.lua` reads as lifetimes. An index outlives whatever comes last into it.
fn lifetimes(retention: &Retention, decision: Decision) -> String {
    let spans =
        [retention.for_decision(decision), retention.authors, retention.changes, retention.for_decision(Decision::Hold) * 2];
    spans.map(|span| millis(span).to_string()).join(" ")
}

fn hashes(persons: &Persons) -> String {
    persons.all().map(|person| person.to_string()).collect::<Vec<_>>().join(" ")
}

fn hex(fingerprint: Fingerprint) -> String {
    format!("{:032x}", u128::from_be_bytes(fingerprint))
}

/// The text in which `admit.lua` reads which past of an author lets a verdict stand.
fn trust(TrustRule { min_approved, max_rejected, eased_by }: TrustRule) -> String {
    format!("{min_approved} {max_rejected} {eased_by}")
}
