//! The fold: what counts, how much, and that the way to it makes no difference.

use proptest::prelude::*;

use super::decided::MAX_DECISIONS;
use super::signatures::MAX_SIGNATURES;
use super::trials::MAX_TRIALS;
use super::*;
use crate::classify::site::SLOTS;
use crate::classify::site::training_example::OutcomeSource;
use crate::classify::{Input, Model, text_digest};

const TEXTS: [&str; 6] = [
    "buy pills now, cheap pills, best pills",
    "you are an idiot and everybody here knows it",
    "I see it differently: the sanctions hurt the poor first",
    "visit my channel and subscribe",
    "thank you for the recipe, the bread rose well",
    "shut up, nobody asked you",
];

fn lesson(id: usize, text: usize, outcome: Outcome, source: OutcomeSource, by: &str) -> TrainingExample {
    let model = Model::builtin().unwrap();
    TrainingExample {
        name: format!("d:{id}:{by}"),
        comment_id: format!("c{id}"),
        outcome: Some(outcome),
        rejected: outcome != Outcome::Ham,
        text_hash: 0,
        source,
        by: by.to_owned(),
        decided_at: 0,
        features: model.feature_vector(&Input { text: TEXTS[text % TEXTS.len()], ..Input::default() }),
        min_hash: None,
        digest: Some(text_digest(TEXTS[text % TEXTS.len()])),
        persons: Vec::new(),
        spot_check: None,
    }
}

fn numbered(lessons: Vec<TrainingExample>) -> Vec<(u64, TrainingExample)> {
    (1..).zip(lessons).collect()
}

#[test]
fn the_most_trusted_sources_last_word_counts() {
    let host = lesson(1, 0, Outcome::Ham, OutcomeSource::Host, "");
    let ann = lesson(1, 0, Outcome::Spam, OutcomeSource::Moderator, "ann");
    let both = SiteModel::fold(&numbered(vec![ann.clone(), host])).unwrap();
    let alone = SiteModel::fold(&numbered(vec![ann])).unwrap();
    assert_eq!(both.digest(), alone.digest());
    assert_eq!((both.counts().all(), both.counts().contested), (1, 0));
}

#[test]
fn what_moderators_disagree_on_counts_less() {
    let ann = lesson(1, 0, Outcome::Spam, OutcomeSource::Moderator, "ann");
    let bob = lesson(1, 0, Outcome::Ham, OutcomeSource::Moderator, "bob");
    let both = SiteModel::fold(&numbered(vec![ann.clone(), bob.clone()])).unwrap();
    assert_eq!(both.counts().contested, 1);
    assert_ne!(both.digest(), SiteModel::fold(&numbered(vec![bob])).unwrap().digest());
    // Who changes one's own mind is not in conflict with anybody.
    let again = SiteModel::fold(&numbered(vec![ann, lesson(1, 0, Outcome::Ham, OutcomeSource::Moderator, "ann")])).unwrap();
    assert_eq!(again.counts().contested, 0);
}

#[test]
fn hosts_do_not_outvote_moderators_by_their_number() {
    let outcome = |n: usize| {
        if n.is_multiple_of(5) { (OutcomeSource::Moderator, Outcome::Spam) } else { (OutcomeSource::Host, Outcome::Ham) }
    };
    let lessons: Vec<TrainingExample> = (0..1_000)
        .map(|n| {
            let (source, outcome) = outcome(n);
            lesson(n, 0, outcome, source, "x")
        })
        .collect();
    let learned = SiteModel::fold(&numbered(lessons)).unwrap();
    let evidence = learned.correction().unwrap().evidence(CorrectedLabel::Spam);
    // 200 of moderators, and of the 800 harmless ones of others what some 115 count.
    assert!((280.0..330.0).contains(&evidence), "{evidence}");
}

#[test]
fn what_nobody_says_anything_of_counts_no_more() {
    let ann = lesson(1, 0, Outcome::Spam, OutcomeSource::Moderator, "ann");
    let back =
        TrainingExample { outcome: None, rejected: false, ..lesson(1, 0, Outcome::Ham, OutcomeSource::Moderator, "bob") };
    let host = lesson(1, 0, Outcome::Spam, OutcomeSource::Host, "");
    let learned = SiteModel::fold(&numbered(vec![host, ann, back])).unwrap();
    assert_eq!((learned.counts().all(), learned.digest()), (0, String::new()));
    // Another text of the same comment is another matter.
    let other = TrainingExample { text_hash: 9, ..lesson(1, 3, Outcome::Spam, OutcomeSource::Moderator, "bob") };
    let ham = lesson(1, 2, Outcome::Ham, OutcomeSource::Moderator, "ann");
    let both = SiteModel::fold(&numbered(vec![ham, other])).unwrap();
    assert_eq!((both.counts().all(), both.counts().contested), (2, 0));
}

