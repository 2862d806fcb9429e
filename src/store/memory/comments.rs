//! Comments in memory: each function is one step under the lock.

use super::entry::{EditHistory, MemoryComment, MemoryVerdict};
use super::site::{Reservation, site_state};
use super::{MAX_RESERVED, Memory, State};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{AuthorCounts, DuplicateCounts, Facts, FloodCounts, LimitState};
use crate::store::act::{machine_record, with_before};
use crate::store::change::Change;
use crate::store::clock::from_micros;
use crate::store::draft::{MAX_PAST_VERDICTS, with_rate_limit};
use crate::store::entry::{Admission, AdmissionOutcome, QueueSummary, StoredComment};
use crate::store::page::{ListPage, ListPosition, ListQuery, Order, PageBuilder};
use crate::store::person::Person;
use crate::verdict::{Decision, Verdict};

impl Memory {
    pub fn admit(&self, admission: &Admission<'_>) -> Result<AdmissionOutcome, Error> {
        let (site, id, fingerprint) = (admission.comment.site(), admission.comment.id(), admission.comment.fingerprint());
        let limits = admission.applied_limits();
        let mut state = self.state()?;
        let State { sites, limits: counts, bytes: total, .. } = &mut *state;
        let site_state = site_state(sites, site);
        let current = site_state.comments.get(id);
        if let Some(entry) = current.filter(|entry| entry.is_repeat(admission.comment)) {
            return Ok(AdmissionOutcome::Repeated(entry.current.verdict.clone()));
        }
        let next_revision = current.map_or(1, |entry| entry.current.verdict.revision.saturating_add(1));
        // After a moderator's decision on the earlier text the facts are outdated: the edit is admitted anew.
        if let Some(reservation) = site_state
            .reserved
            .peek(id)
            .filter(|reservation| reservation.fingerprint == fingerprint && reservation.revision == next_revision)
        {
            let Reservation { facts, verdict_id, revision, .. } = reservation;
            return Ok(AdmissionOutcome::Undecided {
                facts: facts.clone(),
                verdict_id: verdict_id.clone(),
                revision: *revision,
            });
        }
        let check = counts.check(site_state.number, &limits);
        counts.count(&check);
        counts.commit();
        let facts = Facts {
            author: site_state.history(admission.persons.author()),
            previous: current.map(|entry| entry.previous()),
            limits: check.states,
            // The process counts near-duplicates itself, whichever engine it uses.
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        };
        if current.is_none() && admission.trusts(facts.author) && !facts.limits.iter().any(LimitState::is_exceeded) {
            let verdict = with_rate_limit(admission.tentative, facts.tightest());
            site_state.reserved.pop(id);
            if let Some(act) = machine_record(&verdict, &admission.persons) {
                site_state.append_audit(act);
            }
            site_state.insert(
                admission,
                MemoryVerdict { verdict: verdict.clone(), event: None, before: None },
                EditHistory::default(),
                total,
            );
            state.remember(site, id);
            return Ok(AdmissionOutcome::Recorded(verdict));
        }
        let revision = next_revision;
        let verdict_id = admission.tentative.id.clone();
        let reservation = Reservation { fingerprint, facts: facts.clone(), verdict_id: verdict_id.clone(), revision };
        site_state.reserved.put(id.clone(), reservation);
        if site_state.reserved.len() > MAX_RESERVED {
            site_state.reserved.pop_lru();
        }
        Ok(AdmissionOutcome::Undecided { facts, verdict_id, revision })
    }

    pub fn peek(&self, admission: &Admission<'_>) -> Result<Facts, Error> {
        let (site, id) = (admission.comment.site(), admission.comment.id());
        let state = self.state()?;
        // An unknown site is not created by a query.
        let site_state = state.sites.get(site);
        let current = site_state.and_then(|site_state| site_state.comments.get(id));
        let number = site_state.map_or(-1, |site_state| site_state.number);
        Ok(Facts {
            limits: state.limits.check(number, &admission.applied_limits()).states,
            author: admission
                .persons
                .author()
                .map(|author| site_state.and_then(|site_state| site_state.history(Some(author))).unwrap_or_default()),
            previous: current.filter(|entry| !entry.has_text(admission.comment)).map(|entry| entry.previous()),
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        })
    }

