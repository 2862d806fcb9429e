//! Puts the parts together and serves them until told to leave.

mod http;
mod open;
mod patient;
mod port;
mod reload;
mod tls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::classify::site::Kind;
use crate::classify::site::fold::Learned;
use crate::classify::{Label, Likeness, Model};
use crate::comment::{Comment, Site};
use crate::config::Config;
use crate::error::{Cause, Error};
use crate::files;
use crate::grpc::{About, Admin, Answers, Guard, MAX_MESSAGE, Moderation, Reload, Review, Streams, Tell};
use crate::judge::{Judge, SharedJudge};
use crate::keys::Ring;
use crate::learning::{Learning, Seen};
use crate::lists::Lists;
use crate::moderate::Moderator;
use crate::pb;
use crate::pb::admin_service_server::{AdminServiceServer, SERVICE_NAME as ADMIN};
use crate::pb::moderation_service_server::{ModerationServiceServer, SERVICE_NAME as MODERATION};
use crate::pb::review_service_server::{ReviewServiceServer, SERVICE_NAME as REVIEW};
use crate::policy::{Policies, Policy};
use crate::retention::Retentions;
use crate::review::{Desk, Rules};
use crate::store::{self, Snapshot, Store, StoreSettings};
use crate::telemetry::METRICS;
use port::Port;
use reload::Files;
use tls::Tls;

/// How often the store is asked whether it is there.
const PING: Duration = Duration::from_secs(1);
/// Longest message to services that ask for no key, in bytes: the names of services and files.
const SMALL: usize = 4 * 1024;
/// How often the queues are measured.
const QUEUES: Duration = Duration::from_secs(10);

/// A server that has its parts and its port, but answers nobody yet.
pub struct Server {
    port: Port,
    store: Store,
    ring: Ring,
    files: Arc<Files>,
    max_in_flight: usize,
    key_quota: u32,
    request_timeout: Duration,
    drain_timeout: Duration,
}

