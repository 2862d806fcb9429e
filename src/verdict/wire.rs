//! Conversions between verdicts and the messages on the wire.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::{Decision, RateLimit, Reason, RemovablePart, Span, Verdict};
use crate::pb;

impl From<Verdict> for pb::Verdict {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict_id: verdict.id,
            site: verdict.site,
            comment_id: verdict.comment_id,
            decision: verdict.decision.to_wire().into(),
            scores: verdict.scores.into_iter().map(|(label, score)| (label.into_owned(), score)).collect(),
            reasons: verdict.reasons.into_iter().map(Into::into).collect(),
            rate_limit: verdict.rate_limit.map(Into::into),
            model_version: verdict.model_version.into_owned(),
            policy_version: verdict.policy_version.into_owned(),
            decided_at: Some(verdict.decided_at.into()),
            decided_by: verdict.decided_by.into_owned(),
            revision: verdict.revision,
            author_message: verdict.author_message,
            not_recorded: verdict.not_recorded,
            publish_without: verdict.publish_without.into_iter().map(|part| part.to_wire().into()).collect(),
            language: verdict.language.into_owned(),
        }
    }
}

impl TryFrom<pb::Verdict> for Verdict {
    type Error = &'static str;

    /// Reads a stored verdict. Fails only if Gatepost did not write it.
    fn try_from(wire: pb::Verdict) -> Result<Self, Self::Error> {
        let mut scores: Vec<(Cow<'static, str>, f64)> =
            wire.scores.into_iter().map(|(label, score)| (Cow::Owned(label), score)).collect();
        scores.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Self {
            id: wire.verdict_id,
            site: wire.site,
            comment_id: wire.comment_id,
            decision: Decision::from_wire(wire.decision).ok_or("a verdict without a decision")?,
            scores,
            reasons: wire.reasons.into_iter().map(Into::into).collect(),
            rate_limit: wire.rate_limit.map(Into::into),
            model_version: wire.model_version.into(),
            policy_version: wire.policy_version.into(),
            decided_at: wire.decided_at.and_then(|at| SystemTime::try_from(at).ok()).ok_or("a verdict without a time")?,
            decided_by: wire.decided_by.into(),
            revision: wire.revision,
            author_message: wire.author_message,
            not_recorded: wire.not_recorded,
            publish_without: wire.publish_without.into_iter().filter_map(RemovablePart::from_wire).collect(),
            language: wire.language.into(),
        })
    }
}

impl From<Reason> for pb::Reason {
    fn from(reason: Reason) -> Self {
        Self {
            code: reason.code.into_owned(),
            message: reason.message,
            label: reason.label.into_owned(),
            weight: reason.weight,
            span: reason.span.map(|span| pb::Span { begin: span.begin, end: span.end }),
            rule_id: reason.rule_id,
        }
    }
}

impl From<pb::Reason> for Reason {
    fn from(wire: pb::Reason) -> Self {
        Self {
            code: wire.code.into(),
            message: wire.message,
            label: wire.label.into(),
            weight: wire.weight,
            span: wire.span.and_then(|span| Span::new(span.begin, span.end)),
            rule_id: wire.rule_id,
        }
    }
}

impl From<RateLimit> for pb::RateLimit {
    fn from(limit: RateLimit) -> Self {
        let source = if limit.local { pb::RateLimitSource::Local } else { pb::RateLimitSource::Store };
        Self {
            limit: limit.limit,
            remaining: limit.remaining,
            // A wait that is too long for the message cannot be configured.
            retry_after: Some(prost_types::Duration::try_from(limit.retry_after).unwrap_or_default()),
            source: source.into(),
            scope: limit.scope.into_owned(),
        }
    }
}

impl From<pb::RateLimit> for RateLimit {
    fn from(wire: pb::RateLimit) -> Self {
        Self {
            limit: wire.limit,
            remaining: wire.remaining,
            retry_after: wire.retry_after.and_then(|wait| Duration::try_from(wait).ok()).unwrap_or_default(),
            local: wire.source == i32::from(pb::RateLimitSource::Local),
            scope: wire.scope.into(),
        }
    }
}
