//! Keeps what memory holds within its bounds: forgets the oldest comments, the held ones last.

use std::sync::atomic::Ordering;

use super::{MAX_BYTES, MAX_COMMENTS, MAX_HELD, State};
use crate::comment::{CommentId, Site};
use crate::verdict::Decision;

impl State {
    /// Remembers who came, and forgets who came first. Those that are held go to the end of the line instead.
    pub fn remember(&mut self, site: &Site, id: &CommentId) {
        self.order.push_back((site.clone(), id.clone()));
        self.evict();
    }

    /// Forgets the oldest comments while there are too many.
    pub fn evict(&mut self) {
        // Held ones too, when all there is must be bounded: nothing is kept beyond the process anyway.
        while self.order.len() > MAX_COMMENTS + MAX_HELD || self.bytes.load(Ordering::Relaxed) > MAX_BYTES {
            let Some((site, id)) = self.order.pop_front() else { return };
            self.forget_comment(&site, &id);
        }
        if self.order.len() <= MAX_COMMENTS {
            return;
        }
        // Two for one, so that a line of held comments does not keep the others from being reached.
        for _ in 0..2 {
            let Some((site, id)) = self.order.pop_front() else { return };
            let Some(shelf) = self.sites.get_mut(&site) else { continue };
            match shelf.comments.get(&id) {
                Some(entry) if entry.current.verdict.decision == Decision::Hold => self.order.push_back((site, id)),
                _ if self.order.len() >= MAX_COMMENTS => self.forget_comment(&site, &id),
                _ => self.order.push_front((site, id)),
            }
        }
    }

    fn forget_comment(&mut self, site: &Site, id: &CommentId) {
        let Some(shelf) = self.sites.get_mut(site) else { return };
        if let Some(author) = shelf.comments.remove(id).and_then(|entry| entry.author) {
            shelf.authors.remove(&author);
        }
    }
}