impl Server {
    /// Reads model, policies and certificates, opens the store and binds the port.
    ///
    /// # Errors
    /// Whatever of that is wrong, in words for an operator.
    pub async fn open(config: &Config) -> Result<Self, Cause> {
        let public = !config.listen.ip().is_loopback();
        if public && config.tls.is_none() && !config.tls_terminated_upstream {
            return Err(format!(
                "{} can be reached from other machines, and keys and comments would cross the network in plain text: name a \
                 certificate with --tls-cert and --tls-key; or, if TLS ends in a proxy in front of this server, say so with \
                 --tls-terminated-upstream; or listen on 127.0.0.1",
                config.listen
            )
            .into());
        }
        let tls = config.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        let judge = judge(config.model.as_deref(), config.policy_dir.as_deref())?;
        let judge = Arc::new(SharedJudge::from_pointee(judge));
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}; choose another address with --listen", config.listen))?;
        let retention = Arc::clone(&judge);
        let retention = Retentions::new(move |site| retention.load().policy(site).retention());
        let store = Store::open(&StoreSettings { retention, ..config.store.clone() }).await.map_err(cause)?;
        let admin_key = config.admin_key.as_ref().map(|key| key.0.as_str());
        // Behind a proxy everybody comes from this machine, and whoever has a certificate is not whoever has none.
        let demanded = public || config.tls_terminated_upstream || tls.as_ref().is_some_and(|tls| tls.knows_clients());
        let certificates = tls.clone();
        let by_certificate = move || certificates.as_ref().is_some_and(|tls| tls.has_admin());
        let ring = Ring::open(store.clone(), admin_key, demanded, by_certificate.clone()).await.map_err(cause)?;
        if ring.is_known() && !ring.has_any() && ring.asks_for_keys() && !tls.as_ref().is_some_and(|tls| tls.knows_clients()) {
            store.close().await;
            return Err(no_key(config, public).into());
        }
        METRICS.says(env!("CARGO_PKG_VERSION"), judge.load().model().version(), store.kind());
        let (model, policy_dir) = (config.model.clone(), config.policy_dir.clone());
        let files = Arc::new(Files { model, policy_dir, judge, tls: tls.clone() });
        let Config { request_timeout, drain_timeout, key_quota, max_connections: most, .. } = *config;
        let max_in_flight = usize::try_from(config.max_in_flight).unwrap_or(usize::MAX);
        let port = Port { listener, tls, most };
        Ok(Self { port, store, ring, files, max_in_flight, key_quota, request_timeout, drain_timeout })
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
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Cause> {
        let (leave, leaving) = watch::channel(false);
        let (health, health_service) = tonic_health::server::health_reporter();
        let (ready, readiness) = watch::channel(false);
        let told = Told { health, ready };
        let answers = self.store.ping().await.is_ok();
        let serving = self.ring.is_known() && (answers || !self.files.judge.load().any_needs_store());
        if !serving {
            tracing::warn!("the store does not answer yet; health is NOT_SERVING until it does");
        }
        told.tell(serving).await;

        let reloading = Arc::clone(&self.files);
        let reload: Reload = Arc::new(move || reloading.reload_judge());
        let judge = Arc::clone(&self.files.judge);
        let looking = Arc::clone(&judge);
        let look = Arc::new(move |comment: &Comment| seen(&looking.load(), comment));
        let kept = Arc::clone(&judge);
        let retentions = Retentions::new(move |site| kept.load().policy(site).retention());
        let examining = Arc::clone(&judge);
        let examine = Arc::new(move |site: &Site, learned: &Learned| {
            let judge = examining.load();
            let (policy, serving) = (judge.policy(site), learned.serving(&judge.policy(site).terms(), || judge.sentinels()));
            Kind::ALL.map(|kind| (kind.label().as_str(), policy.corrects() && serving.serves(kind)))
        });
        let learning = Learning::new(self.store.clone(), retentions, look, examine);
        let telling = Arc::clone(&judge);
        let tell: Tell = Arc::new(move |site| about(&telling.load(), site));
        let desk = Desk::new(self.store.clone(), learning.clone(), move |site| rules(judge.load().policy(site)));
        let (lists, streams) = (Lists::new(self.store.clone()), Streams::default());
        let moderator = Moderator::new(Arc::clone(&self.files.judge), self.store.clone(), lists.clone(), learning.clone());
        let moderation = Moderation::new(moderator, desk.clone(), self.store.clone(), streams.clone(), leaving.clone());
        let review = Review::new(desk, streams, leaving.clone());
        let admin = Admin::new(self.store.clone(), self.ring.clone(), lists, (learning.clone(), tell.clone()), reload);
        let routes = Routes::new(health_service.max_decoding_message_size(SMALL))
            .add_service(ModerationServiceServer::new(moderation).max_decoding_message_size(MAX_MESSAGE))
            .add_service(ReviewServiceServer::new(review).max_decoding_message_size(MAX_MESSAGE))
            .add_service(AdminServiceServer::new(admin).max_decoding_message_size(MAX_MESSAGE))
            // Clients in the field still ask for the older of the two.
            .add_service(reflection().build_v1()?.max_decoding_message_size(SMALL))
            .add_service(reflection().build_v1alpha()?.max_decoding_message_size(SMALL));
        // The last layer is the first to see a call.
        let calls = routes
            .into_axum_router()
            .layer(Guard::with(self.ring.clone(), self.key_quota, self.max_in_flight))
            .layer(Answers::within(self.request_timeout));
        // Whatever has no route of its own is a call, if only one that there is not.
        let router = http::routes(readiness).fallback_service(calls);

        let chores = [
            tokio::spawn(watch_health(
                told.clone(),
                serving,
                (self.store.clone(), self.ring.clone()),
                Arc::clone(&self.files.judge),
                leaving.clone(),
            )),
            tokio::spawn(measure_sites(
                self.store.clone(),
                learning.clone(),
                tell,
                Arc::clone(&self.files.judge),
                self.ring.clone(),
            )),
            tokio::spawn(learning.follow()),
            tokio::spawn(self.ring.follow()),
            tokio::spawn(follow_files(self.files)),
        ];
        let serving = tokio::spawn(self.port.serve(router, leaving, self.drain_timeout));
        shutdown.await;
        told.tell(false).await;
        leave.send_replace(true);
        tracing::info!("leaving: no new calls, those in flight may finish");
        if !serving.await? {
            tracing::warn!(after = ?self.drain_timeout, "calls were still open at the drain's deadline");
        }
        chores.iter().for_each(tokio::task::JoinHandle::abort);
        self.store.close().await;
        tracing::info!("left");
        Ok(())
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
            let bytes = files::read(path, Model::MAX_BYTES);
            let bytes = bytes.map_err(|error| format!("cannot read the model {}: {error}", path.display()))?;
            Arc::new(Model::from_bytes(&bytes).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let files = match policy_dir {
        None => Vec::new(),
        Some(folder) => files::read_toml_folder(folder)
            .map_err(|(path, error)| format!("cannot read the policies in {}: {error}", path.display()))?,
    };
    let files: Vec<(String, String)> = files.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    let policies = Policies::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))?;
    Ok(Judge::new(model, policies))
}

