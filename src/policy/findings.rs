//! What a policy finds in a comment before it decides.

use std::borrow::Cow;
use std::ops::Range;

use super::rules::UnscoredAction;
use super::vote::Vote;
use crate::verdict::Reason;

/// How many places of one kind become reasons: more say no more, and a body of nothing but blocked words must not become
/// a verdict of many times its length.
pub const MAX_REASONS_PER_KIND: usize = 20;

/// Parts of a comment that a verdict does without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Omission {
    /// The author's web address.
    pub author_url: bool,
    /// All links of the body.
    pub links: bool,
}

/// What the policy sees in a comment before anything is scored or asked of the store.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    pub(super) votes: Vec<Vote>,
    /// Evidence for spam from outside the words, in logits, with the reason for each.
    pub(super) evidence: Vec<Reason>,
    /// Something that is neither words nor links speaks for spam.
    pub(super) has_corroboration: bool,
    /// The votes for the comment's language, and when each is cast.
    pub(super) language_votes: Vec<(UnscoredAction, Vote)>,
    /// How many links count.
    pub(super) link_count: u32,
    /// One of them leads somewhere that is not known to everybody.
    pub(super) has_uncommon_link: bool,
    /// The spam logit of the words alone, without links and author. `None`: it was not asked for, and the words count as much
    /// as the whole comment.
    words_only_logit: Option<f64>,
    /// It is certain who the author is: what was decided of the author before counts.
    pub(super) author_is_certain: bool,
    /// The author is told apart from others who type the same: what was approved before may end the wait of new authors.
    pub(super) author_is_distinct: bool,
    /// The author is allowed, and why.
    pub(super) allowed: Option<Reason>,
    /// The parts of the text that must not count against the comment.
    pub(super) exempt_ranges: Vec<Range<usize>>,
    /// The author's web address is no evidence: it is the site's own or allowed, or there is none.
    pub(super) author_url_is_exempt: bool,
}

impl Findings {
    /// Returns what is known before any rule has looked: whether the author's past counts.
    pub(super) fn for_author(certain: bool, distinct: bool) -> Self {
        Self { author_is_certain: certain, author_is_distinct: distinct, ..Self::default() }
    }

    /// The text with what must not count blanked out: same bytes, same places.
    pub fn blank_exempt<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.exempt_ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut counted = text.to_owned();
        for range in &self.exempt_ranges {
            counted.replace_range(range.clone(), &" ".repeat(range.len()));
        }
        Cow::Owned(counted)
    }

    /// Whether a second witness speaks for spam besides the score: the form, something hidden, or a link beside words that reach
    /// the bound by themselves. The link that made a score cannot confirm it.
    pub fn is_corroborated(&self, bound: f64) -> bool {
        let by_words = self.words_only_logit.is_none_or(|logit| sigmoid(logit) >= bound);
        self.has_corroboration || self.has_uncommon_link && by_words
    }

    /// Whether it depends on the words alone whether a link confirms the score.
    pub fn needs_words_only_logit(&self) -> bool {
        !self.has_corroboration && self.has_uncommon_link
    }

    /// Takes note of the spam logit of the words alone.
    pub fn set_words_only_logit(&mut self, logit: f64) {
        self.words_only_logit = Some(logit);
    }

    /// Whether the comment has links that count.
    pub fn has_links(&self) -> bool {
        self.link_count > 0
    }

    /// Whether the author's web address is evidence.
    pub fn has_author_url(&self) -> bool {
        !self.author_url_is_exempt
    }

    /// The evidence for spam from outside the words, in logits.
    pub fn evidence_logits(&self) -> f64 {
        self.evidence.iter().map(|reason| reason.weight).sum()
    }

    /// Whether the author's address is on the allowed list: then scores have no say.
    pub fn is_allowed(&self) -> bool {
        self.allowed.is_some()
    }
}

/// Returns the probability of a logit.
pub fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}
