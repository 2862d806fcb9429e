//! Which of several outcomes on one comment counts.

use std::collections::{HashMap, HashSet};

use crate::classify::site::training_example::{OutcomeSource, TrainingExample};

/// Returns the lessons that count, in their order, each with whether moderators were not of one mind on it. Of several on one
/// text of a comment the most trusted source's last counts.
pub fn effective_examples(lessons: &[(u64, TrainingExample)]) -> impl Iterator<Item = (&TrainingExample, bool)> {
    let mut standing: HashMap<(&str, u32), &(u64, TrainingExample)> = HashMap::new();
    let mut contested: HashSet<(&str, u32)> = HashSet::new();
    for numbered in lessons {
        let lesson = &numbered.1;
        let last = standing.entry(lesson.subject()).or_insert(numbered);
        if last.1.source <= lesson.source {
            let minds = last.1.outcome.zip(lesson.outcome).is_some_and(|(theirs, ours)| theirs != ours);
            if minds && last.1.source == OutcomeSource::Moderator && last.1.by != lesson.by {
                contested.insert(lesson.subject());
            }
            *last = numbered;
        }
    }
    lessons.iter().filter_map(move |(number, lesson)| {
        let stands = standing.get(&lesson.subject()).is_some_and(|(stands, _)| stands == number);
        stands.then(|| (lesson, contested.contains(&lesson.subject())))
    })
}
