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
    all: HashMap<String, KnownPost>,
    size: usize,
}

struct KnownPost {
    post: pb::Post,
    deleted: bool,
}

impl Posts {
    /// Keeps a post, while there is room. One that was deleted once stays so.
    pub fn remember(&mut self, post: pb::Post, deleted: bool) {
        self.size += post.id.len() + post.url.len() + post.title.len() + OVERHEAD;
        if self.size <= MAX_SIZE {
            let deleted = deleted || self.is_deleted(&post.id);
            self.all.insert(post.id.clone(), KnownPost { post, deleted });
        }
    }

    /// Returns what is known of a post. Only the id, if it is not known.
    pub fn find(&self, id: String) -> pb::Post {
        match self.all.get(&id) {
            Some(known) => known.post.clone(),
            None => pb::Post { id, ..pb::Post::default() },
        }
    }

    /// Returns whether a post is known to have been deleted.
    pub fn is_deleted(&self, id: &str) -> bool {
        self.all.get(id).is_some_and(|known| known.deleted)
    }
}
