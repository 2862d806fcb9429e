//! What an archive says of its posts, for the comments on them, which come later.

use std::collections::HashMap;

use crate::pb;

/// How much is remembered, in bytes. Comments on what comes then have no title, but come in.
const MAX_SIZE: usize = 64 * 1024 * 1024;
/// What a post takes besides its texts.
const OVERHEAD: usize = 128;

/// Posts by their ids.
#[derive(Default)]
pub struct Posts {
    all: HashMap<String, pb::Post>,
    size: usize,
}

impl Posts {
    /// Keeps a post, while there is room.
    pub fn remember(&mut self, post: pb::Post) {
        self.size += post.id.len() + post.url.len() + post.title.len() + OVERHEAD;
        if self.size <= MAX_SIZE {
            self.all.insert(post.id.clone(), post);
        }
    }

    /// Returns what is known of a post. Only the id, if it is not known.
    pub fn find(&self, id: String) -> pb::Post {
        self.all.get(&id).cloned().unwrap_or_else(|| pb::Post { id, ..pb::Post::default() })
    }
}
