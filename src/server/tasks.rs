//! The server's background tasks, which are all started here.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::gauges::measure_sites;
use super::health::HealthCheck;
use super::parts::Parts;
use super::reload::ReloadableFiles;
use super::sources::ModelStatuses;

/// The background tasks of a server.
pub struct BackgroundTasks([JoinHandle<()>; 5]);

impl BackgroundTasks {
    /// Starts all tasks.
    pub fn start(health: HealthCheck, parts: &Parts) -> Self {
        let Parts { store, ring, learning, files, leaving } = parts;
        let models = ModelStatuses(Arc::clone(&files.judge));
        Self([
            tokio::spawn(health.run(leaving.clone())),
            tokio::spawn(measure_sites(store.clone(), learning.clone(), models, Arc::clone(&files.judge), ring.clone())),
            tokio::spawn(learning.clone().follow()),
            tokio::spawn(ring.clone().poll_changes()),
            tokio::spawn(follow_files(Arc::clone(files))),
        ])
    }

    /// Aborts all tasks.
    pub fn stop(&self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn follow_files(files: Arc<ReloadableFiles>) {
    if let Err(error) = files.watch().await {
        tracing::error!(%error, "cannot watch files for changes");
    }
}
