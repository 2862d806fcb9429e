//! Builds the server from its parts and runs it until shutdown.

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

/// A server that is listening but does not accept connections yet.
pub struct Server {
    port: Port,
    store: Store,
    ring: KeyRing,
    files: Arc<ReloadableFiles>,
    limits: CallLimits,
    drain_timeout: Duration,
}

impl Server {
    /// Loads the model, the policies and the certificates, opens the store and binds the port.
    ///
    /// # Errors
    /// Returns an error with advice for the operator if any of these steps fails.
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

    /// Returns the address on which the server listens.
    ///
    /// # Errors
    /// Returns an error if the operating system cannot tell the address.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.port.listener.local_addr()
    }

    /// Serves until `shutdown` resolves, then drains: reports NOT_SERVING, accepts no more connections, ends watch streams,
    /// lets calls finish until the drain timeout, and closes the store.
    ///
    /// # Errors
    /// Returns an error if the services cannot be built, or if the task that serves them fails.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), BoxError> {
        let (leave, leaving) = watch::channel(false);
        let (health, health_service, readiness) = HealthPublisher::new();
        let (store, judge) = (self.store.clone(), Arc::clone(&self.files.judge));
        let check = HealthCheck::start(health.clone(), store, self.ring.clone(), judge).await;
        let parts = Parts::new(self.store, self.ring, self.files, leaving.clone());
        // Requests without a route of their own go to the gRPC services, including those for unknown RPCs.
        let calls = services::router(health_service, &parts, &self.limits)?;
        let router = http::routes(readiness).fallback_service(calls);
        let tasks = BackgroundTasks::start(check, &parts);
        let serving = tokio::spawn(self.port.serve(router, leaving, self.drain_timeout));
        shutdown.await;
        health.publish(false).await;
        leave.send_replace(true);
        tracing::info!("draining: no new calls, those in flight may finish");
        if !serving.await? {
            tracing::warn!(after = ?self.drain_timeout, "calls were still open at the drain's deadline");
        }
        tasks.stop();
        parts.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Opens the key ring, which reads the keys and determines whether callers need one.
async fn open_ring(config: &Config, store: Store, tls: Option<Arc<Tls>>) -> Result<KeyRing, BoxError> {
    let admin_key = config.admin_key.as_ref().map(|key| key.0.as_str());
    let keys_required = safety::demands_keys(config, tls.as_deref());
    let has_admin_certificate = move || tls.as_ref().is_some_and(|tls| tls.has_admin());
    KeyRing::open(store, admin_key, keys_required, has_admin_certificate).await.map_err(operator_cause)
}

/// Copies the embedded store of a data directory into a file, for commands that run without a server.
///
/// # Errors
/// Returns the errors of [`store::snapshot()`].
pub fn snapshot(data_dir: &Path, file: &Path, force: bool) -> Result<Snapshot, BoxError> {
    store::snapshot(data_dir, file, force).map_err(operator_cause)
}

/// Returns the cause of a failure for the operator. Callers only get a general message.
fn operator_cause(error: Error) -> BoxError {
    match error {
        Error::Store(cause) => cause,
        other => other.into(),
    }
}
