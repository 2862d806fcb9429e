//! What goes out: a decision on a comment, with the reasons for it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use unicode_normalization::UnicodeNormalization;

use crate::pb;

/// What `decided_by` says of a verdict that no person gave.
pub const MACHINE: &str = "MACHINE";
/// What `decided_by` says of a verdict that came with the comment from elsewhere.
pub const IMPORT: &str = "import";

/// What becomes of a comment, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Publish it.
    Approve,
    /// Keep it back until a moderator has decided.
    Hold,
    /// Refuse it.
    Reject,
}

impl Decision {
    /// The three of them, mildest first.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Hold, Self::Reject];

    /// The word for it in filters, policies and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }

    /// The decision that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str().eq_ignore_ascii_case(word))
    }

    /// The decision that a number on the wire names.
    pub fn from_wire(number: i32) -> Option<Self> {
        match pb::Decision::try_from(number).ok()? {
            pb::Decision::Unspecified => None,
            pb::Decision::Approve => Some(Self::Approve),
            pb::Decision::Hold => Some(Self::Hold),
            pb::Decision::Reject => Some(Self::Reject),
        }
    }

    /// Its number on the wire.
    pub fn to_wire(self) -> pb::Decision {
        match self {
            Self::Approve => pb::Decision::Approve,
            Self::Hold => pb::Decision::Hold,
            Self::Reject => pb::Decision::Reject,
        }
    }
}

/// A part of a comment that a host can leave out when it publishes the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The author's web address.
    AuthorUrl,
    /// All links of the body.
    Links,
}

impl Part {
    /// Both parts.
    pub const ALL: [Self; 2] = [Self::AuthorUrl, Self::Links];

    /// Returns the name of the part on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorUrl => "author-url",
            Self::Links => "links",
        }
    }

    /// Returns the part in words.
    pub fn as_words(self) -> &'static str {
        match self {
            Self::AuthorUrl => "the author's web address",
            Self::Links => "the links",
        }
    }

    /// Returns its number on the wire.
    pub fn to_wire(self) -> pb::Part {
        match self {
            Self::AuthorUrl => pb::Part::AuthorUrl,
            Self::Links => pb::Part::Links,
        }
    }

    /// Returns the part that a number on the wire names. `None` if it names none.
    pub fn from_wire(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|part| i32::from(part.to_wire()) == number)
    }
}

/// What Gatepost answers for a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Names this verdict; a UUID.
    pub id: String,
    /// The comment's site.
    pub site: String,
    /// The comment's id.
    pub comment_id: String,
    /// What becomes of the comment.
    pub decision: Decision,
    /// Label to calibrated probability, 0 to 1.
    pub scores: Vec<(Cow<'static, str>, f64)>,
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
    /// The tightest limit that applied.
    pub rate_limit: Option<RateLimit>,
    /// The model that scored.
    pub model_version: Cow<'static, str>,
    /// The policy that decided.
    pub policy_version: Cow<'static, str>,
    /// When this revision was decided.
    pub decided_at: SystemTime,
    /// [`MACHINE`], [`IMPORT`] or a moderator's name.
    pub decided_by: Cow<'static, str>,
    /// Counts the decisions on the comment, from 1.
    pub revision: u32,
    /// What a moderator lets the author know.
    pub author_message: String,
    /// The store was away: nothing was written down.
    pub not_recorded: bool,
    /// Without these parts a held comment would be approved; an approved one must be published without them.
    pub publish_without: Vec<Part>,
    /// BCP 47 tag of the language that the text was taken for; empty if it was not looked at.
    pub language: Cow<'static, str>,
}

impl Verdict {
    /// The highest score and its label.
    pub fn leading(&self) -> Option<(&str, f64)> {
        let best = self.scores.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((&best.0, best.1))
    }

    /// The same verdict with a decision that was made elsewhere: it stands, and what the machine saw stands beside it.
    #[must_use]
    pub fn imported(mut self, decision: Decision) -> Self {
        let done = match decision {
            Decision::Approve => "approved",
            Decision::Hold => "held",
            Decision::Reject => "rejected",
        };
        self.reasons.insert(0, Reason::new("IMPORTED", format!("{done} where it came from, and imported so")));
        self.decision = decision;
        self.publish_without.clear();
        self.decided_by = IMPORT.into();
        self
    }

