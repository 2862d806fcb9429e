//! Bounded queues of the latest items.

use std::collections::VecDeque;

/// Appends an item to a queue of at most `max` items, and drops the oldest if the queue is full.
pub fn push<T>(queue: &mut VecDeque<T>, max: usize, item: T) {
    if queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(item);
}
