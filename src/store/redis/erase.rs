//! Erases a person from Redis: walks over the site's comments and erases theirs, a chunk at a time, so that the server
//! is never busy with it for long.
//!
//! What Redis itself has written to disk follows in its own time: a snapshot with the next one, the append-only file
//! with its next rewrite.

use std::time::Duration;

use super::Redis;
use super::keys::author_name;
use super::millis::millis;
use super::read;
use super::script::{call, run};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::limit::Scope;
use crate::store::erasure_counts::ErasureCounts;
use crate::store::page::{ListQuery, Order};
use crate::store::person::Person;

/// Most comments looked at, or events copied, at once.
const CHUNK: usize = 256;
/// Most comments erased at once: Redis does nothing else meanwhile, and each takes a dozen commands.
const ERASE_CHUNK: usize = 64;
/// How long a copy of the events lies about that nobody finishes.
const COPY_LIFETIME: Duration = Duration::from_secs(3600);
/// How often comments are looked at again that were edited under another author meanwhile.
const MAX_ROUNDS: usize = 8;

impl Redis {
    pub async fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        let found = self.comments_and_authors_of(site, person).await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// Puts another text of a comment in the place of the one that is kept, if its verdict is still at this revision.
    pub async fn set_comment(&self, site: &Site, id: &CommentId, revision: u32, comment: &[u8]) -> Result<bool, Error> {
        let mut ask = call(&self.scripts.comment, &[self.keys(site).comment(id)]);
        ask.arg(revision).arg(comment);
        let reply = run(&self.connection, &self.scripts.comment, &ask).await?;
        match reply.word() {
            "kept" => Ok(true),
            "moved" => Ok(false),
            _ => Err(reply.unexpected()),
        }
    }

    pub async fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let (keys, mut forgotten) = (self.keys(site), ErasureCounts::default());
        for _ in 0..MAX_ROUNDS {
            let mut moved = 0;
            for chunk in self.comments_and_authors_of(site, person).await?.chunks(ERASE_CHUNK) {
                let mut names = vec![keys.all_by_time(), keys.all_by_risk(), keys.held_by_time(), keys.held_by_risk()];
                names.extend([keys.events(), keys.rewritten_events(), keys.spot_checks()]);
                for (id, author) in chunk {
                    names.extend([keys.comment(id), keys.trail(id), keys.author(author)]);
                }
                let mut ask = call(&self.scripts.erase, &names);
                ask.arg(person.to_string());
                for (id, author) in chunk {
                    ask.arg(id.as_str()).arg(author);
                }
                let mut reply = run(&self.connection, &self.scripts.erase, &ask).await?;
                if reply.word() != "erased" {
                    return Err(reply.unexpected());
                }
                forgotten += ErasureCounts {
                    comments: reply.number()?,
                    verdicts: reply.number()?,
                    events: reply.number()?,
                    histories: reply.number()?,
                    ..ErasureCounts::default()
                };
                moved += reply.number::<u64>()?;
            }
            if moved == 0 {
                break;
            }
        }
        let limits = [Scope::Author, Scope::Client].map(|scope| keys.limit(scope, Some(person)));
        let mut both = ::redis::Pipeline::with_capacity(2);
        both.cmd("DEL").arg(&limits).cmd("DEL").arg(keys.author(&person.to_string()));
        let (limits, histories): (u64, u64) = both.query_async(&mut self.connection.clone()).await?;
        forgotten += ErasureCounts { limits, histories, ..ErasureCounts::default() };
        self.rewrite_events(site).await?;
        Ok(forgotten)
    }

    /// The person's comments, each with the name of its author's counts.
    async fn comments_and_authors_of(&self, site: &Site, person: &Person) -> Result<Vec<(CommentId, String)>, Error> {
        let (keys, person) = (self.keys(site), person.to_string());
        let all = ListQuery {
            decision: None,
            spot_checks: false,
            order: Order::Oldest,
            size: CHUNK,
            after: None,
            matches: &|_| true,
            max_scanned: usize::MAX,
        };
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let places = read::places(&self.connection, &keys, &all, after.as_ref(), CHUNK).await?;
            for (place, sender) in places.iter().zip(read::senders(&self.connection, &keys, &places).await?) {
                // A comment that is gone is in the index until the next upkeep.
                let theirs = sender.filter(|sender| sender.persons.contains(&person));
                if let Some((id, sender)) = CommentId::parse("id", &place.id).ok().zip(theirs) {
                    found.push((id, author_name(sender.author)));
                }
            }
            let end = places.len() < CHUNK;
            after = places.into_iter().last();
            if end {
                return Ok(found);
            }
        }
    }

    /// Leaves no bytes of deleted events in the stream.
    async fn rewrite_events(&self, site: &Site) -> Result<(), Error> {
        let keys = self.keys(site);
        let mut ask = call(&self.scripts.rewrite, &[keys.events(), keys.rewritten_events()]);
        ask.arg(CHUNK).arg(millis(COPY_LIFETIME));
        loop {
            let reply = run(&self.connection, &self.scripts.rewrite, &ask).await?;
            match reply.word() {
                "more" | "done" => {}
                "clean" => return Ok(()),
                _ => return Err(reply.unexpected()),
            }
        }
    }
}
