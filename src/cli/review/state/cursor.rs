//! The movement of the cursor and the choice of the next comment.

use super::super::row::CommentRow;
use super::ScreenState;

impl ScreenState {
    /// Returns whether a comment waits for a decision and no colleague has claimed it.
    fn is_open(&self, row: &CommentRow) -> bool {
        self.is_pending(row) && self.claimed_by(row).is_none()
    }

    /// Returns the next row after the cursor that is open for a decision.
    pub fn next_open(&self) -> Option<&CommentRow> {
        self.rows.iter().skip(self.cursor + 1).find(|row| self.is_open(row))
    }

    /// Moves the cursor to a row. A row that stayed on the list only because the cursor was on it is removed.
    pub fn move_to(&mut self, to: usize) {
        if to == self.cursor {
            return;
        }
        let gone = self.selected().is_some_and(|row| row.off_list).then_some(self.cursor);
        self.cursor = to;
        self.scroll = 0;
        self.claims.released_by_hand = None;
        if let Some(gone) = gone {
            self.rows.remove(gone);
            if gone < self.cursor {
                self.cursor -= 1;
            }
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    /// Moves the cursor to the next row that is open for a decision, from the top of the list again after its end. The
    /// cursor stays if no other row is open.
    pub fn move_to_next_open(&mut self) {
        let open = |at: &usize| self.is_open(&self.rows[*at]);
        let (len, at) = (self.rows.len(), self.cursor);
        let next = (at + 1..len).find(open).or_else(|| (0..at.min(len)).find(open));
        if let Some(next) = next {
            self.move_to(next);
        }
    }

    /// Removes all rows and fetches the list from the start, for another query.
    pub fn restart_list(&mut self) {
        self.list.restart();
        self.marked.clear();
        self.rows.clear();
        self.cursor = 0;
        self.scroll = 0;
    }
}
