//! Why a verdict is what it is.

use std::borrow::Cow;

/// The code of the reason that marks a spot check: a comment that the machine approved and that a moderator is to look at all
/// the same. Its weight says how many approved comments it stands for.
pub const SPOT_CHECK: &str = "SPOT_CHECK";

/// The code of the reason of a comment that is over a limit.
pub const RATE_LIMIT: &str = "RATE_LIMIT";

/// One part of why a verdict is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What kind of reason.
    pub code: Cow<'static, str>,
    /// The same for people.
    pub message: String,
    /// The label it speaks for. Empty: none.
    pub label: Cow<'static, str>,
    /// How much it speaks for the label, in logits. 0 for rules.
    pub weight: f64,
    /// Where in the body.
    pub span: Option<Span>,
    /// The rule of the policy. Empty: none.
    pub rule_id: String,
}

impl Reason {
    /// A reason with a code and a message and nothing else.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), label: "".into(), weight: 0.0, span: None, rule_id: String::new() }
    }

    /// The same, speaking for a label.
    #[must_use]
    pub fn with_label(mut self, label: &'static str, weight: f64) -> Self {
        self.label = label.into();
        self.weight = weight;
        self
    }

    /// The same, by a rule of the policy.
    #[must_use]
    pub fn with_rule(mut self, rule_id: impl Into<String>) -> Self {
        self.rule_id = rule_id.into();
        self
    }

    /// The same, somewhere in the body.
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
    /// `None` unless `begin < end`.
    pub fn new(begin: u32, end: u32) -> Option<Self> {
        (begin < end).then_some(Self { begin, end })
    }
}
