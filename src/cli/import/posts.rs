//! The posts of an archive, for the comments that refer to them later.

use std::collections::HashMap;

use crate::pb;

/// Maximum memory for posts, in bytes. Comments on posts beyond it are imported without a title.
const MAX_SIZE: usize = 64 * 1024 * 1024;
/// Memory of a post besides its texts, in bytes.
const OVERHEAD: usize = 128;

/// The posts of an archive, by id.
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
    /// Remembers a post, up to the memory limit. A post that was stated as deleted once stays deleted.
    pub fn remember(&mut self, post: pb::Post, deleted: bool) {
        self.size += post.id.len() + post.url.len() + post.title.len() + OVERHEAD;
        if self.size <= MAX_SIZE {
            let deleted = deleted || self.is_deleted(&post.id);
            self.all.insert(post.id.clone(), KnownPost { post, deleted });
        }
    }

    /// Returns a post. The post of an unknown id has nothing but that id.
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
