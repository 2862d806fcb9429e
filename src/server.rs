//! Puts the parts together and serves them until told to leave.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::classify::Model;
use crate::config::Config;
use crate::error::{Cause, Error};
use crate::grpc::{Admin, Answers, MAX_MESSAGE, Moderation, Review};
use crate::judge::Judge;
use crate::moderate::Moderator;
use crate::pb;
use crate::pb::admin_service_server::{AdminServiceServer, SERVICE_NAME as ADMIN};
use crate::pb::moderation_service_server::{ModerationServiceServer, SERVICE_NAME as MODERATION};
use crate::pb::review_service_server::{ReviewServiceServer, SERVICE_NAME as REVIEW};
use crate::policy::Policies;
use crate::retention::Retentions;
use crate::review::Desk;
use crate::store::{self, Snapshot, Store, StoreSettings};

/// How often the store is asked whether it is there.
const PING: Duration = Duration::from_secs(1);
/// An idle connection is asked for a sign of life, so that half-open ones do not pile up.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Calls at once on one connection; more wait at the client.
const STREAMS: u32 = 1_024;

/// A server that has its parts and its port, but answers nobody yet.
pub struct Server {
    listener: TcpListener,
    store: Store,
    judge: Arc<Judge>,
    request_timeout: Duration,
    drain_timeout: Duration,
}

impl Server {
    /// Reads model and policies, opens the store and binds the port.
    ///
    /// # Errors
    /// Whatever of that is wrong, in words for an operator.
    pub async fn open(config: &Config) -> Result<Self, Cause> {
        if !config.listen.ip().is_loopback() {
            return Err(format!(
                "{} can be reached from other machines, and this version has no keys and no TLS to guard it; listen on \
                 127.0.0.1 or [::1], and put a proxy in front that authenticates hosts and moderators",
                config.listen
            )
            .into());
        }
        let judge = Arc::new(judge(config.model.as_deref(), config.policy_dir.as_deref())?);
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}; choose another address with --listen", config.listen))?;
        let retention = Arc::clone(&judge);
        let retention = Retentions::new(move |site| retention.policy(site).retention());
        let store = Store::open(&StoreSettings { retention, ..config.store.clone() }).await.map_err(cause)?;
        let Config { request_timeout, drain_timeout, .. } = *config;
        Ok(Self { listener, store, judge, request_timeout, drain_timeout })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`, then drains: tells health, ends watchers, lets calls finish until the deadline,
    /// closes the store.
    ///
    /// # Errors
    /// What the transport says.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Cause> {
        let (leave, leaving) = watch::channel(false);
        let (health, health_service) = tonic_health::server::health_reporter();
        // Comments get verdicts without the store too, unless a policy says that they must not.
        let needed = self.judge.any_needs_store();
        let serving = !needed || self.store.ping().await.is_ok();
        tell(&health, serving).await;
        let watching = needed.then(|| tokio::spawn(watch_health(health.clone(), serving, self.store.clone(), leaving.clone())));

        let moderator = Moderator::new(self.judge, self.store.clone());
        let desk = Desk::new(self.store.clone());
        let moderation = Moderation::new(moderator, desk.clone(), self.store.clone(), leaving.clone());
        let routes = Routes::new(health_service)
            .add_service(ModerationServiceServer::new(moderation).max_decoding_message_size(MAX_MESSAGE))
            .add_service(ReviewServiceServer::new(Review::new(desk)).max_decoding_message_size(MAX_MESSAGE))
            .add_service(AdminServiceServer::new(Admin::new(self.store.clone())).max_decoding_message_size(MAX_MESSAGE))
            // Clients in the field still ask for the older of the two.
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);

        let mut told = leaving;
        let serving = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE))
            .max_concurrent_streams(STREAMS)
            .layer(Answers::within(self.request_timeout))
            .add_routes(routes)
            .serve_with_incoming_shutdown(TcpIncoming::from(self.listener).with_nodelay(Some(true)), async move {
                // An error means that the sender is gone, and then so is the server.
                let _ = told.wait_for(|leaving| *leaving).await;
            });
        tokio::pin!(serving, shutdown);
        let served = tokio::select! {
            served = &mut serving => served,
            () = &mut shutdown => {
                tell(&health, false).await;
                leave.send_replace(true);
                tracing::info!("leaving: no new calls, those in flight may finish");
                match tokio::time::timeout(self.drain_timeout, serving).await {
                    Ok(served) => served,
                    Err(_) => {
                        tracing::warn!(after = ?self.drain_timeout, "calls were still open at the drain's deadline");
                        Ok(())
                    }
                }
            }
        };
        if let Some(watching) = watching {
            watching.abort();
        }
        self.store.close().await;
        tracing::info!("left");
        Ok(served?)
    }
}

/// A judge with the model and the policies of these places, or the compiled-in ones.
///
/// # Errors
/// Files that cannot be read or are wrong; every mistake in the policies.
pub fn judge(model: Option<&Path>, policy_dir: Option<&Path>) -> Result<Judge, Cause> {
    let model = match model {
        None => Model::builtin()?,
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|error| format!("cannot read the model {}: {error}", path.display()))?;
            Arc::new(Model::from_bytes(&bytes).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let mut files = Vec::new();
    if let Some(folder) = policy_dir {
        let cannot = |error: std::io::Error| format!("cannot read the policies in {}: {error}", folder.display());
        for entry in std::fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| format!("cannot read the policy {}: {error}", path.display()))?;
                files.push((path.display().to_string(), text));
            }
        }
        files.sort();
    }
    let policies = Policies::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))?;
    Ok(Judge::new(model, policies))
}

/// Copies the embedded store of a data directory into a file, for commands that work without a server.
///
/// # Errors
/// What [`store::snapshot()`] says.
pub fn snapshot(data_dir: &Path, file: &Path, force: bool) -> Result<Snapshot, Cause> {
    store::snapshot(data_dir, file, force).map_err(cause)
}

/// What an operator wants to know of a failure; callers are told no more than that there was one.
fn cause(error: Error) -> Cause {
    match error {
        Error::Store(cause) => cause,
        other => other.into(),
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Keeps health true where a policy wants no verdict without the store.
async fn watch_health(health: HealthReporter, mut serving: bool, store: Store, mut leaving: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PING) => {}
            _ = leaving.wait_for(|leaving| *leaving) => return,
        }
        let answer = store.ping().await;
        if answer.is_ok() != serving {
            serving = answer.is_ok();
            match answer {
                Ok(()) => tracing::info!("the store answers again; health is SERVING"),
                Err(error) => tracing::error!(cause = %error, "the store does not answer; health is NOT_SERVING until it does"),
            }
            // Leaving may have begun while the store was asked: then the word is NOT_SERVING and stays so.
            tell(&health, serving && !*leaving.borrow()).await;
        }
    }
}

async fn tell(health: &HealthReporter, serving: bool) {
    let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
    for service in ["", MODERATION, REVIEW, ADMIN] {
        health.set_service_status(service, status).await;
    }
}
