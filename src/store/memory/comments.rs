//! Comments in memory: each function one step under one lock.

use super::entry::{EditHistory, MemoryComment, MemoryVerdict};
use super::site::{Reservation, site_state};
use super::{MAX_RESERVED, Memory, State};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{DuplicateCounts, Facts, FloodCounts, History, LimitState};
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
        let shelf = site_state(sites, site);
        let standing = shelf.comments.get(id);
        if let Some(entry) = standing.filter(|entry| entry.is_repeat(admission.comment)) {
            return Ok(AdmissionOutcome::Repeated(entry.current.verdict.clone()));
        }
        if let Some(reserved) = shelf.reserved.peek(id).filter(|reserved| reserved.fingerprint == fingerprint) {
            let Reservation { facts, verdict_id, revision, .. } = reserved;
            return Ok(AdmissionOutcome::Undecided {
                facts: facts.clone(),
                verdict_id: verdict_id.clone(),
                revision: *revision,
            });
        }
        let weighing = counts.check(shelf.number, &limits);
        counts.count(&weighing);
        counts.commit();
        let facts = Facts {
            author: shelf.history(admission.persons.author()),
            previous: standing.map(|entry| entry.previous()),
            limits: weighing.states,
            // Counted by the process, for all its engines.
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        };
        if standing.is_none() && admission.trusts(facts.author) && !facts.limits.iter().any(LimitState::is_exceeded) {
            let verdict = with_rate_limit(admission.tentative, facts.tightest());
            shelf.reserved.pop(id);
            if let Some(act) = machine_record(&verdict, &admission.persons) {
                shelf.append_audit(act);
            }
            shelf.insert(
                admission,
                MemoryVerdict { verdict: verdict.clone(), event: None, before: None },
                EditHistory::default(),
                total,
            );
            state.remember(site, id);
            return Ok(AdmissionOutcome::Recorded(verdict));
        }
        let revision = standing.map_or(1, |entry| entry.current.verdict.revision.saturating_add(1));
        let verdict_id = admission.tentative.id.clone();
        let reservation = Reservation { fingerprint, facts: facts.clone(), verdict_id: verdict_id.clone(), revision };
        shelf.reserved.put(id.clone(), reservation);
        if shelf.reserved.len() > MAX_RESERVED {
            shelf.reserved.pop_lru();
        }
        Ok(AdmissionOutcome::Undecided { facts, verdict_id, revision })
    }

    pub fn peek(&self, admission: &Admission<'_>) -> Result<Facts, Error> {
        let (site, id) = (admission.comment.site(), admission.comment.id());
        let state = self.state()?;
        // A site that was never heard of gets no shelf for being asked about.
        let shelf = state.sites.get(site);
        let standing = shelf.and_then(|shelf| shelf.comments.get(id));
        let number = shelf.map_or(-1, |shelf| shelf.number);
        Ok(Facts {
            limits: state.limits.check(number, &admission.applied_limits()).states,
            author: admission
                .persons
                .author()
                .map(|author| shelf.and_then(|shelf| shelf.history(Some(author))).unwrap_or_default()),
            previous: standing.filter(|entry| !entry.has_text(admission.comment)).map(|entry| entry.previous()),
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        })
    }

    pub fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        let (site, id, fingerprint) = (admission.comment.site(), admission.comment.id(), admission.comment.fingerprint());
        let mut state = self.state()?;
        let State { sites, bytes: total, .. } = &mut *state;
        let shelf = site_state(sites, site);
        if let Some(entry) = shelf.comments.get(id).filter(|entry| entry.fingerprint == fingerprint) {
            return Ok(entry.current.verdict.clone());
        }
        let standing = shelf.comments.remove(id).map(|entry| *entry);
        let expected = standing.as_ref().map_or(1, |entry| entry.current.verdict.revision.saturating_add(1));
        let newer = shelf.reserved.peek(id).is_some_and(|reserved| reserved.fingerprint != fingerprint);
        if newer || expected != verdict.revision {
            // Edited meanwhile: the newer body decides what stands.
            shelf.comments.extend(standing.map(|entry| (id.clone(), Box::new(entry))));
            return Ok(verdict.clone());
        }
        shelf.reserved.pop(id);
        let (before, past, first) = match standing {
            None => (None, EditHistory::default(), true),
            Some(MemoryComment { current: standing, mut trail, author, persons, fingerprint, mut texts, .. }) => {
                let before = standing.verdict.decision;
                shelf.uncount(author, before);
                trail.push(standing);
                trail.drain(..trail.len().saturating_sub(MAX_PAST_VERDICTS));
                texts.push(fingerprint);
                texts.drain(..texts.len().saturating_sub(MAX_PAST_VERDICTS));
                (Some(before), EditHistory { trail, persons, texts }, false)
            }
        };
        if let Some(act) = machine_record(verdict, &admission.persons) {
            shelf.append_audit(with_before(act, before.map_or(0, |before| before.to_wire().into())));
        }
        shelf.insert(admission, MemoryVerdict { verdict: verdict.clone(), event: None, before }, past, total);
        if first {
            state.remember(site, id);
        } else {
            self.publish_change(shelf, verdict);
            state.evict();
        }
        Ok(verdict.clone())
    }

    pub fn queue(&self, site: &Site) -> Result<QueueSummary, Error> {
        let state = self.state()?;
        let all = state.sites.get(site).into_iter().flat_map(|shelf| shelf.comments.values());
        let held = || all.clone().filter(|entry| entry.current.verdict.decision == Decision::Hold);
        let oldest = held().map(|entry| entry.received_at).min().map(from_micros).transpose()?;
        Ok(QueueSummary { comments: held().count().try_into().unwrap_or(u64::MAX), oldest })
    }

    pub fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        let mut state = self.state()?;
        let Some(shelf) = state.sites.get_mut(site) else { return Ok(false) };
        let Some(entry) = shelf.comments.get_mut(id) else { return Ok(false) };
        if entry.current.verdict.revision != change.expected_revision {
            return Ok(false);
        }
        let before = entry.current.verdict.decision;
        let next = MemoryVerdict { verdict: change.verdict.clone(), event: Some(change.event.clone()), before: Some(before) };
        entry.trail.push(std::mem::replace(&mut entry.current, next));
        entry.trail.drain(..entry.trail.len().saturating_sub(MAX_PAST_VERDICTS));
        let author = entry.author;
        shelf.uncount(author, before);
        shelf.count(author, change.verdict.decision);
        shelf.append_audit(prost::Message::encode_to_vec(&change.event));
        shelf.outcomes.update(&change.outcome_update);
        self.publish_change(shelf, change.verdict);
        Ok(true)
    }

    pub fn get(&self, site: &Site, id: &CommentId) -> Result<Option<StoredComment>, Error> {
        let state = self.state()?;
        let entry = state.sites.get(site).and_then(|shelf| shelf.comments.get(id));
        entry.map(|entry| entry.to_stored(true)).transpose()
    }

    pub fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        let state = self.state()?;
        Ok(state.sites.get(site).and_then(|shelf| shelf.history(Some(*author))).unwrap_or_default())
    }

    pub fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        let mut filling = PageBuilder::new(query)?;
        let state = self.state()?;
        let mut all: Vec<(ListPosition, &MemoryComment)> = Vec::new();
        if let Some(shelf) = state.sites.get(site) {
            let wanted = |entry: &&MemoryComment| {
                let verdict = &entry.current.verdict;
                query.decision.is_none_or(|decision| decision == verdict.decision)
                    && (!query.spot_checks || verdict.is_spot_check())
            };
            let entries = shelf.comments.values().map(|entry| &**entry).filter(wanted);
            all.extend(entries.map(|entry| (entry.position(query.order), entry)));
        }
        let backwards = query.order == Order::Newest;
        all.sort_by(|a, b| if backwards { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        while let Some((after, count)) = filling.next_chunk() {
            let behind = |place: &ListPosition| after.is_none_or(|after| if backwards { place < after } else { place > after });
            let rows = all.iter().filter(|(place, _)| behind(place)).take(count);
            let rows =
                rows.map(|(place, entry)| Ok((place.clone(), Some(entry.to_stored(false)?)))).collect::<Result<_, Error>>()?;
            filling.add(count, rows);
        }
        Ok(filling.build())
    }
}
