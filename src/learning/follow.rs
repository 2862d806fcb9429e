//! Reads a site's log and learns from it: only the new outcomes if nothing else has changed, otherwise the whole log.

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

/// Maximum number of outcomes in a log, by [`OutcomeSource`]. The oldest beyond them are removed.
const MAX_OUTCOMES: [usize; OutcomeSource::ALL.len()] = [500, 1_000, 2_000];
/// Surplus outcomes are removed in batches of this fraction of the maximum (a tenth), because each removal requires a fold
/// of the whole log.
const SURPLUS_DIVISOR: usize = 10;
/// Interval at which a log that is in use is checked for expired outcomes.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3_600);
/// Maximum time for which a new model is withheld from comments until it is known which part of it may serve.
const CHECK_WAIT: Duration = Duration::from_millis(20);
/// Maximum time for which the first model of a site is withheld. It is longer, because the sentinels are scored once per
/// process.
const FIRST_CHECK_WAIT: Duration = Duration::from_millis(80);
/// Maximum number of new outcomes that are learned in the caller's task. With more, the whole log is folded on a blocking
/// thread.
const MAX_INCREMENTAL: usize = 32;

impl Learning {
    /// Reads the site's log and updates the model.
    pub(super) async fn read(&self, site: &Site, followed: &Arc<FollowedSite>) -> Result<(), Error> {
        let called = self.now();
        let mut position = followed.position.lock().await;
        if followed.last_read.load(Ordering::Relaxed) > called {
            // Another caller has begun to read the log since this call began.
            return Ok(());
        }
        let begun = self.now();
        // The version is read before the log, so that a concurrent change is noticed at the next read.
        let version = self.0.store.outcome_version(site);
        if version.is_some_and(|version| followed.version.load(Ordering::Relaxed) == version) {
            return Ok(());
        }
        let result = self.read_head(site, followed, &mut position).await;
        // This is set even if the store failed, so that comments do not wait for it again at once.
        followed.last_read.store(begun, Ordering::Relaxed);
        result?;
        self.0.sites.promote(site, followed);
        followed.version.store(version.unwrap_or_default(), Ordering::Relaxed);
        Ok(())
    }

    /// Reads the state of the log, and learns what has changed.
    async fn read_head(&self, site: &Site, followed: &FollowedSite, position: &mut LogPosition) -> Result<(), Error> {
        let head = self.0.store.outcome_head(site).await?;
        let swept = position.swept.is_some_and(|swept| swept.elapsed() < SWEEP_INTERVAL);
        if head == position.head && swept { Ok(()) } else { self.learn(site, followed, position, head).await }
    }