    /// Returns the verdict with one reason more.
    #[must_use]
    pub fn with(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self
    }

    /// Returns how many approved comments this one stands for, if it was marked as a spot check.
    pub fn spot_check(&self) -> Option<f64> {
        self.reasons.iter().find(|reason| reason.code == SPOT_CHECK).map(|reason| reason.weight.max(1.0))
    }

    /// Returns whether a moderator is to look at it although the machine approved it, and nobody has yet.
    pub fn is_spot_check(&self) -> bool {
        self.decision == Decision::Approve && self.by_machine() && self.spot_check().is_some()
    }

    /// Whether no person has decided yet.
    pub fn by_machine(&self) -> bool {
        self.decided_by == MACHINE
    }
}

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

/// Returns whether a person or a key may go by a name: one that cannot be read as the machine's or an archive's, holds nothing that
/// is not seen or turns text around, and is no longer than 128 bytes. An empty name names nobody.
pub fn may_name_somebody(name: &str) -> bool {
    let looks = |text: &str| -> String {
        let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
        unicode_security::skeleton(lower.trim()).collect()
    };
    let reserved = [MACHINE, IMPORT].iter().any(|taken| looks(name) == looks(taken));
    let blank = !name.is_empty() && name.trim().is_empty();
    name.len() <= 128 && !reserved && !blank && !name.contains(|c: char| c.is_control() || is_unseen(c))
}

/// Returns whether a character is invisible or changes the direction of text: characters that names have no use for.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The code of the reason that marks a spot check: a comment that the machine approved and that a moderator is to look at all
/// the same. Its weight says how many approved comments it stands for.
pub const SPOT_CHECK: &str = "SPOT_CHECK";

/// The code of the reason of a comment that is over a limit.
pub const RATE_LIMIT: &str = "RATE_LIMIT";

impl Reason {
    /// A reason with a code and a message and nothing else.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), label: "".into(), weight: 0.0, span: None, rule_id: String::new() }
    }

    /// The same, speaking for a label.
    #[must_use]
    pub fn label(mut self, label: &'static str, weight: f64) -> Self {
        self.label = label.into();
        self.weight = weight;
        self
    }

    /// The same, by a rule of the policy.
    #[must_use]
    pub fn rule(mut self, rule_id: impl Into<String>) -> Self {
        self.rule_id = rule_id.into();
        self
    }

    /// The same, somewhere in the body.
    #[must_use]
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }
}

/// A part of the body, in Unicode scalar values; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    begin: u32,
    end: u32,
}

impl Span {
    /// `None` unless `begin < end`.
    pub fn new(begin: u32, end: u32) -> Option<Self> {
        (begin < end).then_some(Self { begin, end })
    }
}

/// What a rate limit says about a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// How many may come at once.
    pub limit: u32,
    /// How many more may come right now.
    pub remaining: u32,
    /// How long until one more is admitted; zero: no need to wait.
    pub retry_after: Duration,
    /// Whether only this process counted, because the store did not answer.
    pub local: bool,
    /// Which limit: `author`, `client` or `site`.
    pub scope: Cow<'static, str>,
}

// === to and from the wire ===

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

    /// Reads back what was written. Fails only when the bytes were not ours.
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
            publish_without: wire.publish_without.into_iter().filter_map(Part::from_wire).collect(),
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
            // A wait of centuries cannot be configured;.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_by_the_name_of_the_machine_or_unseen() {
        for name in [
            "MACHINE",
            "machine",
            "ＭＡＣＨＩＮＥ",
            "import",
            "Import ",
            "a\u{202e}nna",
            "a\u{200b}nn",
            "bell\u{7}",
            "MACHINE\u{34f}",
            "M\u{410}CHINE",
            "imp\u{43e}rt",
            "\u{3164}",
            "  ",
            &"x".repeat(129),
        ] {
            assert!(!may_name_somebody(name), "{name:?}");
        }
        for name in ["", "mia", "jürgen o'brien", "машина", "importer"] {
            assert!(may_name_somebody(name), "{name:?}");
        }
    }
}
