//! Queues of the latest items.

use std::collections::VecDeque;

/// Adds an item to a queue that holds `max` items at most, and drops the oldest if it is full.
pub fn push<T>(queue: &mut VecDeque<T>, max: usize, item: T) {
    if queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(item);
}
