//! A site's block and allow entries: put there by moderators, kept in the store, in force on the next comment on every
//! server.
//!
//! Each server keeps what it has read of a site. Where others may change it the store is asked in the same step that admits
//! a comment whether it is still so, which costs no trip; if it is not, the comment is looked at again.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use ipnet::IpNet;
use lru::LruCache;
use prost::Message;

use crate::comment::{Comment, CommentId, MAX_NAME, Site};
use crate::error::{Error, Violation};
use crate::pb;
use crate::policy::{Entries, Kind, Senders, Target};
use crate::store::{Amendment, Identity, Persons, Records, Secrets, Store};

/// How many sites' entries are remembered.
const SITES: usize = 10_000;
/// Most entries of a site: each comment is held to all of them, and each server keeps them.
const MOST: usize = 10_000;
/// How many bytes they may take together: each change has each server read them again.
const MOST_BYTES: usize = 1 << 20;
/// Longest value of an entry in bytes.
const MAX_VALUE: usize = 1_024;

/// The entries of all sites. Cheap to clone.
#[derive(Clone)]
pub struct Lists {
    store: Store,
    known: Arc<Mutex<LruCache<Site, Arc<Listed>>>>,
}

/// A site's entries, ready to be compared with comments.
#[derive(Default)]
pub struct Listed {
    /// Those that have not ended.
    pub entries: Entries,
    /// Which state of them this is. `None`: the store could not be asked.
    pub version: Option<u64>,
    /// Another server has changed them since.
    stale: AtomicBool,
    /// When the next of them ends.
    until: Option<SystemTime>,
    all: Vec<pb::ListEntry>,
}

impl Lists {
    /// Those that a store keeps.
    pub fn new(store: Store) -> Self {
        let known = LruCache::new(NonZeroUsize::new(SITES).unwrap_or(NonZeroUsize::MIN));
        Self { store, known: Arc::new(Mutex::new(known)) }
    }

    /// A site's entries.
    ///
    /// # Errors
    /// The store being away; beside it the entries as they were when it was last asked.
    pub async fn of(&self, site: &Site, now: SystemTime) -> Result<Arc<Listed>, (Arc<Listed>, Error)> {
        let known = self.known.lock().ok().and_then(|mut known| known.get(site).cloned());
        let current = self.store.listed_version(site);
        let fits = |known: &Listed| {
            !known.stale.load(Ordering::Relaxed)
                && (current.is_none() || current == known.version)
                && known.until.is_none_or(|until| now < until)
        };
        if let Some(known) = known.as_ref().filter(|known| fits(known)) {
            return Ok(Arc::clone(known));
        }
        match self.read(site, now, known.as_deref()).await {
            Ok(listed) => Ok(self.remember(site, listed)),
            Err(error) => Err((known.unwrap_or_default(), error)),
        }
    }

    /// Has a site's entries read again by the next comment: another server has changed them.
    pub fn outdated(&self, site: &Site) {
        let Ok(mut known) = self.known.lock() else { return };
        if let Some(listed) = known.get(site) {
            // Kept, for when the store goes away now.
            listed.stale.store(true, Ordering::Relaxed);
        }
    }

    async fn read(&self, site: &Site, now: SystemTime, known: Option<&Listed>) -> Result<Listed, Error> {
        let mut records = self.store.listed(site).await?;
        if let Some(lost) = known.filter(|known| records.version == 0 && known.version != Some(0) && !known.all.is_empty()) {
            // A store that came back empty: whoever was blocked stays blocked.
            tracing::warn!(
                site = site.as_str(),
                entries = lost.all.len(),
                "the store has lost block and allow entries; it is told them again"
            );
            let again = lost.all.iter().map(|entry| (name(entry), entry.encode_to_vec()));
            self.store.amend_listed(site, Amendment::put(again)).await?;
            records = self.store.listed(site).await?;
        }
        let Records { version, all } = records;
        let mut entries = Vec::with_capacity(all.len());
        for (_, bytes) in all {
            match pb::ListEntry::decode(&*bytes) {
                Ok(entry) => entries.push(entry),
                // Not which one: its name holds its value, which may be a person's id.
                Err(error) => tracing::error!(site = site.as_str(), %error, "a block or allow entry cannot be read"),
            }
        }
        Ok(Listed::compiled(entries, version, now))
    }

    fn remember(&self, site: &Site, listed: Listed) -> Arc<Listed> {
        let listed = Arc::new(listed);
        if let Ok(mut known) = self.known.lock() {
            known.put(site.clone(), Arc::clone(&listed));
        }
        listed
    }

    /// Returns a site's entries as the store has them now: it is only asked for them if their version is another than the one that
    /// is known. A store that lost them is told them again.
    async fn present(&self, site: &Site, now: SystemTime) -> Result<Arc<Listed>, Error> {
        let known = self.known.lock().ok().and_then(|mut known| known.get(site).cloned());
        if let Some(known) = known.as_ref().filter(|known| known.until.is_none_or(|until| now < until)) {
            let version = self.store.listed_version_now(site).await?;
            if known.version == Some(version) && version != 0 {
                return Ok(Arc::clone(known));
            }
        }
        let listed = self.read(site, now, known.as_deref()).await?;
        Ok(self.remember(site, listed))
    }

