//! Each site's log of outcomes: what acts teach, read back, taken back and erased with a person.

use prost::Message;

use super::{Engine, Store};
use crate::classify::site::training_example::TrainingExample;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};
use crate::store::person::Person;

impl Store {
    /// Returns a version that rises with every change of a site's log, or `None` where other processes may change it.
    pub fn outcome_version(&self, site: &Site) -> Option<u64> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Some(self.versions.outcomes.get(site)),
            Engine::Redis(_) => None,
        }
    }

    /// Returns whether [`taught_version`](Self::outcome_version) tells of every change.
    pub fn has_outcome_versions(&self) -> bool {
        !matches!(self.engine, Engine::Redis(_))
    }

    /// The state of a site's log.
    pub async fn outcome_head(&self, site: &Site) -> Result<OutcomeLogState, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.outcome_head(site),
            Engine::Embedded(engine) => engine.outcome_head(site).await,
            Engine::Redis(engine) => engine.outcome_head(site).await,
        }
    }

    /// The records with numbers above `after` and up to `until`, in order.
    pub async fn outcomes(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.outcomes(site, after, until),
            Engine::Embedded(engine) => engine.outcomes(site, after, until).await,
            Engine::Redis(engine) => engine.outcomes(site, after, until).await,
        }
    }

    /// The record of a name.
    pub async fn outcome_named(&self, site: &Site, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.outcome_named(site, name),
            Engine::Embedded(engine) => engine.outcome_named(site, name).await,
            Engine::Redis(engine) => engine.outcome_named(site, name).await,
        }
    }

    /// Adds to a log, and takes from it, without an act on a comment. `act`, if it is one, is added to the site's audit in
    /// the same step.
    pub async fn update_outcomes(
        &self,
        site: &Site,
        teaching: &OutcomeUpdate,
        act: Option<&pb::AuditEvent>,
    ) -> Result<(), Error> {
        let act = act.map(Message::encode_to_vec);
        match &self.engine {
            Engine::Memory(engine) => self.bump_outcome_version(site, engine.update_outcomes(site, teaching, act)),
            Engine::Embedded(engine) => engine.update_outcomes(site, teaching, act).await,
            Engine::Redis(engine) => engine.update_outcomes(site, teaching, act).await,
        }
    }

    /// Forgets records, each told by its number and name. `first`: the number of the first that is left, where the caller has
    /// seen all. With `wipe` no bytes of them are left where the engine keeps its
    /// state, once [`forget`](Self::forget) has ended.
    pub async fn remove_outcomes(
        &self,
        site: &Site,
        records: &[(u64, String)],
        first: Option<u64>,
        wipe: bool,
    ) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        match &self.engine {
            Engine::Memory(engine) => self.bump_outcome_version(site, engine.remove_outcomes(site, records)),
            Engine::Embedded(engine) => engine.remove_outcomes(site, records, wipe).await,
            Engine::Redis(engine) => engine.remove_outcomes(site, records, first).await,
        }
    }

    /// Has learning begin behind one number and end with another, and adds the act to the site's audit in the same step.
    pub async fn set_outcome_range(&self, site: &Site, from: u64, to: Option<u64>, act: &pb::AuditEvent) -> Result<(), Error> {
        let act = act.encode_to_vec();
        match &self.engine {
            Engine::Memory(engine) => self.bump_outcome_version(site, engine.set_outcome_range(site, from, to, act)),
            Engine::Embedded(engine) => engine.set_outcome_range(site, from, to, act).await,
            Engine::Redis(engine) => engine.set_outcome_range(site, from, to, act).await,
        }
    }

    /// Raises the version of a site's log, which memory has changed.
    fn bump_outcome_version<T>(&self, site: &Site, changed: T) -> T {
        self.versions.outcomes.bump(site);
        changed
    }

    /// Erases what a person's comments have taught: of these comments, and of all that are known to be the person's.
    pub(super) async fn remove_outcomes_of(&self, site: &Site, person: &Person, ids: &[CommentId]) -> Result<u64, Error> {
        let head = self.outcome_head(site).await?;
        let mut theirs = Vec::new();
        for (number, record) in self.outcomes(site, 0, head.newest).await? {
            // One that cannot be read names nobody.
            let Some(lesson) = TrainingExample::from_bytes(&record) else { continue };
            let listed = || ids.iter().any(|id| id.as_str() == lesson.comment_id);
            if person.is_among(&lesson.persons) || listed() {
                theirs.push((number, lesson.name));
            }
        }
        self.remove_outcomes(site, &theirs, None, true).await?;
        Ok(u64::try_from(theirs.len()).unwrap_or(u64::MAX))
    }
}
