//! The audit log: appends records, reads them, and erases records about a person.

use std::collections::HashSet;

use prost::Message;

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::audit::{AuditPage, AuditRecord};
use crate::store::person::{Identity, Person};

/// Number of records read at once.
const CHUNK: usize = 512;

impl Store {
    /// Records an act that does not change a comment.
    pub async fn append_audit(&self, site: &Site, event: &pb::AuditEvent) -> Result<(), Error> {
        let record = event.encode_to_vec();
        match &self.engine {
            Engine::Memory(engine) => engine.append_audit(site, record),
            Engine::Embedded(engine) => engine.append_audit(site, record).await,
            Engine::Redis(engine) => engine.append_audit(site, record).await,
        }
    }

    /// Returns up to `count` records with numbers above `from`, or below it and newest first if `backwards` is set.
    pub async fn audit(&self, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.audit(site, from, count, backwards),
            Engine::Embedded(engine) => engine.audit(site, from, count, backwards).await,
            Engine::Redis(engine) => engine.audit(site, from, count, backwards).await,
        }
    }

    /// Erases the audit records about a person: about the given comments, about other comments that the audit attributes to the
    /// person, and about block and allow entries for the person. Scans the whole audit. Returns the number of erased records.
    pub(super) async fn redact_audit_of(&self, site: &Site, person: &Person, ids: &[CommentId]) -> Result<u64, Error> {
        let mut ids: HashSet<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let (secrets, hash) = (self.secrets(site).await?, format!("#{person}"));
        let (mut from, mut redacted) = (0, 0);
        loop {
            let page = self.audit(site, from, CHUNK, false).await?;
            let mut numbers = Vec::new();
            for event in page.records.iter().map(AuditRecord::event) {
                if person.is_among(&event.persons) && !event.comment_id.is_empty() {
                    // The comment may no longer exist; its id finds the later records about it.
                    ids.insert(event.comment_id.clone());
                }
                let is_list_act = event.act == "LISTED" || event.act == "UNLISTED";
                let user = event.subject.split_once(" author ").map(|(_, user)| secrets.hashes_of(Identity::User(user)));
                let names_person = event.subject.ends_with(&hash) || user.is_some_and(|hashes| hashes.contains(person));
                if ids.contains(&event.comment_id) || is_list_act && names_person {
                    numbers.push(event.number);
                }
            }
            if !numbers.is_empty() {
                redacted += u64::try_from(numbers.len()).unwrap_or(u64::MAX);
                match &self.engine {
                    Engine::Memory(engine) => engine.redact_audit(site, &numbers)?,
                    Engine::Embedded(engine) => engine.redact_audit(site, &numbers).await?,
                    Engine::Redis(engine) => engine.redact_audit(site, &numbers).await?,
                }
            }
            match page.next.filter(|_| !page.end) {
                Some(next) => from = next,
                None => return Ok(redacted),
            }
        }
    }
}
