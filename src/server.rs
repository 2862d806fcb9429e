//! Puts the parts together and serves them until told to leave.

mod connections;
mod gauges;
mod health;
mod http;
mod load;
mod parts;
mod port;
mod reload;
mod safety;
mod services;
mod sources;
mod tasks;
mod timed_body;
mod tls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Config;
use crate::error::{BoxError, Error};
use crate::judge::SharedJudge;
use crate::keys::KeyRing;
use crate::store::{self, Snapshot, Store, StoreSettings};
use crate::telemetry::METRICS;
use health::{HealthCheck, HealthPublisher};
use parts::Parts;
use port::Port;
use reload::ReloadableFiles;
use services::CallLimits;
use sources::RetentionSource;
use tasks::BackgroundTasks;
use tls::Tls;

pub use load::judge;

/// A server that has its parts and its port, but answers nobody yet.
pub struct Server {
    port: Port,
    store: Store,
    ring: KeyRing,
    files: Arc<ReloadableFiles>,
    limits: CallLimits,
    drain_timeout: Duration,
}

impl Server {
    /// Reads model, policies and certificates, opens the store and binds the port.
    ///
    /// # Errors
    /// Whatever of that is wrong, in words for an operator.
    pub async fn open(config: &Config) -> Result<Self, BoxError> {
        safety::check_encrypted(config)?;
        let tls = config.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        let judge = judge(config.model.as_deref(), config.policy_dir.as_deref())?;
        let judge = Arc::new(SharedJudge::from_pointee(judge));
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}; choose another address with --listen", config.listen))?;
        let retention = RetentionSource(Arc::clone(&judge)).into_retentions();
        let store = Store::open(&StoreSettings { retention, ..config.store.clone() }).await.map_err(operator_cause)?;
        let ring = open_ring(config, store.clone(), tls.clone()).await?;
        if safety::is_closed_to_all(&ring, tls.as_deref()) {
            store.close().await;
            return Err(safety::no_key(config).into());
        }
        METRICS.set_build_info(env!("CARGO_PKG_VERSION"), judge.load().model().version(), store.kind());
        let (model, policy_dir) = (config.model.clone(), config.policy_dir.clone());
        let files = Arc::new(ReloadableFiles { model, policy_dir, judge, tls: tls.clone() });
        let limits = CallLimits {
            max_in_flight: usize::try_from(config.max_in_flight).unwrap_or(usize::MAX),
            key_quota: config.key_quota,
            timeout: config.request_timeout,
        };
        let port = Port { listener, tls, max_connections: config.max_connections };
        Ok(Self { port, store, ring, files, limits, drain_timeout: config.drain_timeout })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.port.listener.local_addr()
    }

    /// Serves until `shutdown`, then drains: tells health, takes no more connections, ends watchers, lets calls finish
    /// until the deadline, closes the store.
    ///
    /// # Errors
    /// What the operating system or the transport says.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), BoxError> {
        let (leave, leaving) = watch::channel(false);
        let (health, health_service, readiness) = HealthPublisher::new();
        let (store, judge) = (self.store.clone(), Arc::clone(&self.files.judge));
        let check = HealthCheck::start(health.clone(), store, self.ring.clone(), judge).await;
        let parts = Parts::new(self.store, self.ring, self.files, leaving.clone());
        // Whatever has no route of its own is a call, if only one that there is not.
        let calls = services::router(health_service, &parts, &self.limits)?;
        let router = http::routes(readiness).fallback_service(calls);
        let tasks = BackgroundTasks::start(check, &parts);
        let serving = tokio::spawn(self.port.serve(router, leaving, self.drain_timeout));
        shutdown.await;
        health.publish(false).await;
        leave.send_replace(true);
        tracing::info!("leaving: no new calls, those in flight may finish");
        if !serving.await? {
            tracing::warn!(after = ?self.drain_timeout, "calls were still open at the drain's deadline");
        }
        tasks.stop();
        parts.store.close().await;
        tracing::info!("left");
        Ok(())
    }
}

/// Reads the keys, and finds out whether callers need one.
async fn open_ring(config: &Config, store: Store, tls: Option<Arc<Tls>>) -> Result<KeyRing, BoxError> {
    let admin_key = config.admin_key.as_ref().map(|key| key.0.as_str());
    let demanded = safety::demands_keys(config, tls.as_deref());
    let by_certificate = move || tls.as_ref().is_some_and(|tls| tls.has_admin());
    KeyRing::open(store, admin_key, demanded, by_certificate).await.map_err(operator_cause)
}

/// Copies the embedded store of a data directory into a file, for commands that work without a server.
///
/// # Errors
/// What [`store::snapshot()`] says.
pub fn snapshot(data_dir: &Path, file: &Path, force: bool) -> Result<Snapshot, BoxError> {
    store::snapshot(data_dir, file, force).map_err(operator_cause)
}

/// What an operator wants to know of a failure; callers are told no more than that there was one.
fn operator_cause(error: Error) -> BoxError {
    match error {
        Error::Store(operator_cause) => operator_cause,
        other => other.into(),
    }
}
