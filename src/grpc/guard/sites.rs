//! The sites that a message names, and whether its caller may act on them.

use crate::error::Error;
use crate::keys::Caller;
use crate::pb;
use crate::telemetry::METRICS;

/// Checks that a caller may act on all sites that a message names.
///
/// # Errors
/// Returns [`Error::Forbidden`] if it may not.
pub fn check_sites(caller: &Caller, message: &impl NamesSites) -> Result<(), Error> {
    message.sites().into_iter().try_for_each(|site| caller.check_site(site)).inspect_err(|_| METRICS.not_allowed("site"))
}

/// A message that names sites.
pub trait NamesSites {
    /// Returns the names of the sites.
    fn sites(&self) -> Vec<&str>;
}

/// Implements [`NamesSites`] for messages with a field `site`.
macro_rules! named {
    ($($message:ident)*) => {
        $(impl NamesSites for pb::$message {
            fn sites(&self) -> Vec<&str> {
                vec![&self.site]
            }
        })*
    };
}

named! {
    GetVerdictRequest WatchVerdictsRequest ForgetAuthorRequest ExportAuthorRequest
    ListCommentsRequest GetCommentRequest ClaimCommentsRequest ReleaseCommentsRequest DecideCommentsRequest UndoDecisionRequest
    ListAuditEventsRequest GetQueueStatsRequest WatchQueueRequest
    ListKeysRequest PutListEntryRequest ListEntriesRequest DeleteListEntryRequest GetModelInfoRequest GetUsageRequest
    UpdateLearningRequest RotateSecretRequest
}

impl NamesSites for pb::CheckCommentRequest {
    fn sites(&self) -> Vec<&str> {
        self.comment.iter().map(|comment| comment.site.as_str()).collect()
    }
}

impl NamesSites for pb::CheckCommentsRequest {
    fn sites(&self) -> Vec<&str> {
        self.comment.iter().map(|comment| comment.site.as_str()).collect()
    }
}

impl NamesSites for pb::ReportOutcomeRequest {
    fn sites(&self) -> Vec<&str> {
        match &self.target {
            Some(pb::report_outcome_request::Target::Comment(comment)) => vec![&self.site, &comment.site],
            _ => vec![&self.site],
        }
    }
}

impl NamesSites for pb::CreateKeyRequest {
    fn sites(&self) -> Vec<&str> {
        // `*` stands for all sites, for which the handler checks the permission.
        self.sites.iter().map(String::as_str).filter(|site| *site != "*").collect()
    }
}

/// Names no site: the handler checks the sites of the key.
impl NamesSites for pb::RevokeKeyRequest {
    fn sites(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Names no site: the response is limited to the caller's sites.
impl NamesSites for pb::ReloadPolicyRequest {
    fn sites(&self) -> Vec<&str> {
        Vec::new()
    }
}
