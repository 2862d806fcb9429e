//! Each site's outcome log: adds, reads and removes records, and erases those of a person.

use prost::Message;

use super::{Engine, Store};
use crate::classify::site::training_example::TrainingExample;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};
use crate::store::person::Person;

impl Store {
    /// Returns a version that increases with every change of a site's log, or `None` if other processes may change the log.
    pub fn outcome_version(&self, site: &Site) -> Option<u64> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Some(self.versions.outcomes.get(site)),
            Engine::Redis(_) => None,
        }
    }

    /// Returns whether [`outcome_version`](Self::outcome_version) reflects every change.
    pub fn has_outcome_versions(&self) -> bool {
        !matches!(self.engine, Engine::Redis(_))
    }

    /// Returns the state of a site's log.
    pub async fn outcome_head(&self, site: &Site) -> Result<OutcomeLogState, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.outcome_head(site),
            Engine::Embedded(engine) => engine.outcome_head(site).await,
            Engine::Redis(engine) => engine.outcome_head(site).await,
        }
    }

    /// Returns the records with numbers above `after` and up to `until`, in order.
    pub async fn outcomes(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.outcomes(site, after, until),
            Engine::Embedded(engine) => engine.outcomes(site, after, until).await,
            Engine::Redis(engine) => engine.outcomes(site, after, until).await,
        }
    }

    /// Returns the record with this name, or `None` if there is none.
    pub async fn outcome_named(&self, site: &Site, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.outcome_named(site, name),
            Engine::Embedded(engine) => engine.outcome_named(site, name).await,
            Engine::Redis(engine) => engine.outcome_named(site, name).await,
        }
    }

    /// Updates a log without changing a comment. `act`, if given, is added to the site's audit in the same atomic step.
    pub async fn update_outcomes(
        &self,
        site: &Site,
        update: &OutcomeUpdate,
        act: Option<&pb::AuditEvent>,
    ) -> Result<(), Error> {
        let act = act.map(Message::encode_to_vec);
        match &self.engine {
            Engine::Memory(engine) => self.bump_outcome_version(site, engine.update_outcomes(site, update, act)),
            Engine::Embedded(engine) => engine.update_outcomes(site, update, act).await,
            Engine::Redis(engine) => engine.update_outcomes(site, update, act).await,
        }
    }

    /// Removes records, each identified by its number and name. `first` is the number of the first remaining record, if the
    /// caller has read them all. If `wipe` is set, the embedded engine also overwrites their bytes in its file.
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

    /// Sets the range of records that learning uses: those after `from`, up to and including `to`. Adds the act to the site's
    /// audit in the same atomic step.
    pub async fn set_outcome_range(&self, site: &Site, from: u64, to: Option<u64>, act: &pb::AuditEvent) -> Result<(), Error> {
        let act = act.encode_to_vec();
        match &self.engine {
            Engine::Memory(engine) => self.bump_outcome_version(site, engine.set_outcome_range(site, from, to, act)),
            Engine::Embedded(engine) => engine.set_outcome_range(site, from, to, act).await,
            Engine::Redis(engine) => engine.set_outcome_range(site, from, to, act).await,
        }
    }

    /// Increases the version of a site's log after a change by the memory engine.
    fn bump_outcome_version<T>(&self, site: &Site, result: T) -> T {
        self.versions.outcomes.bump(site);
        result
    }

    /// Removes the outcomes of a person's comments: of the given comments, and of those whose records name the person. Returns
    /// the number of removed records.
    pub(super) async fn remove_outcomes_of(&self, site: &Site, person: &Person, ids: &[CommentId]) -> Result<u64, Error> {
        let head = self.outcome_head(site).await?;
        let mut theirs = Vec::new();
        for (number, record) in self.outcomes(site, 0, head.newest).await? {
            // An unreadable record names nobody.
            let Some(example) = TrainingExample::from_bytes(&record) else { continue };
            let is_listed = || ids.iter().any(|id| id.as_str() == example.comment_id);
            if person.is_among(&example.persons) || is_listed() {
                theirs.push((number, example.name));
            }
        }
        self.remove_outcomes(site, &theirs, None, true).await?;
        Ok(u64::try_from(theirs.len()).unwrap_or(u64::MAX))
    }
}
