//! Which sites a message names, and whether its caller may speak for them.

use crate::error::Error;
use crate::keys::Caller;
use crate::pb;
use crate::telemetry::METRICS;

/// Succeeds if a caller may speak for the sites that a message names.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn check_sites(caller: &Caller, message: &impl NamesSites) -> Result<(), Error> {
    message.sites().into_iter().try_for_each(|site| caller.check_site(site)).inspect_err(|_| METRICS.not_allowed("site"))
}

/// A message that names sites.
pub trait NamesSites {
    /// The sites that it names.
    fn sites(&self) -> Vec<&str>;
}

/// Messages with a field `site`.
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
        // All sites are asked for where the key is made.
        self.sites.iter().map(String::as_str).filter(|site| *site != "*").collect()
    }
}

/// These name no site: the first one's sites are asked for by the handler, and the second's answer tells of the caller's only.
impl NamesSites for pb::RevokeKeyRequest {
    fn sites(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl NamesSites for pb::ReloadPolicyRequest {
    fn sites(&self) -> Vec<&str> {
        Vec::new()
    }
}
