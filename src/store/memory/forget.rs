//! Finds and erases a person in memory.

use super::{Memory, State};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::History;
use crate::pb;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::person::Person;

impl Memory {
    pub fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        let state = self.state()?;
        Ok(state.sites.get(site).map(|shelf| shelf.comments_of(person)).unwrap_or_default())
    }

    /// Puts another text of a comment in the place of the one that is kept, if its verdict is still at this revision.
    pub fn set_comment(&self, site: &Site, id: &CommentId, revision: u32, comment: pb::Comment) -> Result<bool, Error> {
        let mut state = self.state()?;
        let entry = state.sites.get_mut(site).and_then(|shelf| shelf.comments.get_mut(id));
        let Some(entry) = entry.filter(|entry| entry.current.verdict.revision == revision) else { return Ok(false) };
        entry.comment = comment;
        Ok(true)
    }

    pub fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let mut state = self.state()?;
        let State { sites, limits, order, .. } = &mut *state;
        let Some(shelf) = sites.get_mut(site) else { return Ok(ErasureCounts::default()) };
        let mut forgotten = ErasureCounts::default();
        for id in shelf.comments_of(person) {
            shelf.reserved.pop(&id);
            let Some(entry) = shelf.comments.remove(&id) else { continue };
            shelf.uncount(entry.author, entry.current.verdict.decision);
            if let Some(author) = entry.author
                && shelf.authors.get(&author) == Some(&History::default())
            {
                shelf.authors.remove(&author);
                forgotten.histories += 1;
            }
            let changes = shelf.changes.len();
            shelf.changes.retain(|(_, verdict)| verdict.comment_id != id.as_str());
            order.retain(|(of, known)| (of, known) != (site, &id));
            forgotten.comments += 1;
            forgotten.verdicts += 1 + count(entry.trail.len());
            forgotten.events += count(changes - shelf.changes.len());
        }
        forgotten.histories += u64::from(shelf.authors.remove(person).is_some());
        forgotten.limits += limits.forget(shelf.number, *person);
        limits.commit();
        Ok(forgotten)
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