    /// The entries in force, newest first.
    ///
    /// # Errors
    /// The store being away.
    pub async fn list(&self, site: &Site) -> Result<Vec<pb::ListEntry>, Error> {
        let now = SystemTime::now();
        let listed = self.present(site, now).await?;
        let mut entries: Vec<_> = listed.all.iter().filter(|entry| !has_ended(entry, now)).cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.created_at.map(|at| (at.seconds, at.nanos))));
        Ok(entries)
    }

    /// Puts an entry in the place of one that is for the same. Returns it as it is kept.
    ///
    /// # Errors
    /// What is wrong with it; too many of them; the store being away.
    pub async fn put(&self, site: &Site, entry: pb::ListEntry, (by, source): (&str, &str)) -> Result<pb::ListEntry, Error> {
        let now = SystemTime::now();
        if has_ended(&entry, now) {
            return Err(Error::invalid("entry.expires_at", "must lie in the future"));
        }
        let present = self.present(site, now).await?;
        let kept = pb::ListEntry { by: by.to_owned(), created_at: Some(now.into()), ..self.kept(site, entry).await? };
        let mut ended = Vec::new();
        let bytes: usize = present.all.iter().map(Message::encoded_len).sum();
        let new = name(&kept);
        if (present.all.len() >= MOST || bytes > MOST_BYTES) && !present.all.iter().any(|entry| name(entry) == new) {
            // Those that have ended are of no use any more.
            ended.extend(present.all.iter().filter(|entry| has_ended(entry, now)).map(name));
            if ended.is_empty() {
                return Err(Error::invalid(
                    "entry",
                    format!("is one too many: a site may have {MOST}, of {MOST_BYTES} bytes together; remove some"),
                ));
            }
        }
        let put = vec![(name(&kept), kept.encode_to_vec())];
        let amendment = Amendment { put, ..Amendment::remove(ended) };
        let amended = self.store.amend_listed(site, amendment.recorded(&act(&kept, "LISTED", (by, source), now))).await;
        // Also where the store gave no answer: it may have done it.
        self.outdated(site);
        amended?;
        Ok(kept)
    }

    /// Removes an entry. Tells whether it was there.
    ///
    /// # Errors
    /// What is wrong with it; the store being away.
    pub async fn remove(&self, site: &Site, entry: pb::ListEntry, (by, source): (&str, &str)) -> Result<bool, Error> {
        self.present(site, SystemTime::now()).await?;
        let mut kept = self.kept(site, entry.clone()).await?;
        let mut names = vec![name(&kept)];
        // It may have been put there under an earlier secret of the site.
        let target = target(&entry).unwrap_or(Target::Word);
        let typed = target.canonical(&entry.value).unwrap_or_default();
        if let Some(identity) = person(target, &typed) {
            for hash in self.store.secrets(site).await?.known_by(identity) {
                kept.value = format!("#{hash}");
                names.push(name(&kept));
            }
        }
        let act = act(&kept, "UNLISTED", (by, source), SystemTime::now());
        let removed = self.store.amend_listed(site, Amendment::remove(names).recorded(&act)).await;
        self.outdated(site);
        Ok(removed? > 0)
    }

    /// An entry for the author of a comment: by user id, else by e-mail address.
    ///
    /// # Errors
    /// There is no such comment, or nothing is known of its author.
    pub async fn author_of(&self, site: &Site, id: &CommentId) -> Result<(pb::ListTarget, String, String), Error> {
        let not_found = || Error::NotFound { site: site.as_str().to_owned(), comment_id: id.as_str().to_owned() };
        let kept = self.store.get(site, id).await?.ok_or_else(not_found)?;
        let user_id = kept.comment.author.as_ref().map(|author| author.user_id.clone()).unwrap_or_default();
        if !user_id.is_empty() {
            return Ok((pb::ListTarget::Author, user_id, String::new()));
        }
        match kept.email() {
            Some(person) => Ok((pb::ListTarget::Address, format!("#{person}"), "an author's e-mail address".to_owned())),
            None => Err(Error::invalid(
                "author_of",
                "names a comment whose author is known neither by user id nor by e-mail address; block a domain or a word",
            )),
        }
    }

    /// An entry as it is kept: in one form however it is typed, and a person's address as a hash.
    async fn kept(&self, site: &Site, mut entry: pb::ListEntry) -> Result<pb::ListEntry, Error> {
        let mut wrong = Vec::new();
        if kind(&entry).is_none() {
            wrong.push(Violation::new("entry.kind", "must be LIST_KIND_ALLOW or LIST_KIND_BLOCK"));
        }
        for (field, text, most) in [("entry.value", &entry.value, MAX_VALUE), ("entry.note", &entry.note, MAX_NAME)] {
            if text.len() > most || field == "entry.value" && text.trim().is_empty() {
                wrong.push(Violation::new(field, format!("is {} bytes long; 1 to {most} are accepted", text.len())));
            }
        }
        let Some(target) = target(&entry) else {
            wrong.push(Violation::new("entry.target", "must be LIST_TARGET_WORD, _DOMAIN, _ADDRESS or _AUTHOR"));
            return Err(Error::Invalid(wrong));
        };
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        entry.value = target.canonical(&entry.value).map_err(|problem| Error::invalid("entry.value", problem))?;
        if let Some(identity) = person(target, &entry.value) {
            let secrets = self.store.secrets(site).await?;
            let hash = secrets.known_by(identity).first().map(|person| format!("#{person}")).unwrap_or_default();
            entry.shown = masked(&entry.value);
            entry.value = hash;
        }
        Ok(entry)
    }
}

