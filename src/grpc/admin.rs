//! The AdminService, for operators.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::guard::{caller, open_request};
use super::learning::ModelStatusSource;
use super::{keys, learning, lists};
use crate::comment::Site;
use crate::error::{BoxError, Error};
use crate::keys::KeyRing;
use crate::learning::Learning;
use crate::lists::ListEditor;
use crate::pb::{self, admin_service_server::AdminService};
use crate::store::Store;
use crate::telemetry::METRICS;

/// The implementation of the AdminService.
pub struct AdminRpc {
    store: Store,
    ring: KeyRing,
    lists: ListEditor,
    learning: Learning,
    model_status: Arc<dyn ModelStatusSource>,
    reload: PolicyReloader,
}

/// Reloads the policy files, all or none. Returns the policy versions by site; the default policy's is under the empty name.
pub type PolicyReloader = Arc<dyn Fn() -> Result<Vec<(String, String)>, BoxError> + Send + Sync>;

impl AdminRpc {
    /// Creates the service.
    pub fn new(
        store: Store,
        ring: KeyRing,
        lists: ListEditor,
        learning: Learning,
        model_status: Arc<dyn ModelStatusSource>,
        reload: PolicyReloader,
    ) -> Self {
        Self { store, ring, lists, learning, model_status, reload }
    }
}

#[tonic::async_trait]
impl AdminService for AdminRpc {
    async fn create_key(&self, request: Request<pb::CreateKeyRequest>) -> Result<Response<pb::CreateKeyResponse>, Status> {
        let caller = caller(&request);
        Ok(Response::new(keys::create(&self.ring, &caller, open_request(request).await?).await?))
    }

    async fn list_keys(&self, request: Request<pb::ListKeysRequest>) -> Result<Response<pb::ListKeysResponse>, Status> {
        let caller = caller(&request);
        Ok(Response::new(keys::list(&self.ring, &caller, &open_request(request).await?).await?))
    }

    async fn revoke_key(&self, request: Request<pb::RevokeKeyRequest>) -> Result<Response<pb::RevokeKeyResponse>, Status> {
        let caller = caller(&request);
        Ok(Response::new(keys::revoke(&self.ring, &caller, &open_request(request).await?).await?))
    }

    async fn put_list_entry(
        &self,
        request: Request<pb::PutListEntryRequest>,
    ) -> Result<Response<pb::PutListEntryResponse>, Status> {
        Ok(Response::new(lists::put(&self.lists, request).await?))
    }

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<pb::ListEntriesResponse>, Status> {
        Ok(Response::new(lists::list(&self.lists, request).await?))
    }

    async fn delete_list_entry(
        &self,
        request: Request<pb::DeleteListEntryRequest>,
    ) -> Result<Response<pb::DeleteListEntryResponse>, Status> {
        Ok(Response::new(lists::delete(&self.lists, request).await?))
    }

    async fn get_model_info(
        &self,
        request: Request<pb::GetModelInfoRequest>,
    ) -> Result<Response<pb::GetModelInfoResponse>, Status> {
        Ok(Response::new(learning::info(&self.learning, &*self.model_status, open_request(request).await?).await?))
    }

    async fn update_learning(
        &self,
        request: Request<pb::UpdateLearningRequest>,
    ) -> Result<Response<pb::UpdateLearningResponse>, Status> {
        let caller = caller(&request);
        Ok(Response::new(learning::update(&self.learning, &*self.model_status, &caller, open_request(request).await?).await?))
    }

    async fn get_usage(&self, request: Request<pb::GetUsageRequest>) -> Result<Response<pb::GetUsageResponse>, Status> {
        let site = Site::parse("site", &open_request(request).await?.site).map_err(Error::from)?;
        let verdicts = METRICS.verdicts_of(site.as_str());
        Ok(Response::new(pb::GetUsageResponse { verdicts: verdicts.into_iter().collect() }))
    }

    async fn reload_policy(
        &self,
        request: Request<pb::ReloadPolicyRequest>,
    ) -> Result<Response<pb::ReloadPolicyResponse>, Status> {
        let caller = caller(&request);
        open_request(request).await?;
        let versions = (self.reload)().map_err(|problem| Error::invalid("policies", problem.to_string()))?;
        // Other sites' names are not for every caller; the default policy is.
        let is_visible = |site: &String| site.is_empty() || caller.sites.contains(site);
        let versions_text: Vec<String> =
            versions.iter().map(|(site, version)| format!("{site} {version}").trim().to_owned()).collect();
        let event = caller.audit_event("POLICY_RELOADED", versions_text.join(", "));
        let store = self.store.clone();
        // The policies are already in force on this server, so the act is recorded even if the caller has cancelled.
        let recording = tokio::spawn(async move { store.append_audit(&Site::server(), &event).await });
        recording.await.map_err(|error| Error::store(error.to_string()))??;
        let versions = versions.into_iter().filter(|(site, _)| is_visible(site));
        Ok(Response::new(pb::ReloadPolicyResponse { versions: versions.collect() }))
    }

    async fn rotate_secret(
        &self,
        request: Request<pb::RotateSecretRequest>,
    ) -> Result<Response<pb::RotateSecretResponse>, Status> {
        let caller = caller(&request);
        let site = Site::parse("site", &open_request(request).await?.site).map_err(Error::from)?;
        self.store.rotate_secret(&site, &caller.audit_event("SECRET_ROTATED", String::new())).await?;
        tracing::info!(site = site.as_str(), "rotated the site's secret");
        Ok(Response::new(pb::RotateSecretResponse {}))
    }
}
