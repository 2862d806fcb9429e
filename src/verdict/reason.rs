//! Reasons for a verdict.

use std::borrow::Cow;

/// The code of the reason that marks a spot check: a comment that the machine approved and that a moderator reviews as well.
/// The weight of the reason is the number of approved comments that the spot check represents.
pub const SPOT_CHECK: &str = "SPOT_CHECK";

/// The code of the reason for a comment that is over a rate limit.
pub const RATE_LIMIT: &str = "RATE_LIMIT";

/// One reason for a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// Code of the reason, for programs.
    pub code: Cow<'static, str>,
    /// Message of the reason, for people.
    pub message: String,
    /// Label for or against which the reason is evidence; empty for none.
    pub label: Cow<'static, str>,
    /// Weight of the evidence for the label, in logits; 0 for rules.
    pub weight: f64,
    /// Part of the body to which the reason applies.
    pub span: Option<Span>,
    /// Rule of the policy; empty for none.
    pub rule_id: String,
}

impl Reason {
    /// Creates a reason with a code and a message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), label: "".into(), weight: 0.0, span: None, rule_id: String::new() }
    }

    /// Returns the reason with a label and the weight of the evidence for it.
    #[must_use]
    pub fn with_label(mut self, label: &'static str, weight: f64) -> Self {
        self.label = label.into();
        self.weight = weight;
        self
    }

    /// Returns the reason with a rule of the policy.
    #[must_use]
    pub fn with_rule(mut self, rule_id: impl Into<String>) -> Self {
        self.rule_id = rule_id.into();
        self
    }

    /// Returns the reason with a part of the body.
    #[must_use]
    pub fn with_span(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }
}

/// A part of the body, in Unicode scalar values; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub(super) begin: u32,
    pub(super) end: u32,
}

impl Span {
    /// Creates a span, or returns `None` unless `begin < end`.
    pub fn new(begin: u32, end: u32) -> Option<Self> {
        (begin < end).then_some(Self { begin, end })
    }
}
