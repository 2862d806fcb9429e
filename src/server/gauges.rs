//! Gauges of each site: its queue, and what it has learned.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::sources::{ModelStatuses, serving_labels};
use crate::comment::Site;
use crate::grpc::ModelStatusSource;
use crate::judge::SharedJudge;
use crate::keys::KeyRing;
use crate::learning::Learning;
use crate::store::Store;
use crate::telemetry::METRICS;

/// How often the queues are measured.
const GAUGE_INTERVAL: Duration = Duration::from_secs(10);

/// Measures the queues of the sites that verdicts were given for, and what they have learned.
pub async fn measure_sites(store: Store, learning: Learning, models: ModelStatuses, judge: Arc<SharedJudge>, ring: KeyRing) {
    loop {
        METRICS.name_sites(judge.load().sites().map(|site| site.as_str().to_owned()));
        METRICS.name_sites(ring.sites());
        tokio::time::sleep(GAUGE_INTERVAL).await;
        for name in METRICS.sites() {
            let Ok(site) = Site::parse("site", &name) else { continue };
            if let Ok(queue) = store.queue(&site).await {
                let oldest = queue.oldest.and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
                METRICS.queue(&name, queue.comments, oldest);
            }
            let (learned, about) = (learning.current(&site).await, models.model_status(Some(&site)));
            let serves = serving_labels(&(about.serving)(&learned), about.corrects);
            METRICS.correction(&name, learned.counts().all(), serves);
            if let Some(missed) = learned.miss_rate() {
                METRICS.missed(&name, (missed.low, missed.high), missed.checked);
            }
        }
    }
}