/// What an operator is told who starts a server that asks for keys and has none.
fn no_key(config: &Config, public: bool) -> String {
    let why = if public {
        format!("{} can be reached from other machines", config.listen)
    } else if config.tls_terminated_upstream {
        "behind a proxy every caller comes from this machine".to_owned()
    } else {
        "this store has had keys".to_owned()
    };
    let otherwise = if public { "; or listen on 127.0.0.1" } else { "" };
    format!(
        "{why}, and there is no key to call with: give one with --admin-key, better with GATEPOST_ADMIN_KEY_FILE (make it with \
         `openssl rand -hex 24`), and make others with it: `gatepost keys create`{otherwise}"
    )
}

/// What a policy says to moderators.
fn rules(policy: &Policy) -> Rules {
    let threshold = |label: Label| {
        let threshold = policy.threshold(label);
        (label.as_str(), threshold.hold, threshold.reject)
    };
    Rules { reason_required: policy.reason_required(), thresholds: Label::ALL.map(threshold).to_vec() }
}

/// What learning needs of a comment.
fn seen(judge: &Judge, comment: &Comment) -> Seen {
    let (sketch, leaning) = judge.sketch(comment);
    Seen { sketch, leaning, likeness: Likeness::of(comment.text().as_str()) }
}

/// What is told of the model, and by what a site's correction is judged.
fn about(judge: &Arc<Judge>, site: Option<&Site>) -> About {
    let model = judge.model();
    let policy = site.map_or_else(|| judge.default_policy(), |site| judge.policy(site));
    About {
        version: model.version().to_owned(),
        labels: model.labels().iter().map(|label| label.as_str().to_owned()).collect(),
        corrects: policy.corrects(),
        serving: {
            let (judge, terms) = (Arc::clone(judge), policy.terms());
            Arc::new(move |learned| learned.serving(&terms, || judge.sentinels()))
        },
    }
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

/// Where the world looks whether calls are welcome.
#[derive(Clone)]
struct Told {
    health: HealthReporter,
    ready: watch::Sender<bool>,
}

impl Told {
    async fn tell(&self, serving: bool) {
        self.ready.send_replace(serving);
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in ["", MODERATION, REVIEW, ADMIN] {
            self.health.set_service_status(service, status).await;
        }
    }
}

/// Keeps health true: once the keys are known comments get verdicts without the store too, unless a policy says that they
/// must not.
async fn watch_health(
    told: Told,
    mut serving: bool,
    (store, ring): (Store, Ring),
    judge: Arc<SharedJudge>,
    mut leaving: watch::Receiver<bool>,
) {
    loop {
        let answer = store.ping().await;
        METRICS.store_up(answer.is_ok());
        if (ring.is_known() && (answer.is_ok() || !judge.load().any_needs_store())) != serving {
            serving = !serving;
            match answer {
                Err(error) if !serving => {
                    tracing::error!(cause = %error, "the store does not answer; health is NOT_SERVING until it does");
                }
                _ => tracing::info!("health is SERVING"),
            }
            // Leaving may have begun while the store was asked: then the word is NOT_SERVING and stays so.
            told.tell(serving && !*leaving.borrow()).await;
        }
        tokio::select! {
            () = tokio::time::sleep(PING) => {}
            _ = leaving.wait_for(|leaving| *leaving) => return,
        }
    }
}

/// Measures the queues of the sites that verdicts were given for, and what they have learned.
async fn measure_sites(store: Store, learning: Learning, tell: Tell, judge: Arc<SharedJudge>, ring: Ring) {
    loop {
        METRICS.name_sites(judge.load().sites().map(|site| site.as_str().to_owned()));
        METRICS.name_sites(ring.sites());
        tokio::time::sleep(QUEUES).await;
        for name in METRICS.sites() {
            let Ok(site) = Site::parse("site", &name) else { continue };
            if let Ok(queue) = store.queue(&site).await {
                let oldest = queue.oldest.and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
                METRICS.queue(&name, queue.comments, oldest);
            }
            let (learned, about) = (learning.of(&site).await, tell(Some(&site)));
            let serving = (about.serving)(&learned);
            let serves = Kind::ALL.map(|kind| (kind.label().as_str(), about.corrects && serving.serves(kind)));
            METRICS.correction(&name, learned.counts().all(), serves);
            if let Some(missed) = learned.missed() {
                METRICS.missed(&name, (missed.low, missed.high), missed.checked);
            }
        }
    }
}

async fn follow_files(files: Arc<Files>) {
    if let Err(error) = files.follow().await {
        tracing::error!(%error, "changed files are not noticed");
    }
}
