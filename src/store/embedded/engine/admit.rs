//! Admits comments, records verdicts on them, and replaces verdicts.

use super::Engine;
use super::reservations::Reservation;
use super::rows::Standing;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{Facts, Flood, LimitState, Similar};
use crate::store::clock::now_micros;
use crate::store::draft::{Draft, Ruling};
use crate::store::embedded::read;
use crate::store::entry::{Counted, Trust};
use crate::store::facts as facts_text;

/// What [`Engine::admit`] found.
pub(in crate::store::embedded) enum Found {
    /// The comment is new and its verdict recorded; the tightest limit.
    Recorded(Option<LimitState>),
    /// The verdict that stands on this body.
    Repeated(Vec<u8>),
    /// Somebody must decide.
    Undecided { facts: Facts, verdict_id: String, revision: u32 },
}

/// Which verdict stands after [`Engine::record`].
pub(in crate::store::embedded) enum Stands {
    /// The one given.
    New,
    /// One recorded before.
    Earlier(Vec<u8>),
}

impl Engine {
    pub fn admit(&mut self, draft: &Draft, limits: &[Counted], trust: Trust) -> Result<Found, Error> {
        let site = self.number_of(&draft.site)?;
        let standing = self.standing(site, &draft.id)?;
        if let Some(standing) = &standing
            && (draft.is_of(standing.fingerprint) || self.comes_late(site, draft, standing)?)
        {
            return Ok(Found::Repeated(self.verdict(standing.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        if let Some(Reservation { verdict_id, revision, facts, .. }) =
            reservation.as_ref().filter(|reservation| reservation.fingerprint == draft.fingerprint)
        {
            return Ok(Found::Undecided {
                facts: facts_text::from_text(facts)?,
                verdict_id: verdict_id.clone(),
                revision: *revision,
            });
        }

        let weighing = self.limits.weigh(site, limits);
        self.limits.count(&weighing);
        let received_at = now_micros();
        let trusted = !trust.asks() || trust.holds(self.history(site, draft.author)?);
        if standing.is_none() && trusted && !weighing.refused() {
            let facts = Facts { limits: weighing.states, ..Facts::default() };
            let mut ruling = draft.verdict.clone();
            ruling.limited(facts.tightest());
            if reservation.is_some() {
                self.unreserve(site, &draft.id)?;
            }
            self.insert(site, draft, &ruling, received_at)?;
            return Ok(Found::Recorded(facts.tightest().copied()));
        }

        let facts = Facts {
            limits: weighing.states,
            author: self.history(site, draft.author)?,
            previous: standing.as_ref().map(Standing::previous).transpose()?,
            // Counted by the process, for all its engines.
            duplicates: Similar::default(),
            decided_duplicate: None,
            flood: Flood::default(),
        };
        let revision = standing.map_or(1, |standing| standing.revision.saturating_add(1));
        let verdict_id = draft.verdict.verdict_id.clone();
        self.reserve(site, draft, revision, received_at, &facts)?;
        Ok(Found::Undecided { facts, verdict_id, revision })
    }

    pub fn look(&mut self, draft: &Draft, limits: &[Counted]) -> Result<Facts, Error> {
        // A site that was never heard of gets no number for being asked about.
        let site = read::site(&self.connection, &draft.site)?.unwrap_or(0);
        let standing = self.standing(site, &draft.id)?.filter(|standing| !draft.is_of(standing.fingerprint));
        Ok(Facts {
            limits: self.limits.weigh(site, limits).states,
            author: self.history(site, draft.author)?,
            previous: standing.as_ref().map(Standing::previous).transpose()?,
            duplicates: Similar::default(),
            decided_duplicate: None,
            flood: Flood::default(),
        })
    }

    pub fn record(&mut self, draft: &Draft) -> Result<Stands, Error> {
        let site = self.number_of(&draft.site)?;
        let standing = self.standing(site, &draft.id)?;
        if let Some(standing) = &standing
            && standing.fingerprint == draft.fingerprint
        {
            return Ok(Stands::Earlier(self.verdict(standing.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        let mine = reservation.as_ref().filter(|reservation| reservation.fingerprint == draft.fingerprint);
        match (mine, &standing) {
            (Some(reservation), Some(standing)) => self.edit(site, draft, standing, reservation.received_at)?,
            (Some(reservation), None) => self.insert(site, draft, &draft.verdict, reservation.received_at)?,
            // The reservation was swept away, or the whole file: better kept late than not.
            (None, None) if reservation.is_none() => self.insert(site, draft, &draft.verdict, now_micros())?,
            // Edited meanwhile: the newer body decides what stands.
            (None, _) => return Ok(Stands::New),
        }
        self.unreserve(site, &draft.id)?;
        Ok(Stands::New)
    }

    pub fn replace(
        &mut self,
        site: &Site,
        id: &CommentId,
        expected: u32,
        ruling: &Ruling,
        event: &[u8],
    ) -> Result<bool, Error> {
        let site = self.number_of(site)?;
        let Some(standing) = self.standing(site, id)?.filter(|standing| standing.revision == expected) else {
            return Ok(false);
        };
        self.keep_past(site, id, standing.row)?;
        self.set_ruling(standing.row, ruling, event)?;
        self.move_author(site, standing.author, Some(standing.decision()?), None)?;
        self.move_author(site, standing.author, None, Some(ruling.decision))?;
        self.log(site, event.to_vec())?;
        self.announce(site, id, ruling)?;
        Ok(true)
    }
}