    /// Learns the new outcomes if nothing else has changed, otherwise folds the whole log.
    async fn learn(
        &self,
        site: &Site,
        followed: &FollowedSite,
        position: &mut LogPosition,
        head: OutcomeLogState,
    ) -> Result<(), Error> {
        let counts = followed.model.load().counts();
        let full = counts.sources.iter().zip(MAX_OUTCOMES).any(|(count, max)| *count as usize > max + max / SURPLUS_DIVISOR);
        let due = full || position.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_INTERVAL);
        if !due && position.head.is_extended_by(&head) && self.learn_new(site, followed, position.head.newest, &head).await? {
            position.head = head;
            return Ok(());
        }
        self.fold_all(site, followed, &head).await?;
        // Removals made here change the log's state, which the next read notices.
        (position.head, position.swept) = (head, Some(Instant::now()));
        Ok(())
    }

    /// Learns the outcomes after number `after`. Returns `false` without learning anything if there are too many, or one of
    /// them changes an earlier one.
    async fn learn_new(&self, site: &Site, followed: &FollowedSite, after: u64, head: &OutcomeLogState) -> Result<bool, Error> {
        let new = self.examples(site, after, head).await?;
        if new.len() > MAX_INCREMENTAL {
            return Ok(false);
        }
        let mut model = SiteModel::clone(&followed.model.load());
        let begun = Instant::now();
        if !learn_all(&mut model, &new).map_err(Error::store)? {
            return Ok(false);
        }
        METRICS.learned(new.len(), begun.elapsed());
        self.examine_and_store(site, followed, model).await;
        Ok(true)
    }

    /// Removes expired outcomes from the log and folds the rest.
    async fn fold_all(&self, site: &Site, followed: &FollowedSite, head: &OutcomeLogState) -> Result<(), Error> {
        // The whole log is read, including outcomes outside the learning range, because those expire too.
        let mut examples = self.examples_between(site, 0, head.newest).await?;
        let expired = self.expired(site, &examples);
        if !expired.is_empty() {
            examples.retain(|(number, _)| expired.binary_search_by_key(number, |(expired, _)| *expired).is_err());
            let first = examples.first().map_or(head.newest + 1, |(number, _)| *number);
            self.0.store.remove_outcomes(site, &expired, Some(first), false).await?;
        }
        examples.retain(|(number, _)| head.includes(*number));
        let folded = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let model = SiteModel::fold(&examples);
            METRICS.learned(examples.len(), begun.elapsed());
            model
        });
        let model = folded.await.map_err(Error::store)?.map_err(Error::store)?;
        self.examine_and_store(site, followed, model).await;
        Ok(())
    }

    /// Computes which part of the model may serve, publishes the model, and logs changes.
    async fn examine_and_store(&self, site: &Site, followed: &FollowedSite, model: SiteModel) {
        let model = Arc::new(model);
        let (serving_check, checked_model, site_to_check) =
            (Arc::clone(&self.0.serving_check), Arc::clone(&model), site.clone());
        let mut check = tokio::task::spawn_blocking(move || serving_check(&site_to_check, &checked_model));
        // The model is published after `wait` at the latest: near-duplicates of decided comments should be recognised even
        // while the sentinels are still being scored.
        let wait = if followed.last_read.load(Ordering::Relaxed) == 0 { FIRST_CHECK_WAIT } else { CHECK_WAIT };
        let early = tokio::time::timeout(wait, &mut check).await;
        followed.model.store(model);
        let serves = match early {
            Ok(serves) => serves,
            Err(_) => check.await,
        };
        let (Ok(serves), Ok(mut before)) = (serves, followed.serves.lock()) else { return };
        for (at, (label, serves)) in serves.into_iter().enumerate() {
            match before.map(|before| before[at].1) {
                Some(served) if served && !serves => {
                    tracing::info!(site = site.as_str(), label, "the site's correction no longer serves");
                }
                Some(served) if !served && serves => {
                    tracing::info!(site = site.as_str(), label, "the site's correction serves from now on");
                }
                _ => {}
            }
        }
        *before = Some(serves);
    }

    /// Returns the examples after number `after` within the learning range.
    async fn examples(&self, site: &Site, after: u64, head: &OutcomeLogState) -> Result<Vec<(u64, TrainingExample)>, Error> {
        let until = head.to.unwrap_or(head.newest).min(head.newest);
        self.examples_between(site, after.max(head.from), until).await
    }

    /// Returns the examples after number `after` up to number `until`. Records that cannot be decoded are skipped.
    async fn examples_between(&self, site: &Site, after: u64, until: u64) -> Result<Vec<(u64, TrainingExample)>, Error> {
        let records = self.0.store.outcomes(site, after, until).await?;
        let mut examples = Vec::with_capacity(records.len());
        for (number, record) in records {
            match TrainingExample::from_bytes(&record) {
                Some(example) => examples.push((number, example)),
                None => tracing::error!(site = site.as_str(), number, "cannot decode an outcome; skipping it"),
            }
        }
        Ok(examples)
    }

    /// Returns the numbers and names of the outcomes to remove, in ascending order: those older than the retention time,
    /// and the oldest ones of a source that exceeds its maximum.
    fn expired(&self, site: &Site, examples: &[(u64, TrainingExample)]) -> Vec<(u64, String)> {
        let max_age = i64::try_from(self.0.retention.for_site(site).outcomes.as_micros()).unwrap_or(i64::MAX);
        let oldest = now_micros().saturating_sub(max_age);
        let mut surplus = OutcomeSource::ALL.map(|source| {
            let (count, max) =
                (examples.iter().filter(|(_, example)| example.source == source).count(), MAX_OUTCOMES[source as usize]);
            if count > max + max / SURPLUS_DIVISOR { count - max } else { 0 }
        });
        let expired = examples.iter().filter(|(_, example)| {
            let surplus_left = &mut surplus[example.source as usize];
            let too_many = *surplus_left > 0;
            *surplus_left = surplus_left.saturating_sub(1);
            too_many || example.decided_at < oldest
        });
        expired.map(|(number, example)| (*number, example.name.clone())).collect()
    }
}

/// Learns further examples. Returns `false` if one of them changes an earlier one.
fn learn_all(model: &mut SiteModel, examples: &[(u64, TrainingExample)]) -> Result<bool, LearnError> {
    for (_, example) in examples {
        if !model.learn(example)? {
            return Ok(false);
        }
    }
    Ok(true)
}
