//! Health: whether the server accepts calls, as reported by gRPC's health service and `/readyz`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::services::MAX_SMALL_MESSAGE;
use crate::judge::SharedJudge;
use crate::keys::KeyRing;
use crate::pb::admin_service_server::SERVICE_NAME as ADMIN;
use crate::pb::moderation_service_server::SERVICE_NAME as MODERATION;
use crate::pb::review_service_server::SERVICE_NAME as REVIEW;
use crate::store::Store;
use crate::telemetry::METRICS;

/// Time between two pings of the store.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// Publishes whether the server accepts calls.
#[derive(Clone)]
pub struct HealthPublisher {
    health: HealthReporter,
    ready: watch::Sender<bool>,
}

impl HealthPublisher {
    /// Returns a publisher, the route of the health service, and the state for `/readyz`. The initial state is not serving.
    pub fn new() -> (Self, Routes, watch::Receiver<bool>) {
        let (health, service) = tonic_health::server::health_reporter();
        let (ready, readiness) = watch::channel(false);
        (Self { health, ready }, Routes::new(service.max_decoding_message_size(MAX_SMALL_MESSAGE)), readiness)
    }

    /// Publishes whether the server accepts calls from now on.
    pub async fn publish(&self, serving: bool) {
        self.ready.send_replace(serving);
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in ["", MODERATION, REVIEW, ADMIN] {
            self.health.set_service_status(service, status).await;
        }
    }
}

/// Keeps the health status up to date. Once the keys are loaded the server can serve without the store, unless a policy forbids
/// it.
pub struct HealthCheck {
    publisher: HealthPublisher,
    store: Store,
    ring: KeyRing,
    judge: Arc<SharedJudge>,
    serving: bool,
}

impl HealthCheck {
    /// Pings the store for the first time, and publishes the result.
    pub async fn start(publisher: HealthPublisher, store: Store, ring: KeyRing, judge: Arc<SharedJudge>) -> Self {
        let mut check = Self { publisher, store, ring, judge, serving: false };
        let answers = check.store.ping().await.is_ok();
        check.serving = check.is_serving(answers);
        if !check.serving {
            tracing::warn!("the store does not answer yet; health is NOT_SERVING until it does");
        }
        check.publisher.publish(check.serving).await;
        check
    }

    fn is_serving(&self, store_answers: bool) -> bool {
        self.ring.is_loaded() && (store_answers || !self.judge.load().any_needs_store())
    }

    /// Pings the store at each interval, until the server shuts down.
    pub async fn run(mut self, mut leaving: watch::Receiver<bool>) {
        loop {
            let answer = self.store.ping().await;
            METRICS.store_up(answer.is_ok());
            if self.is_serving(answer.is_ok()) != self.serving {
                self.serving = !self.serving;
                match answer {
                    Err(error) if !self.serving => {
                        tracing::error!(cause = %error, "the store does not answer; health is NOT_SERVING until it does");
                    }
                    _ => tracing::info!("health is SERVING"),
                }
                // If the shutdown began during the ping, the status must stay NOT_SERVING.
                self.publisher.publish(self.serving && !*leaving.borrow()).await;
            }
            tokio::select! {
                () = tokio::time::sleep(PING_INTERVAL) => {}
                _ = leaving.wait_for(|leaving| *leaving) => return,
            }
        }
    }
}
