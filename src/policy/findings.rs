//! Findings of a policy on a comment, collected before it decides.

use std::borrow::Cow;
use std::ops::Range;

use super::rules::UnscoredAction;
use super::vote::Vote;
use crate::verdict::Reason;

/// Maximum number of matches of one kind that become reasons. It bounds the size of the verdict on a body of nothing but
/// blocked words.
pub const MAX_REASONS_PER_KIND: usize = 20;

/// Parts of a comment that a check leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Omission {
    /// The author's web address.
    pub author_url: bool,
    /// All links of the body.
    pub links: bool,
}

/// What checks and model signals find in a comment, before the facts of the store are known.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    pub(super) votes: Vec<Vote>,
    /// Evidence for spam from outside the words, in logits, with the reason for each.
    pub(super) evidence: Vec<Reason>,
    /// Whether something other than words and visible links indicates spam.
    pub(super) has_corroboration: bool,
    /// Votes on the comment's language, each with the action that says when it is cast.
    pub(super) language_votes: Vec<(UnscoredAction, Vote)>,
    /// Number of links that count.
    pub(super) link_count: u32,
    /// Whether one of these links leads to a host that is not well known.
    pub(super) has_uncommon_link: bool,
    /// Spam logit of the words alone, without links and author. `None` if it was not computed; the words then count as reaching
    /// every threshold.
    words_only_logit: Option<f64>,
    /// Whether the author's identity is certain, so that earlier decisions on the author count.
    pub(super) author_is_certain: bool,
    /// Whether the author can be distinguished from others who type the same name, so that earlier approvals count.
    pub(super) author_is_distinct: bool,
    /// Reason why the author is allowed; `None` if the author is not.
    pub(super) allowed: Option<Reason>,
    /// Byte ranges of the text that must not count against the comment.
    pub(super) exempt_ranges: Vec<Range<usize>>,
    /// Whether the author's web address is not evidence: there is none, it is left out, or it is the site's own or allowed.
    pub(super) author_url_is_exempt: bool,
}

impl Findings {
    /// Creates empty findings on a comment by an author.
    pub(super) fn for_author(certain: bool, distinct: bool) -> Self {
        Self { author_is_certain: certain, author_is_distinct: distinct, ..Self::default() }
    }

    /// Returns the text with the exempt ranges replaced by spaces, so that byte positions stay the same.
    pub fn blank_exempt<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.exempt_ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut blanked = text.to_owned();
        for range in &self.exempt_ranges {
            blanked.replace_range(range.clone(), &" ".repeat(range.len()));
        }
        Cow::Owned(blanked)
    }

    /// Returns whether something besides the score indicates spam: the form, a hidden link, or an uncommon link if the words
    /// alone reach `bound`. A link that raised the score cannot corroborate it.
    pub fn is_corroborated(&self, bound: f64) -> bool {
        let by_words = self.words_only_logit.is_none_or(|logit| sigmoid(logit) >= bound);
        self.has_corroboration || self.has_uncommon_link && by_words
    }

    /// Returns whether corroboration depends on the score of the words alone.
    pub fn needs_words_only_logit(&self) -> bool {
        !self.has_corroboration && self.has_uncommon_link
    }

    /// Sets the spam logit of the words alone.
    pub fn set_words_only_logit(&mut self, logit: f64) {
        self.words_only_logit = Some(logit);
    }

    /// Returns whether the comment has links that count.
    pub fn has_links(&self) -> bool {
        self.link_count > 0
    }

    /// Returns whether the author's web address is evidence.
    pub fn has_author_url(&self) -> bool {
        !self.author_url_is_exempt
    }

    /// Returns the sum of the evidence for spam from outside the words, in logits.
    pub fn evidence_logits(&self) -> f64 {
        self.evidence.iter().map(|reason| reason.weight).sum()
    }

    /// Returns whether the author is allowed, by address, user id or role. Scores then have no effect.
    pub fn is_allowed(&self) -> bool {
        self.allowed.is_some()
    }
}

/// Returns the probability of a logit.
pub fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}
