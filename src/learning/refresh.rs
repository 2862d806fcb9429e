//! Decides when sites' logs are read: for an incoming comment, after an action, and in the background.

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

/// Maximum time that the first comment of a site waits for the site's model.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// Maximum time that a comment waits for new outcomes. One or two outcomes take no longer, and a fold of the whole log can
/// finish later.
const REFRESH_WAIT: Duration = Duration::from_millis(10);
/// Maximum time that an action waits until the outcome that it recorded is learned.
const ACT_WAIT: Duration = Duration::from_millis(250);
/// Interval at which the logs of sites in use are polled.
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// Age of the last read from which on a comment reads the log itself.
const STALE_AFTER: Duration = Duration::from_millis(800);
/// Maximum number of logs read at a time.
const MAX_CONCURRENT_READS: usize = 16;
/// Time after its last comment for which a site is followed.
const FOLLOW_DURATION: Duration = Duration::from_secs(5);

impl Learning {
    /// Returns the model of a site as known to this server. Waits briefly if the site is new to this server or its log may
    /// have changed. If the store does not answer, the last known model is returned.
    pub async fn current(&self, site: &Site) -> Arc<SiteModel> {
        let followed = self.0.sites.get(site);
        let now = self.now();
        followed.last_used.store(now, Ordering::Relaxed);
        let fresh = match self.0.store.outcome_version(site) {
            Some(version) => followed.version.load(Ordering::Relaxed) == version,
            None => {
                let last_read = followed.last_read.load(Ordering::Relaxed);
                last_read > 0 && now.saturating_sub(last_read) < millis(STALE_AFTER)
            }
        };
        if followed.last_read.load(Ordering::Relaxed) == 0 {
            self.catch_up(site, &followed, FIRST_WAIT).await;
        } else if !fresh && followed.position.try_lock().is_ok() {
            // While another caller reads, the current model is used. After a quiet period the log may contain much that is
            // new.
            let quiet = now.saturating_sub(followed.last_read.load(Ordering::Relaxed)) > millis(FOLLOW_DURATION);
            self.catch_up(site, &followed, if quiet { FIRST_WAIT } else { REFRESH_WAIT }).await;
        }
        followed.model.load_full()
    }

    /// Reads the site's log, so that the next comment is judged by what it contains now, and returns the model. Waits a
    /// limited time; a longer read continues in the background.
    pub async fn refreshed(&self, site: &Site) -> Arc<SiteModel> {
        let followed = self.0.sites.get(site);
        self.catch_up(site, &followed, ACT_WAIT).await;
        followed.model.load_full()
    }

    /// Reads the site's log fully, however long that takes. Returns the state of the log and the model.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn read_fully(&self, site: &Site) -> Result<(OutcomeLogState, Arc<SiteModel>), Error> {
        let followed = self.0.sites.get(site);
        self.read(site, &followed).await?;
        let head = followed.position.lock().await.head.clone();
        Ok((head, followed.model.load_full()))
    }

    /// Follows the logs of the sites in use. The future never completes.
    pub async fn follow(self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            if self.0.store.has_outcome_versions() {
                // Only this process writes to the store, so that a comment notices changes by the version.
                continue;
            }
            let since = self.now().saturating_sub(millis(FOLLOW_DURATION));
            // Logs are read concurrently, so that a long fold does not delay the others.
            let mut reading = JoinSet::new();
            for (site, followed) in self.0.sites.used_since(since) {
                if reading.len() >= MAX_CONCURRENT_READS {
                    reading.join_next().await;
                }
                let learning = self.clone();
                // A failed read is repeated at the next poll.
                reading.spawn(async move { drop(learning.read(&site, &followed).await) });
            }
            reading.join_all().await;
        }
    }

    /// Reads a site's log in a task of its own, and waits at most `max_wait` for it.
    async fn catch_up(&self, site: &Site, followed: &Arc<FollowedSite>, max_wait: Duration) {
        let (learning, site, followed) = (self.clone(), site.clone(), Arc::clone(followed));
        // The task continues after the wait has ended.
        let reading = tokio::spawn(async move { learning.read(&site, &followed).await });
        let _ = timeout(max_wait, reading).await;
    }
}