    pub fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Option<Verdict>, Error> {
        let (site, id, fingerprint) = (admission.comment.site(), admission.comment.id(), admission.comment.fingerprint());
        let mut state = self.state()?;
        let State { sites, bytes: total, .. } = &mut *state;
        let site_state = site_state(sites, site);
        if let Some(entry) = site_state.comments.get(id).filter(|entry| entry.fingerprint == fingerprint) {
            return Ok(Some(entry.current.verdict.clone()));
        }
        let reserved = site_state.reserved.peek(id).map(|reservation| reservation.fingerprint == fingerprint);
        let moved = site_state
            .comments
            .get(id)
            .is_some_and(|entry| entry.current.verdict.revision.saturating_add(1) != verdict.revision);
        match reserved {
            // Every edit removes the reservation, a moderator's decision does not.
            Some(true) if moved => return Ok(None),
            // The comment was edited in the meantime; the newer text determines the current verdict.
            Some(false) => return Ok(Some(verdict.clone())),
            None if moved => return Ok(Some(verdict.clone())),
            _ => {}
        }
        let current = site_state.comments.remove(id).map(|entry| *entry);
        site_state.reserved.pop(id);
        let (before, past, first) = match current {
            None => (None, EditHistory::default(), true),
            Some(MemoryComment { current, mut trail, author, persons, fingerprint, mut texts, .. }) => {
                let before = current.verdict.decision;
                site_state.uncount(author, before);
                trail.push(current);
                trail.drain(..trail.len().saturating_sub(MAX_PAST_VERDICTS));
                texts.push(fingerprint);
                texts.drain(..texts.len().saturating_sub(MAX_PAST_VERDICTS));
                (Some(before), EditHistory { trail, persons, texts }, false)
            }
        };
        if let Some(act) = machine_record(verdict, &admission.persons) {
            site_state.append_audit(with_before(act, before.map_or(0, |before| before.to_wire().into())));
        }
        site_state.insert(admission, MemoryVerdict { verdict: verdict.clone(), event: None, before }, past, total);
        if first {
            state.remember(site, id);
        } else {
            self.publish_change(site_state, verdict);
            state.evict();
        }
        Ok(Some(verdict.clone()))
    }

    pub fn queue(&self, site: &Site) -> Result<QueueSummary, Error> {
        let state = self.state()?;
        let all = state.sites.get(site).into_iter().flat_map(|site_state| site_state.comments.values());
        let held = || all.clone().filter(|entry| entry.current.verdict.decision == Decision::Hold);
        let oldest = held().map(|entry| entry.received_at).min().map(from_micros).transpose()?;
        Ok(QueueSummary { comments: held().count().try_into().unwrap_or(u64::MAX), oldest })
    }

    pub fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        let mut state = self.state()?;
        let Some(site_state) = state.sites.get_mut(site) else { return Ok(false) };
        let Some(entry) = site_state.comments.get_mut(id) else { return Ok(false) };
        if entry.current.verdict.revision != change.expected_revision {
            return Ok(false);
        }
        let before = entry.current.verdict.decision;
        let next = MemoryVerdict { verdict: change.verdict.clone(), event: Some(change.event.clone()), before: Some(before) };
        entry.trail.push(std::mem::replace(&mut entry.current, next));
        entry.trail.drain(..entry.trail.len().saturating_sub(MAX_PAST_VERDICTS));
        let author = entry.author;
        site_state.uncount(author, before);
        site_state.count(author, change.verdict.decision);
        site_state.append_audit(prost::Message::encode_to_vec(&change.event));
        site_state.outcomes.update(&change.outcome_update);
        self.publish_change(site_state, change.verdict);
        Ok(true)
    }

    pub fn get(&self, site: &Site, id: &CommentId) -> Result<Option<StoredComment>, Error> {
        let state = self.state()?;
        let entry = state.sites.get(site).and_then(|site_state| site_state.comments.get(id));
        entry.map(|entry| entry.to_stored(true)).transpose()
    }

    pub fn history(&self, site: &Site, author: &Person) -> Result<AuthorCounts, Error> {
        let state = self.state()?;
        Ok(state.sites.get(site).and_then(|site_state| site_state.history(Some(*author))).unwrap_or_default())
    }

    pub fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        let mut page = PageBuilder::new(query)?;
        let state = self.state()?;
        let mut all: Vec<(ListPosition, &MemoryComment)> = Vec::new();
        if let Some(site_state) = state.sites.get(site) {
            let wanted = |entry: &&MemoryComment| {
                let verdict = &entry.current.verdict;
                query.decision.is_none_or(|decision| decision == verdict.decision)
                    && (!query.spot_checks || verdict.is_spot_check())
            };
            let entries = site_state.comments.values().map(|entry| &**entry).filter(wanted);
            all.extend(entries.map(|entry| (entry.position(query.order), entry)));
        }
        let backwards = query.order == Order::Newest;
        all.sort_by(|a, b| if backwards { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        while let Some((after, count)) = page.next_chunk() {
            let is_after =
                |position: &ListPosition| after.is_none_or(|after| if backwards { position < after } else { position > after });
            let rows = all.iter().filter(|(position, _)| is_after(position)).take(count);
            let rows = rows
                .map(|(position, entry)| Ok((position.clone(), Some(entry.to_stored(false)?))))
                .collect::<Result<_, Error>>()?;
            page.add(count, rows);
        }
        Ok(page.build())
    }
}
