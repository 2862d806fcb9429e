//! AdminService, for operators. Most of its RPCs are yet to come.

use tonic::{Request, Response, Status};

use super::status::unimplemented;
use crate::comment::Site;
use crate::error::Error;
use crate::pb::{self, admin_service_server::AdminService};
use crate::store::Store;

/// The service.
pub struct Admin {
    store: Store,
}

impl Admin {
    /// Serves a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn create_key(&self, _: Request<pb::CreateKeyRequest>) -> Result<Response<pb::CreateKeyResponse>, Status> {
        Err(unimplemented("CreateKey"))
    }

    async fn list_keys(&self, _: Request<pb::ListKeysRequest>) -> Result<Response<pb::ListKeysResponse>, Status> {
        Err(unimplemented("ListKeys"))
    }

    async fn revoke_key(&self, _: Request<pb::RevokeKeyRequest>) -> Result<Response<pb::RevokeKeyResponse>, Status> {
        Err(unimplemented("RevokeKey"))
    }

    async fn put_list_entry(&self, _: Request<pb::PutListEntryRequest>) -> Result<Response<pb::PutListEntryResponse>, Status> {
        Err(unimplemented("PutListEntry"))
    }

    async fn list_entries(&self, _: Request<pb::ListEntriesRequest>) -> Result<Response<pb::ListEntriesResponse>, Status> {
        Err(unimplemented("ListEntries"))
    }

    async fn delete_list_entry(
        &self,
        _: Request<pb::DeleteListEntryRequest>,
    ) -> Result<Response<pb::DeleteListEntryResponse>, Status> {
        Err(unimplemented("DeleteListEntry"))
    }

    async fn get_model_info(&self, _: Request<pb::GetModelInfoRequest>) -> Result<Response<pb::GetModelInfoResponse>, Status> {
        Err(unimplemented("GetModelInfo"))
    }

    async fn get_usage(&self, _: Request<pb::GetUsageRequest>) -> Result<Response<pb::GetUsageResponse>, Status> {
        Err(unimplemented("GetUsage"))
    }

    async fn reload_policy(&self, _: Request<pb::ReloadPolicyRequest>) -> Result<Response<pb::ReloadPolicyResponse>, Status> {
        Err(unimplemented("ReloadPolicy"))
    }

    async fn rotate_secret(
        &self,
        request: Request<pb::RotateSecretRequest>,
    ) -> Result<Response<pb::RotateSecretResponse>, Status> {
        let site = Site::parse("site", &request.into_inner().site).map_err(Error::from)?;
        self.store.rotate_secret(&site).await?;
        tracing::info!(site = site.as_str(), "the site has another secret");
        Ok(Response::new(pb::RotateSecretResponse {}))
    }
}
