//! Finds and erases a person's data.

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::person::Person;

/// Maximum number of repeated scans for comments that the person sends while being erased.
const MAX_WALKS: usize = 3;

impl Store {
    /// Returns the comments of which any text, present or earlier, was sent under this identity. Scans all comments of the
    /// site, a few at a time, and may miss comments that arrive meanwhile.
    pub async fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.find_comments_of(site, person),
            Engine::Embedded(engine) => engine.find_comments_of(site, person).await,
            Engine::Redis(engine) => engine.find_comments_of(site, person).await,
        }
    }

    /// Erases a person's data: each comment that [`find_comments_of`](Self::find_comments_of) returns with everything that
    /// belongs to it, and the counts kept for the person. Each comment is erased completely or not at all.
    ///
    /// After a successful return, no request returns the data any more. In Redis and in memory no bytes of it are left; the
    /// embedded engine overwrites them in its file within minutes, even after a crash. If the erasure fails, repeating it
    /// erases the rest.
    ///
    /// # Errors
    /// Returns [`Error::Overloaded`] if too many erasures run or wait on the site.
    pub async fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let _turn = self.erasures.wait_turn(site).await?;
        self.local_limits.forget(site, *person);
        let mut erased = self.forget_once(site, person).await?;
        // Comments may have arrived during the scan.
        for _ in 0..MAX_WALKS {
            let more = self.forget_once(site, person).await?;
            erased += more;
            if more.comments == 0 {
                break;
            }
        }
        Ok(erased)
    }

    async fn forget_once(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        // The comments are erased last: they show which records are about the person, also when a failed erasure is repeated.
        let ids = self.find_comments_of(site, person).await?;
        let mut acts = self.redact_audit_of(site, person, &ids).await?;
        let listed = self.remove_list_entries_of(site, person).await?;
        let outcomes = self.remove_outcomes_of(site, person, &ids).await?;
        let quotes = self.remove_quotes_of(site, &ids).await?;
        let mut erased = match &self.engine {
            Engine::Memory(engine) => engine.forget(site, person),
            Engine::Embedded(engine) => engine.forget(site, person).await,
            Engine::Redis(engine) => engine.forget(site, person).await,
        }?;
        if erased.comments > 0 {
            // Erase records of acts on the comments since the first pass.
            acts += self.redact_audit_of(site, person, &ids).await?;
        }
        (erased.acts, erased.listed, erased.outcomes, erased.quotes) = (acts, listed, outcomes, quotes);
        Ok(erased)
    }
}
