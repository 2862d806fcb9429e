//! The permissions of each role.

use crate::keys::Role;

/// Returns whether a role may make a call. Only admins may make calls that are not listed, so that new ones are closed by
/// default.
pub fn may_call(role: Role, service: &str, method: &str) -> bool {
    match (role, service) {
        (Role::Admin, _) => true,
        (Role::Host, "gatepost.v1.ModerationService") => matches!(
            method,
            "CheckComment"
                | "CheckComments"
                | "GetVerdict"
                | "WatchVerdicts"
                | "ReportOutcome"
                | "ForgetAuthor"
                | "ExportAuthor"
        ),
        // Verdicts concern both hosts and moderators.
        (Role::Moderator, "gatepost.v1.ModerationService") => matches!(method, "GetVerdict" | "WatchVerdicts"),
        (Role::Moderator, "gatepost.v1.ReviewService") => matches!(
            method,
            "ListComments"
                | "GetComment"
                | "ClaimComments"
                | "ReleaseComments"
                | "DecideComments"
                | "UndoDecision"
                | "ListAuditEvents"
                | "GetQueueStats"
                | "WatchQueue"
        ),
        // Moderators decide whom and what to block, and see the effect.
        (Role::Moderator, "gatepost.v1.AdminService") => {
            matches!(method, "PutListEntry" | "ListEntries" | "DeleteListEntry" | "GetModelInfo")
        }
        (Role::Host | Role::Moderator, _) => false,
    }
}