impl Listed {
    fn compiled(all: Vec<pb::ListEntry>, version: u64, now: SystemTime) -> Self {
        let mut until = None;
        let in_force = all.iter().filter(|entry| !has_ended(entry, now)).filter_map(|entry| {
            let end = entry.expires_at.and_then(|end| SystemTime::try_from(end).ok());
            until = [until, end].into_iter().flatten().min();
            Some((kind(entry)?, target(entry)?, entry.value.clone()))
        });
        let entries = Entries::new(in_force);
        Self { entries, version: Some(version), stale: AtomicBool::new(false), until, all }
    }

    /// Returns whom a comment came from, as entries name them. Empty where no entry is for a person.
    pub fn senders(&self, secrets: Option<&Secrets>, comment: &Comment) -> Senders {
        if !self.entries.know_persons() {
            return Senders::default();
        }
        let all = secrets.into_iter().flat_map(|secrets| secrets.all().map(|secret| Persons::of(secret, comment)));
        let mut senders = Senders::default();
        for persons in all {
            let (verified, claimed) = if persons.verified { (persons.email, None) } else { (None, persons.email) };
            senders.certain.extend([verified, persons.ip].into_iter().flatten().map(|it| format!("#{it}")));
            senders.claimed.extend(claimed.map(|person| format!("#{person}")));
        }
        senders
    }
}

/// Whom a value names, if it is one person's address.
fn person(target: Target, value: &str) -> Option<Identity<'_>> {
    if target != Target::Address || value.starts_with(['#', '@']) {
        return None;
    }
    if let Ok(ip) = value.parse() {
        return Some(Identity::Ip(ip));
    }
    match value.parse::<IpNet>() {
        // As in the limits, an IPv6 /64 is one subscriber's.
        Ok(IpNet::V6(net)) if net.prefix_len() >= 64 => Some(Identity::Ip(net.addr().into())),
        Ok(_) => None,
        Err(_) if value.contains('@') => Some(Identity::Email(value)),
        Err(_) => None,
    }
}

/// Enough of an address for whoever typed it to know it again, and too little to write to.
fn masked(value: &str) -> String {
    match value.split_once('@') {
        Some((name, domain)) => format!("{}…@{domain}", name.chars().next().unwrap_or('…')),
        None => {
            let end = value.rfind(['.', ':']).map_or(0, |end| end + 1);
            format!("{}…", &value[..end])
        }
    }
}

fn has_ended(entry: &pb::ListEntry, now: SystemTime) -> bool {
    entry.expires_at.is_some_and(|end| SystemTime::try_from(end).map_or(true, |end| end <= now))
}

fn kind(entry: &pb::ListEntry) -> Option<Kind> {
    match entry.kind() {
        pb::ListKind::Unspecified => None,
        pb::ListKind::Allow => Some(Kind::Allow),
        pb::ListKind::Block => Some(Kind::Block),
    }
}

fn target(entry: &pb::ListEntry) -> Option<Target> {
    match entry.target() {
        pb::ListTarget::Unspecified => None,
        pb::ListTarget::Word => Some(Target::Word),
        pb::ListTarget::Domain => Some(Target::Domain),
        pb::ListTarget::Address => Some(Target::Address),
        pb::ListTarget::Author => Some(Target::Author),
    }
}

/// What an entry is kept under: one for each thing that it can be for.
fn name(entry: &pb::ListEntry) -> String {
    let kind = kind(entry).map_or("", Kind::as_str);
    format!("{kind}.{}.{}", target(entry).map_or("", Target::as_str), entry.value)
}

fn act(entry: &pb::ListEntry, act: &str, (by, source): (&str, &str), now: SystemTime) -> pb::AuditEvent {
    // Of a person the hash, by which this is erased with the person.
    let what = &entry.value;
    let (kind, target) = (kind(entry).map_or("", Kind::as_str), target(entry).map_or("", Target::as_str));
    pb::AuditEvent {
        at: Some(now.into()),
        by: by.to_owned(),
        source: source.to_owned(),
        act: act.to_owned(),
        subject: format!("{kind} {target} {what}"),
        note: entry.note.clone(),
        ..Default::default()
    }
}
