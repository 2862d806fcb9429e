//! Erases a person from Redis: scans the site's comments and erases those of the person in chunks, so that no script blocks
//! the server for long.
//!
//! Files of Redis keep erased data for a while: a snapshot until the next snapshot, the append-only file until its next
//! rewrite.

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

/// Maximum number of comments scanned, or events copied, at once.
const CHUNK: usize = 256;
/// Maximum number of comments erased by one script call. Each takes about a dozen commands, during which Redis serves
/// nobody else.
const ERASE_CHUNK: usize = 64;
/// Time after which an unfinished copy of the events expires.
const COPY_LIFETIME: Duration = Duration::from_secs(3600);
/// Maximum number of scans. Another scan is needed if comments were edited under another author meanwhile.
const MAX_ROUNDS: usize = 8;

impl Redis {
    pub async fn find_comments_of(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        let found = self.comments_and_authors_of(site, person).await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// Replaces the stored comment if its verdict still has this revision. Returns whether it did.
    pub async fn set_comment(&self, site: &Site, id: &CommentId, revision: u32, comment: &[u8]) -> Result<bool, Error> {
        let mut command = call(&self.scripts.comment, &[self.keys(site).comment(id)]);
        command.arg(revision).arg(comment);
        let reply = run(&self.connection, &self.scripts.comment, &command).await?;
        match reply.word() {
            "kept" => Ok(true),
            "moved" => Ok(false),
            _ => Err(reply.unexpected()),
        }
    }

    pub async fn forget(&self, site: &Site, person: &Person) -> Result<ErasureCounts, Error> {
        let (keys, mut erased) = (self.keys(site), ErasureCounts::default());
        for _ in 0..MAX_ROUNDS {
            let mut moved = 0;
            for chunk in self.comments_and_authors_of(site, person).await?.chunks(ERASE_CHUNK) {
                let mut names = vec![keys.all_by_time(), keys.all_by_risk(), keys.held_by_time(), keys.held_by_risk()];
                names.extend([keys.events(), keys.rewritten_events(), keys.spot_checks()]);
                for (id, author) in chunk {
                    names.extend([keys.comment(id), keys.trail(id), keys.author(author)]);
                }
                let mut command = call(&self.scripts.erase, &names);
                command.arg(person.to_string());
                for (id, author) in chunk {
                    command.arg(id.as_str()).arg(author);
                }
                let mut reply = run(&self.connection, &self.scripts.erase, &command).await?;
                if reply.word() != "erased" {
                    return Err(reply.unexpected());
                }
                erased += ErasureCounts {
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
        let mut pipeline = ::redis::Pipeline::with_capacity(2);
        pipeline.cmd("DEL").arg(&limits).cmd("DEL").arg(keys.author(&person.to_string()));
        let (limits, histories): (u64, u64) = pipeline.query_async(&mut self.connection.clone()).await?;
        erased += ErasureCounts { limits, histories, ..ErasureCounts::default() };
        self.rewrite_events(site).await?;
        Ok(erased)
    }

    /// Returns the ids of the person's comments, each with the name of its author's counts.
    async fn comments_and_authors_of(&self, site: &Site, person: &Person) -> Result<Vec<(CommentId, String)>, Error> {
        let (keys, person) = (self.keys(site), person.to_string());
        let query = ListQuery {
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
            let positions = read::places(&self.connection, &keys, &query, after.as_ref(), CHUNK).await?;
            for (position, sender) in positions.iter().zip(read::senders(&self.connection, &keys, &positions).await?) {
                // An expired comment remains in the index until the next upkeep.
                let matching = sender.filter(|sender| sender.persons.contains(&person));
                if let Some((id, sender)) = CommentId::parse("id", &position.id).ok().zip(matching) {
                    found.push((id, author_name(sender.author)));
                }
            }
            let end = positions.len() < CHUNK;
            after = positions.into_iter().last();
            if end {
                return Ok(found);
            }
        }
    }

    /// Rewrites the stream of events so that no bytes of deleted events remain.
    async fn rewrite_events(&self, site: &Site) -> Result<(), Error> {
        let keys = self.keys(site);
        let mut command = call(&self.scripts.rewrite, &[keys.events(), keys.rewritten_events()]);
        command.arg(CHUNK).arg(millis(COPY_LIFETIME));
        loop {
            let reply = run(&self.connection, &self.scripts.rewrite, &command).await?;
            match reply.word() {
                "more" | "done" => {}
                "clean" => return Ok(()),
                _ => return Err(reply.unexpected()),
            }
        }
    }
}
