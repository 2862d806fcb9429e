//! Keeps the memory store within its bounds: evicts the oldest comments, held ones last.

use std::sync::atomic::Ordering;

use super::{MAX_BYTES, MAX_COMMENTS, MAX_HELD, State};
use crate::comment::{CommentId, Site};
use crate::verdict::Decision;

impl State {
    /// Notes a new comment, and evicts the oldest ones.
    pub fn remember(&mut self, site: &Site, id: &CommentId) {
        self.order.push_back((site.clone(), id.clone()));
        self.evict();
    }

    /// Evicts the oldest comments while there are too many. Held ones move to the end of the line instead.
    pub fn evict(&mut self) {
        // Beyond the total bounds even held comments are evicted, since memory must stay bounded.
        while self.order.len() > MAX_COMMENTS + MAX_HELD || self.bytes.load(Ordering::Relaxed) > MAX_BYTES {
            let Some((site, id)) = self.order.pop_front() else { return };
            self.forget_comment(&site, &id);
        }
        if self.order.len() <= MAX_COMMENTS {
            return;
        }
        // Two per new comment, so that a run of held comments does not keep the others from being reached.
        for _ in 0..2 {
            let Some((site, id)) = self.order.pop_front() else { return };
            let Some(site_state) = self.sites.get_mut(&site) else { continue };
            match site_state.comments.get(&id) {
                Some(entry) if entry.current.verdict.decision == Decision::Hold => self.order.push_back((site, id)),
                _ if self.order.len() >= MAX_COMMENTS => self.forget_comment(&site, &id),
                _ => self.order.push_front((site, id)),
            }
        }
    }

    fn forget_comment(&mut self, site: &Site, id: &CommentId) {
        let Some(site_state) = self.sites.get_mut(site) else { return };
        if let Some(author) = site_state.comments.remove(id).and_then(|entry| entry.author) {
            site_state.authors.remove(&author);
        }
    }
}
