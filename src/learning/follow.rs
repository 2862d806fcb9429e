//! Reads a site's log and folds it: what is new behind what was known, or all of it when anything before that has changed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::clock::now_micros;
use super::sites::{FollowedSite, LogPosition};
use super::state::Learning;
use crate::classify::learn::LearnError;
use crate::classify::site::fold::SiteModel;
use crate::classify::site::training_example::{OutcomeSource, TrainingExample};
use crate::comment::Site;
use crate::error::Error;
use crate::store::OutcomeLogState;
use crate::telemetry::METRICS;

/// How many outcomes a log keeps, by [`OutcomeSource`]; the oldest beyond them are forgotten,
const MAX_OUTCOMES: [usize; OutcomeSource::ALL.len()] = [500, 1_000, 2_000];
/// a tenth of them at once, since each time all is folded anew.
const SURPLUS_DIVISOR: usize = 10;
/// How often a log is looked at for what is too old, if anything happens to it at all.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3_600);
/// How long comments go without what is new until it is known how much of it may serve.
const CHECK_WAIT: Duration = Duration::from_millis(20);
/// The same when this server hears of the site for the first time: the sentinels are read once in a process.
const FIRST_CHECK_WAIT: Duration = Duration::from_millis(80);
/// What is new is learned on the way of whoever reads it, if it is no more than this.
const MAX_INCREMENTAL: usize = 32;

impl Learning {
    /// Brings what is known up to the log.
    pub(super) async fn read(&self, site: &Site, known: &Arc<FollowedSite>) -> Result<(), Error> {
        let called = self.now();
        let mut place = known.position.lock().await;
        if known.last_read.load(Ordering::Relaxed) > called {
            // Somebody has begun to read it since.
            return Ok(());
        }
        let begun = self.now();
        // Before the log: what changes meanwhile is read again.
        let version = self.0.store.outcome_version(site);
        if version.is_some_and(|version| known.version.load(Ordering::Relaxed) == version) {
            return Ok(());
        }
        let asked = self.read_head(site, known, &mut place).await;
        // Also when the store failed: comments that come meanwhile need not wait for it once more.
        known.last_read.store(begun, Ordering::Relaxed);
        asked?;
        self.0.sites.promote(site, known);
        known.version.store(version.unwrap_or_default(), Ordering::Relaxed);
        Ok(())
    }

    /// Asks the store where the log ends, and learns what has changed.
    async fn read_head(&self, site: &Site, known: &FollowedSite, place: &mut LogPosition) -> Result<(), Error> {
        let head = self.0.store.outcome_head(site).await?;
        let swept = place.swept.is_some_and(|swept| swept.elapsed() < SWEEP_INTERVAL);
        if head == place.head && swept { Ok(()) } else { self.learn(site, known, place, head).await }
    }

