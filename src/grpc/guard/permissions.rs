//! What a role may do: the one table.

use crate::keys::Role;

/// Returns whether a role may make a call. What is not named here only an admin may, so that a new call is never open by mistake.
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
        // What became of a comment concerns both sides.
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
        // Whom and what to block is decided where comments are, and what comes of it is seen there.
        (Role::Moderator, "gatepost.v1.AdminService") => {
            matches!(method, "PutListEntry" | "ListEntries" | "DeleteListEntry" | "GetModelInfo")
        }
        (Role::Host | Role::Moderator, _) => false,
    }
}
