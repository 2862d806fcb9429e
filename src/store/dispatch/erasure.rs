//! Finds and erases all that is kept of a person.

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::person::Person;

/// How often a person's comments are looked for again who goes on sending some while being erased.
const MAX_WALKS: usize = 3;

impl Store {
    /// The comments that came from a person: of which any text, the present or an earlier one, was sent under this
    /// identity. A walk over all comments of the site, a few at a time; one that comes meanwhile may be missed.
    pub async fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.find_comments_of(site, person),
            Engine::Embedded(engine) => engine.find_comments_of(site, person).await,
            Engine::Redis(engine) => engine.find_comments_of(site, person).await,
        }
    }

    /// Erases a person: each comment that [`find`](Self::find) tells with all that belongs to it, and what was counted
    /// for the person. Each comment goes as a whole or not at all. When this has returned no answer tells of them any more;
    /// where Redis and memory keep their state no bytes of them are left, and the embedded store overwrites those in its file
    /// within minutes, also after a crash. When it has failed, repeating it does the rest.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many erasures wait for their turn on the site.
    pub async fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let _turn = self.erasures.wait_turn(site).await?;
        self.local_limits.forget(site, *person);
        let mut forgotten = self.forget_once(site, person).await?;
        // Comments may have come behind the walk's back.
        for _ in 0..MAX_WALKS {
            let more = self.forget_once(site, person).await?;
            forgotten += more;
            if more.comments == 0 {
                break;
            }
        }
        Ok(forgotten)
    }

    async fn forget_once(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        // Before the comments: they tell which records are about the person, and whoever repeats this finds them again.
        let ids = self.find_comments_of(site, person).await?;
        let mut acts = self.redact_audit_of(site, person, &ids).await?;
        let listed = self.remove_list_entries_of(site, person).await?;
        let outcomes = self.remove_outcomes_of(site, person, &ids).await?;
        let quotes = self.remove_quotes_of(site, &ids).await?;
        let mut forgotten = match &self.engine {
            Engine::Memory(engine) => engine.forget(site, person),
            Engine::Embedded(engine) => engine.forget(site, person).await,
            Engine::Redis(engine) => engine.forget(site, person).await,
        }?;
        if forgotten.comments > 0 {
            // What was done to them meanwhile.
            acts += self.redact_audit_of(site, person, &ids).await?;
        }
        (forgotten.acts, forgotten.listed, forgotten.outcomes, forgotten.quotes) = (acts, listed, outcomes, quotes);
        Ok(forgotten)
    }
}