#[test]
fn nobody_else_pushes_out_what_moderators_said() {
    let text = "Dear readers, the town library opens its doors again on Monday at nine, bring a friend";
    let like = MinHash::from_text(text);
    let wave = |lesson: TrainingExample| TrainingExample { min_hash: like, digest: Some(text_digest(text)), ..lesson };
    let mut lessons = vec![wave(lesson(0, 0, Outcome::Spam, OutcomeSource::Moderator, "mia"))];
    lessons.extend((1..200).map(|n| wave(lesson(n, 2, Outcome::Ham, OutcomeSource::Host, "blog"))));
    lessons.extend((200..330).map(|n| lesson(n, 0, Outcome::Toxic, OutcomeSource::Moderator, "mia")));
    let learned = SiteModel::fold(&numbered(lessons)).unwrap();
    let decided = learned.similar_decision("new", text, &like.unwrap(), 0).unwrap();
    assert_eq!((decided.comment_id.as_str(), decided.rejected), ("c0", true));
    assert!(learned.similar_decision("c0", text, &like.unwrap(), 0).is_some_and(|decided| !decided.rejected));
    assert!(
        learned.trials(CorrectedLabel::Spam).iter().any(|trial| trial.source == OutcomeSource::Moderator),
        "abuse tells nothing of spam"
    );
}

proptest! {
    /// Learned one by one, or folded from the whole log: the same, bit for bit.
    #[test]
    fn one_by_one_and_all_at_once_are_the_same(
        outcomes in prop::collection::vec((0..12usize, 0..6usize, 0..3usize, 0..3usize), 1..30),
    ) {
        let lessons = outcomes.iter().map(|&(id, text, outcome, source)| {
            lesson(id, text, Outcome::ALL[outcome], OutcomeSource::ALL[source], "x")
        });
        let log = numbered(lessons.collect());
        let mut learned = SiteModel::default();
        for (at, (_, lesson)) in log.iter().enumerate() {
            if !learned.learn(lesson).unwrap() {
                learned = SiteModel::fold(&log[..=at]).unwrap();
            }
        }
        let folded = SiteModel::fold(&log).unwrap();
        prop_assert_eq!(learned.digest(), folded.digest());
        prop_assert_eq!(learned.counts(), folded.counts());
        prop_assert_eq!(&learned.subject_hashes, &folded.subject_hashes);
        prop_assert!(CorrectedLabel::ALL.into_iter().all(|kind| learned.trials(kind) == folded.trials(kind)));
    }
}

#[test]
fn what_was_learned_of_a_site_stays_small() {
    let model = Model::builtin().unwrap();
    let texts = (0..600).map(|n| format!("comment {n}: {} about {}", TEXTS[n % 6], n * 7));
    let mut learned = SiteModel::default();
    for (n, text) in texts.enumerate() {
        let lesson = TrainingExample {
            features: model.feature_vector(&Input { text: &text, ..Input::default() }),
            comment_id: format!("0197b2f4-1111-7aaa-8bbb-{n:012}"),
            min_hash: MinHash::from_text(TEXTS[2]),
            digest: Some(text_digest(TEXTS[2])),
            ..lesson(n, 0, Outcome::Ham, OutcomeSource::Moderator, "moderator of the day")
        };
        assert!(learned.learn(&lesson).unwrap());
    }
    let trials: usize = learned.trials.0.iter().flatten().flatten().map(VecDeque::len).sum();
    assert_eq!(
        (trials, learned.decisions.0[1].len(), learned.signatures.0.len()),
        (2 * MAX_TRIALS, MAX_DECISIONS[1], MAX_SIGNATURES)
    );
    let decided = (MAX_DECISIONS[0] + MAX_DECISIONS[1]) * (size_of::<RecentDecision>() + 64);
    let spot_checks = MAX_SPOT_CHECKS * size_of::<(f32, bool)>();
    let line = spot_checks + 8 * MAX_TRIALS * size_of::<Trial>() + decided + MAX_SIGNATURES * size_of::<(u128, Outcome)>();
    let correction = 4 * (SLOTS + 1) * size_of::<f32>();
    // Beside them a hash of four bytes for each outcome that the log keeps.
    assert!(correction + line + 4 * 3_500 < 305_000, "{correction} + {line}");
}
