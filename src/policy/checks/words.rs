//! Checks a comment against the lists of words.

use std::ops::Range;

use crate::comment::Comment;
use crate::policy::entries::{EntryLists, ListContext};
use crate::policy::findings::{Findings, MAX_REASONS_PER_KIND};
use crate::policy::lists::WordList;
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::policy::wording::quoted;
use crate::reading::word::{Word, readings};
use crate::verdict::Reason;

/// Checks the body, the body with its tags removed, and the author's name.
pub fn check(policy: &Policy, comment: &Comment, listed: ListContext<'_>, findings: &mut Findings) {
    let (blocked, allowed) = (&listed.entries.blocked, &listed.entries.allowed);
    let lists = [&policy.allowed.words, &policy.blocked.words, &allowed.words, &blocked.words];
    if lists.iter().all(|words| words.is_empty()) {
        return;
    }
    let blocked = Blocked { own: &policy.blocked.words, entries: blocked };
    let mut add = |reason: Reason| findings.votes.push(Vote::binding(policy.blocked_decision, reason));

    let text = comment.text().as_str();
    let body_readings = readings(text);
    let exempt = Exempt::new(policy.allowed.words.find(&body_readings).into_iter().chain(allowed.words.find(&body_readings)));
    let mut rules = Vec::new();
    let matches = blocked.find(&body_readings).into_iter();
    for (rule, range) in matches.filter(|(_, range)| !exempt.covers(range)).take(MAX_REASONS_PER_KIND) {
        let message = format!("contains {}, which is blocked", quoted(&text[range.clone()]));
        rules.push(rule.clone());
        add(Reason::new("BLOCKED_WORD", message).with_span(comment.span(range)).with_rule(rule));
    }
    let joined = comment.text().joined_words();
    for (rule, range) in blocked.find(&readings(joined)).into_iter().take(MAX_REASONS_PER_KIND) {
        if rules.contains(&rule) {
            continue;
        }
        let message = format!("with its tags removed, it contains {}, which is blocked", quoted(&joined[range.clone()]));
        rules.push(rule.clone());
        add(Reason::new("BLOCKED_WORD", message).with_span(comment.span_of_joined(range)).with_rule(rule));
    }
    for (rule, _) in blocked.find(&readings(comment.author_name())).into_iter().take(MAX_REASONS_PER_KIND) {
        let message = format!("the author's name {} contains a blocked word", quoted(comment.author_name()));
        add(Reason::new("BLOCKED_WORD", message).with_rule(rule));
    }
    findings.exempt_ranges = exempt.ranges;
}

/// The phrases that the policy and the site's entries block.
struct Blocked<'a> {
    own: &'a WordList,
    entries: &'a EntryLists,
}

impl Blocked<'_> {
    /// Returns the rule and the byte range of each blocked phrase in the readings of a text. The policy's own rules come first.
    fn find(&self, readings: &[Vec<Word>]) -> Vec<(String, Range<usize>)> {
        let own = self.own.find(readings).into_iter().map(|(place, range)| (format!("blocked.words[{place}]"), range));
        let entries = self.entries.words.find(readings).into_iter().map(|(place, range)| {
            let value = self.entries.word_values.get(place).map_or("", String::as_str);
            (format!("list.block.word:{value}"), range)
        });
        own.chain(entries).collect()
    }
}

/// The byte ranges of a text that allowed phrases cover.
struct Exempt {
    /// The ranges, sorted by start.
    ranges: Vec<Range<usize>>,
    /// For each range, the furthest end of it and all ranges before it.
    reach: Vec<usize>,
}

impl Exempt {
    fn new(found: impl Iterator<Item = (usize, Range<usize>)>) -> Self {
        let mut ranges: Vec<Range<usize>> = found.map(|(_, range)| range).collect();
        ranges.sort_by_key(|range| range.start);
        let reach = ranges.iter().scan(0, |furthest: &mut usize, range| {
            *furthest = range.end.max(*furthest);
            Some(*furthest)
        });
        Self { reach: reach.collect(), ranges }
    }

    /// Returns whether one allowed phrase covers the whole range.
    fn covers(&self, range: &Range<usize>) -> bool {
        // Binary search, because there may be as many allowed phrases as words.
        let before = self.ranges.partition_point(|exempt| exempt.start <= range.start);
        before.checked_sub(1).and_then(|last| self.reach.get(last)).is_some_and(|end| *end >= range.end)
    }
}