    /// Learns what is new behind what is known, if that is all that has changed, or else the whole log.
    async fn learn(
        &self,
        site: &Site,
        known: &FollowedSite,
        place: &mut LogPosition,
        head: OutcomeLogState,
    ) -> Result<(), Error> {
        let counts = known.model.load().counts();
        let full = counts.sources.iter().zip(MAX_OUTCOMES).any(|(count, most)| *count as usize > most + most / SURPLUS_DIVISOR);
        let due = full || place.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_INTERVAL);
        if !due && place.head.is_extended_by(&head) && self.learn_new(site, known, place.head.newest, &head).await? {
            place.head = head;
            return Ok(());
        }
        self.fold_all(site, known, &head).await?;
        // Those that were dropped here are gone from the log, which the next look at it finds out.
        (place.head, place.swept) = (head, Some(Instant::now()));
        Ok(())
    }

    /// Learns the outcomes behind number `after`. `false`: they are many, or change what came before; nothing was learned.
    async fn learn_new(&self, site: &Site, known: &FollowedSite, after: u64, head: &OutcomeLogState) -> Result<bool, Error> {
        let new = self.lessons(site, after, head).await?;
        if new.len() > MAX_INCREMENTAL {
            return Ok(false);
        }
        let mut learned = SiteModel::clone(&known.model.load());
        let begun = Instant::now();
        if !learn_all(&mut learned, &new).map_err(Error::store)? {
            return Ok(false);
        }
        METRICS.learned(new.len(), begun.elapsed());
        self.examine_and_store(site, known, learned).await;
        Ok(true)
    }

    /// Drops what is too old from the log, and folds the rest.
    async fn fold_all(&self, site: &Site, known: &FollowedSite, head: &OutcomeLogState) -> Result<(), Error> {
        // All of it, also what learning does not look at: that grows old too.
        let mut lessons = self.all_lessons(site, 0, head.newest).await?;
        let old = self.expired(site, &lessons);
        if !old.is_empty() {
            lessons.retain(|(number, _)| old.binary_search_by_key(number, |(old, _)| *old).is_err());
            let first = lessons.first().map_or(head.newest + 1, |(number, _)| *number);
            self.0.store.remove_outcomes(site, &old, Some(first), false).await?;
        }
        lessons.retain(|(number, _)| head.includes(*number));
        let folded = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let learned = SiteModel::fold(&lessons);
            METRICS.learned(lessons.len(), begun.elapsed());
            learned
        });
        let learned = folded.await.map_err(Error::store)?.map_err(Error::store)?;
        self.examine_and_store(site, known, learned).await;
        Ok(())
    }

    /// Finds out what of it may serve before comments meet it, and logs what has changed.
    async fn examine_and_store(&self, site: &Site, known: &FollowedSite, learned: SiteModel) {
        let learned = Arc::new(learned);
        let (examine, examined, asked) = (Arc::clone(&self.0.serving_check), Arc::clone(&learned), site.clone());
        let mut examining = tokio::task::spawn_blocking(move || examine(&asked, &examined));
        // What is nearly the same as a decided comment is known at once, also where the sentinels have yet to be read.
        let wait = if known.last_read.load(Ordering::Relaxed) == 0 { FIRST_CHECK_WAIT } else { CHECK_WAIT };
        let early = tokio::time::timeout(wait, &mut examining).await;
        known.model.store(learned);
        let serves = match early {
            Ok(serves) => serves,
            Err(_) => examining.await,
        };
        let (Ok(serves), Ok(mut before)) = (serves, known.serves.lock()) else { return };
        for (at, (label, serves)) in serves.into_iter().enumerate() {
            match before.map(|before| before[at].1) {
                Some(served) if served && !serves => {
                    tracing::info!(site = site.as_str(), label, "what the site has learned no longer serves");
                }
                Some(served) if !served && serves => {
                    tracing::info!(site = site.as_str(), label, "what the site has learned serves from now on");
                }
                _ => {}
            }
        }
        *before = Some(serves);
    }

    /// The lessons behind a number, as far as learning looks at them.
    async fn lessons(&self, site: &Site, after: u64, head: &OutcomeLogState) -> Result<Vec<(u64, TrainingExample)>, Error> {
        let until = head.to.unwrap_or(head.newest).min(head.newest);
        self.all_lessons(site, after.max(head.from), until).await
    }

    /// The lessons behind a number up to another. Records that cannot be read are left out.
    async fn all_lessons(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, TrainingExample)>, Error> {
        let records = self.0.store.outcomes(site, after, until).await?;
        let mut lessons = Vec::with_capacity(records.len());
        for (number, record) in records {
            match TrainingExample::from_bytes(&record) {
                Some(lesson) => lessons.push((number, lesson)),
                None => tracing::error!(site = site.as_str(), number, "an outcome cannot be read, and is passed over"),
            }
        }
        Ok(lessons)
    }

    /// The numbers and names of what is to be forgotten, in order: what is older than it may get, and the oldest of what a
    /// source has too many of.
    fn expired(&self, site: &Site, lessons: &[(u64, TrainingExample)]) -> Vec<(u64, String)> {
        let kept = i64::try_from(self.0.retention.for_site(site).outcomes.as_micros()).unwrap_or(i64::MAX);
        let oldest = now_micros().saturating_sub(kept);
        let mut surplus = OutcomeSource::ALL.map(|source| {
            let (count, most) =
                (lessons.iter().filter(|(_, lesson)| lesson.source == source).count(), MAX_OUTCOMES[source as usize]);
            if count > most + most / SURPLUS_DIVISOR { count - most } else { 0 }
        });
        let old = lessons.iter().filter(|(_, lesson)| {
            let left = &mut surplus[lesson.source as usize];
            let too_many = *left > 0;
            *left = left.saturating_sub(1);
            too_many || lesson.decided_at < oldest
        });
        old.map(|(number, lesson)| (*number, lesson.name.clone())).collect()
    }
}

/// Learns lessons behind those that were learned. `false`: one of them changes what came before.
fn learn_all(learned: &mut SiteModel, lessons: &[(u64, TrainingExample)]) -> Result<bool, LearnError> {
    for (_, lesson) in lessons {
        if !learned.learn(lesson)? {
            return Ok(false);
        }
    }
    Ok(true)
}
