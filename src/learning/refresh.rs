//! When sites' logs are read: for a comment that comes to the site, for an act, and in the background.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::clock::millis;
use super::sites::FollowedSite;
use super::state::Learning;
use crate::classify::site::fold::SiteModel;
use crate::comment::Site;
use crate::error::Error;
use crate::store::OutcomeLogState;

/// How long a comment waits for what its site has learned, once, when this server has not heard of the site yet.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// And for what is new since: an outcome or two take no longer, and a log that is folded anew can wait.
const REFRESH_WAIT: Duration = Duration::from_millis(10);
/// How long an act waits until what it taught is learned here.
const ACT_WAIT: Duration = Duration::from_millis(250);
/// How often the logs of sites that comments come to are asked for news.
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// A comment asks itself when nobody has for so long.
const STALE_AFTER: Duration = Duration::from_millis(800);
/// So many at a time.
const MAX_CONCURRENT_READS: usize = 16;
/// For how long after its last comment a site is followed.
const FOLLOW_DURATION: Duration = Duration::from_secs(5);

impl Learning {
    /// What a site has learned, as far as this server knows; for a site that it hears of for the first time it waits a
    /// moment. A store that does not answer leaves it at what was known.
    pub async fn current(&self, site: &Site) -> Arc<SiteModel> {
        let known = self.0.sites.get(site);
        let now = self.now();
        known.last_used.store(now, Ordering::Relaxed);
        let fresh = match self.0.store.outcome_version(site) {
            Some(version) => known.version.load(Ordering::Relaxed) == version,
            None => {
                let asked = known.last_read.load(Ordering::Relaxed);
                asked > 0 && now.saturating_sub(asked) < millis(STALE_AFTER)
            }
        };
        if known.last_read.load(Ordering::Relaxed) == 0 {
            self.catch_up(site, &known, FIRST_WAIT).await;
        } else if !fresh && known.position.try_lock().is_ok() {
            // Whoever comes while another asks takes what there is. Where nobody has looked for long it may be much.
            let quiet = now.saturating_sub(known.last_read.load(Ordering::Relaxed)) > millis(FOLLOW_DURATION);
            self.catch_up(site, &known, if quiet { FIRST_WAIT } else { REFRESH_WAIT }).await;
        }
        known.model.load_full()
    }

    /// Learns what the site's log holds by now, so that the next comment meets it. Waits a moment, and leaves what takes longer
    /// to whoever asks next.
    pub async fn refreshed(&self, site: &Site) -> Arc<SiteModel> {
        let known = self.0.sites.get(site);
        self.catch_up(site, &known, ACT_WAIT).await;
        known.model.load_full()
    }

    /// Where a site's log stands, and what was learned from it: all of it, however long that takes.
    ///
    /// # Errors
    /// The store being away.
    pub async fn read_fully(&self, site: &Site) -> Result<(OutcomeLogState, Arc<SiteModel>), Error> {
        let known = self.0.sites.get(site);
        self.read(site, &known).await?;
        let head = known.position.lock().await.head.clone();
        Ok((head, known.model.load_full()))
    }

    /// Follows the logs of the sites that comments come to, for as long as it is polled.
    pub async fn follow(self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            if self.0.store.has_outcome_versions() {
                // Nobody else writes: a comment sees for itself whether there is news.
                continue;
            }
            let since = self.now().saturating_sub(millis(FOLLOW_DURATION));
            // Some at once: one that is folded anew must not keep the others waiting.
            let mut reading = JoinSet::new();
            for (site, known) in self.0.sites.used_since(since) {
                if reading.len() >= MAX_CONCURRENT_READS {
                    reading.join_next().await;
                }
                let learning = self.clone();
                // What fails now is asked for again in a moment.
                reading.spawn(async move { drop(learning.read(&site, &known).await) });
            }
            reading.join_all().await;
        }
    }

    /// Reads a site's log, and waits for that no longer than `patience`.
    async fn catch_up(&self, site: &Site, known: &Arc<FollowedSite>, patience: Duration) {
        let (learning, site, known) = (self.clone(), site.clone(), Arc::clone(known));
        // Goes on when nobody waits any more.
        let reading = tokio::spawn(async move { learning.read(&site, &known).await });
        let _ = timeout(patience, reading).await;
    }
}
