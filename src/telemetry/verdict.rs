//! Counts and logs verdicts.

use super::metrics::METRICS;
use crate::verdict::{Decision, Verdict};

/// Counts a verdict and logs it.
pub fn report_verdict(verdict: &Verdict) {
    let (site, decision) = (verdict.site.as_str(), verdict.decision.as_str());
    let label = verdict.highest_score().map_or("", |(label, _)| label);
    let reason = verdict.reasons.first().map_or("", |reason| reason.code.as_ref());
    METRICS.verdict(site, decision, label, reason);
    if verdict.reasons.iter().any(|reason| reason.code == "SITE_LEARNED") {
        METRICS.corrected(site, decision);
    }
    if verdict.not_recorded {
        METRICS.not_recorded(site);
        METRICS.store_failed();
    }
    if let Some(limit) = verdict.rate_limit.as_ref().filter(|limit| !limit.retry_after.is_zero()) {
        METRICS.limited(limit.local, &limit.scope);
    }
    let (verdict_id, comment_id, revision) = (verdict.id.as_str(), verdict.comment_id.as_str(), verdict.revision);
    // While the store is away, one line has reported that: a line for each held comment would flood the log.
    if verdict.decision == Decision::Approve || verdict.not_recorded {
        tracing::debug!(site, comment_id, verdict_id, revision, decision, label, reason, "verdict");
    } else {
        tracing::info!(site, comment_id, verdict_id, revision, decision, label, reason, "verdict");
    }
}
