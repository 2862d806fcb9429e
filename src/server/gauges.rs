//! Measures the gauges of each site: its queue and its learning.

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

/// Time between two measurements.
const GAUGE_INTERVAL: Duration = Duration::from_secs(10);

/// Measures the queues and the learning of the sites that have metrics, for as long as it is polled.
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
            let (learned, status) = (learning.current(&site).await, models.model_status(Some(&site)));
            let serves = serving_labels(&(status.serving)(&learned), status.corrects);
            METRICS.correction(&name, learned.counts().all(), serves);
            if let Some(missed) = learned.miss_rate() {
                METRICS.missed(&name, (missed.low, missed.high), missed.checked);
            }
        }
    }
}
