//! Selects which of several outcomes on one comment counts.

use std::collections::{HashMap, HashSet};

use crate::classify::site::training_example::{OutcomeSource, TrainingExample};

/// Returns the examples that count, in their order, each with whether moderators disagreed on it. Of several examples for
/// one text of a comment, the last of the most trusted source counts.
pub fn effective_examples(examples: &[(u64, TrainingExample)]) -> impl Iterator<Item = (&TrainingExample, bool)> {
    let mut effective: HashMap<(&str, u32), &(u64, TrainingExample)> = HashMap::new();
    let mut contested: HashSet<(&str, u32)> = HashSet::new();
    for numbered in examples {
        let example = &numbered.1;
        let last = effective.entry(example.subject()).or_insert(numbered);
        if last.1.source <= example.source {
            let disagree = last.1.outcome.zip(example.outcome).is_some_and(|(before, now)| before != now);
            if disagree && last.1.source == OutcomeSource::Moderator && last.1.by != example.by {
                contested.insert(example.subject());
            }
            *last = numbered;
        }
    }
    examples.iter().filter_map(move |(number, example)| {
        let counts = effective.get(&example.subject()).is_some_and(|(last, _)| last == number);
        counts.then(|| (example, contested.contains(&example.subject())))
    })
}
