//! Finds and erases a person's data in memory.

use super::{Memory, State};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::AuthorCounts;
use crate::pb;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::person::Person;

impl Memory {
    pub fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        let state = self.state()?;
        Ok(state.sites.get(site).map(|site_state| site_state.comments_of(person)).unwrap_or_default())
    }

    /// Replaces the stored text of a comment, if its verdict is still at this revision. Returns whether it was replaced.
    pub fn set_comment(&self, site: &Site, id: &CommentId, revision: u32, comment: pb::Comment) -> Result<bool, Error> {
        let mut state = self.state()?;
        let entry = state.sites.get_mut(site).and_then(|site_state| site_state.comments.get_mut(id));
        let Some(entry) = entry.filter(|entry| entry.current.verdict.revision == revision) else { return Ok(false) };
        entry.comment = comment;
        Ok(true)
    }

    /// Erases a person's comments and counts.
    pub fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let mut state = self.state()?;
        let State { sites, limits, order, .. } = &mut *state;
        let Some(site_state) = sites.get_mut(site) else { return Ok(ErasureCounts::default()) };
        let mut erased = ErasureCounts::default();
        for id in site_state.comments_of(person) {
            site_state.reserved.pop(&id);
            let Some(entry) = site_state.comments.remove(&id) else { continue };
            site_state.uncount(entry.author, entry.current.verdict.decision);
            if let Some(author) = entry.author
                && site_state.authors.get(&author) == Some(&AuthorCounts::default())
            {
                site_state.authors.remove(&author);
                erased.histories += 1;
            }
            let changes = site_state.changes.len();
            site_state.changes.retain(|(_, verdict)| verdict.comment_id != id.as_str());
            order.retain(|(of, known)| (of, known) != (site, &id));
            erased.comments += 1;
            erased.verdicts += 1 + count(entry.trail.len());
            erased.events += count(changes - site_state.changes.len());
        }
        erased.histories += u64::from(site_state.authors.remove(person).is_some());
        erased.limits += limits.forget(site_state.number, *person);
        limits.commit();
        Ok(erased)
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
