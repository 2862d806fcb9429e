//! The gRPC services, with the layers around each call.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tonic::service::Routes;

use super::parts::Parts;
use super::sources::{ModelStatuses, ReviewRulesSource};
use crate::error::BoxError;
use crate::grpc::{AdminRpc, AuthLayer, CallLayer, MAX_MESSAGE, Moderation, PolicyReloader, Review, StreamPlaces};
use crate::lists::{ListCache, ListEditor};
use crate::moderate::Moderator;
use crate::pb;
use crate::pb::admin_service_server::AdminServiceServer;
use crate::pb::moderation_service_server::ModerationServiceServer;
use crate::pb::review_service_server::ReviewServiceServer;
use crate::review::ReviewDesk;

/// Maximum size of a message to services that need no key, in bytes: the names of services and files.
pub const MAX_SMALL_MESSAGE: usize = 4 * 1024;

/// The limits on calls.
pub struct CallLimits {
    /// Maximum number of comment checks in progress.
    pub max_in_flight: usize,
    /// Maximum number of calls per second of each key; 0 is unlimited.
    pub key_quota: u32,
    /// Maximum time to the response, or to the start of a stream.
    pub timeout: Duration,
}

/// Returns the router of all calls: the health service, the three services of the API, and reflection.
///
/// # Errors
/// Returns an error if the compiled descriptors cannot be read.
pub fn router(health: Routes, parts: &Parts, limits: &CallLimits) -> Result<Router, BoxError> {
    let routes = api(health, parts)
        // Many clients still use v1alpha.
        .add_service(reflection().build_v1()?.max_decoding_message_size(MAX_SMALL_MESSAGE))
        .add_service(reflection().build_v1alpha()?.max_decoding_message_size(MAX_SMALL_MESSAGE));
    // The last layer added is the outermost one.
    Ok(routes
        .into_axum_router()
        .layer(AuthLayer::new(parts.ring.clone(), limits.key_quota, limits.max_in_flight))
        .layer(CallLayer::new(limits.timeout)))
}

/// Adds the services for hosts, moderators and operators.
fn api(routes: Routes, parts: &Parts) -> Routes {
    let Parts { store, ring, learning, files, leaving } = parts;
    let (judge, lists, streams) = (&files.judge, ListCache::new(store.clone()), StreamPlaces::default());
    let rules = ReviewRulesSource(Arc::clone(judge));
    let desk = ReviewDesk::new(store.clone(), learning.clone(), move |site| rules.rules(site));
    let moderator = Moderator::new(Arc::clone(judge), store.clone(), lists.clone(), learning.clone());
    let moderation = Moderation::new(moderator, desk.clone(), store.clone(), streams.clone(), leaving.clone());
    let review = Review::new(desk, streams, leaving.clone());
    let editor = ListEditor::new(store.clone(), lists);
    let models = Arc::new(ModelStatuses(Arc::clone(judge)));
    let files = Arc::clone(files);
    let reload: PolicyReloader = Arc::new(move || files.reload_judge());
    let admin = AdminRpc::new(store.clone(), ring.clone(), editor, learning.clone(), models, reload);
    routes
        .add_service(ModerationServiceServer::new(moderation).max_decoding_message_size(MAX_MESSAGE))
        .add_service(ReviewServiceServer::new(review).max_decoding_message_size(MAX_MESSAGE))
        .add_service(AdminServiceServer::new(admin).max_decoding_message_size(MAX_MESSAGE))
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
