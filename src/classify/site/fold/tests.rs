//! Tests of the fold: which outcomes count, with which weight, and that incremental and full folds agree.

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

fn example(id: usize, text: usize, outcome: Outcome, source: OutcomeSource, by: &str) -> TrainingExample {
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

fn numbered(examples: Vec<TrainingExample>) -> Vec<(u64, TrainingExample)> {
    (1..).zip(examples).collect()
}

#[test]
fn the_most_trusted_sources_last_word_counts() {
    let host = example(1, 0, Outcome::Ham, OutcomeSource::Host, "");
    let ann = example(1, 0, Outcome::Spam, OutcomeSource::Moderator, "ann");
    let both = SiteModel::fold(&numbered(vec![ann.clone(), host])).unwrap();
    let alone = SiteModel::fold(&numbered(vec![ann])).unwrap();
    assert_eq!(both.digest(), alone.digest());
    assert_eq!((both.counts().all(), both.counts().contested), (1, 0));
}

#[test]
fn what_moderators_disagree_on_counts_less() {
    let ann = example(1, 0, Outcome::Spam, OutcomeSource::Moderator, "ann");
    let bob = example(1, 0, Outcome::Ham, OutcomeSource::Moderator, "bob");
    let both = SiteModel::fold(&numbered(vec![ann.clone(), bob.clone()])).unwrap();
    assert_eq!(both.counts().contested, 1);
    assert_ne!(both.digest(), SiteModel::fold(&numbered(vec![bob])).unwrap().digest());
    // A moderator who changes their own decision does not contradict anyone.
    let again = SiteModel::fold(&numbered(vec![ann, example(1, 0, Outcome::Ham, OutcomeSource::Moderator, "ann")])).unwrap();
    assert_eq!(again.counts().contested, 0);
}

#[test]
fn hosts_do_not_outvote_moderators_by_their_number() {
    let outcome = |n: usize| {
        if n.is_multiple_of(5) { (OutcomeSource::Moderator, Outcome::Spam) } else { (OutcomeSource::Host, Outcome::Ham) }
    };
    let examples: Vec<TrainingExample> = (0..1_000)
        .map(|n| {
            let (source, outcome) = outcome(n);
            example(n, 0, outcome, source, "x")
        })
        .collect();
    let learned = SiteModel::fold(&numbered(examples)).unwrap();
    let evidence = learned.correction().unwrap().evidence(CorrectedLabel::Spam);
    // 200 of moderators, plus a weight of about 115 for the 800 harmless ones of others.
    assert!((280.0..330.0).contains(&evidence), "{evidence}");
}

#[test]
fn what_nobody_says_anything_of_counts_no_more() {
    let ann = example(1, 0, Outcome::Spam, OutcomeSource::Moderator, "ann");
    let back =
        TrainingExample { outcome: None, rejected: false, ..example(1, 0, Outcome::Ham, OutcomeSource::Moderator, "bob") };
    let host = example(1, 0, Outcome::Spam, OutcomeSource::Host, "");
    let learned = SiteModel::fold(&numbered(vec![host, ann, back])).unwrap();
    assert_eq!((learned.counts().all(), learned.digest()), (0, String::new()));
    // Another text of the same comment is decided independently.
    let other = TrainingExample { text_hash: 9, ..example(1, 3, Outcome::Spam, OutcomeSource::Moderator, "bob") };
    let ham = example(1, 2, Outcome::Ham, OutcomeSource::Moderator, "ann");
    let both = SiteModel::fold(&numbered(vec![ham, other])).unwrap();
    assert_eq!((both.counts().all(), both.counts().contested), (2, 0));
}

#[test]
fn nobody_else_pushes_out_what_moderators_said() {
    let text = "Dear readers, the town library opens its doors again on Monday at nine, bring a friend";
    let min_hash = MinHash::from_text(text);
    let wave = |example: TrainingExample| TrainingExample { min_hash, digest: Some(text_digest(text)), ..example };
    let mut examples = vec![wave(example(0, 0, Outcome::Spam, OutcomeSource::Moderator, "mia"))];
    examples.extend((1..200).map(|n| wave(example(n, 2, Outcome::Ham, OutcomeSource::Host, "blog"))));
    examples.extend((200..330).map(|n| example(n, 0, Outcome::Toxic, OutcomeSource::Moderator, "mia")));
    let learned = SiteModel::fold(&numbered(examples)).unwrap();
    let decided = learned.similar_decision("new", text, &min_hash.unwrap(), 0).unwrap();
    assert_eq!((decided.comment_id.as_str(), decided.rejected), ("c0", true));
    assert!(learned.similar_decision("c0", text, &min_hash.unwrap(), 0).is_some_and(|decided| !decided.rejected));
    assert!(
        learned.trials(CorrectedLabel::Spam).iter().any(|trial| trial.source == OutcomeSource::Moderator),
        "abuse tells nothing of spam"
    );
}

proptest! {
    /// Incremental learning and a fold of the whole log give the same model, bit for bit.
    #[test]
    fn one_by_one_and_all_at_once_are_the_same(
        outcomes in prop::collection::vec((0..12usize, 0..6usize, 0..3usize, 0..3usize), 1..30),
    ) {
        let examples = outcomes.iter().map(|&(id, text, outcome, source)| {
            example(id, text, Outcome::ALL[outcome], OutcomeSource::ALL[source], "x")
        });
        let log = numbered(examples.collect());
        let mut learned = SiteModel::default();
        for (at, (_, example)) in log.iter().enumerate() {
            if !learned.learn(example).unwrap() {
                learned = SiteModel::fold(&log[..=at]).unwrap();
            }
        }
        let folded = SiteModel::fold(&log).unwrap();
        prop_assert_eq!(learned.digest(), folded.digest());
        prop_assert_eq!(learned.counts(), folded.counts());
        prop_assert_eq!(&learned.subject_hashes, &folded.subject_hashes);
        prop_assert!(CorrectedLabel::ALL.into_iter().all(|label| learned.trials(label) == folded.trials(label)));
    }
}

#[test]
fn what_was_learned_of_a_site_stays_small() {
    let model = Model::builtin().unwrap();
    let texts = (0..600).map(|n| format!("comment {n}: {} about {}", TEXTS[n % 6], n * 7));
    let mut learned = SiteModel::default();
    for (n, text) in texts.enumerate() {
        let example = TrainingExample {
            features: model.feature_vector(&Input { text: &text, ..Input::default() }),
            comment_id: format!("0197b2f4-1111-7aaa-8bbb-{n:012}"),
            min_hash: MinHash::from_text(TEXTS[2]),
            digest: Some(text_digest(TEXTS[2])),
            ..example(n, 0, Outcome::Ham, OutcomeSource::Moderator, "moderator of the day")
        };
        assert!(learned.learn(&example).unwrap());
    }
    let trials: usize = learned.trials.0.iter().flatten().flatten().map(VecDeque::len).sum();
    assert_eq!(
        (trials, learned.decisions.0[1].len(), learned.signatures.0.len()),
        (2 * MAX_TRIALS, MAX_DECISIONS[1], MAX_SIGNATURES)
    );
    let decided = (MAX_DECISIONS[0] + MAX_DECISIONS[1]) * (size_of::<RecentDecision>() + 64);
    let spot_checks = MAX_SPOT_CHECKS * size_of::<(f32, bool)>();
    let memory = spot_checks + 8 * MAX_TRIALS * size_of::<Trial>() + decided + MAX_SIGNATURES * size_of::<(u128, Outcome)>();
    let correction = 4 * (SLOTS + 1) * size_of::<f32>();
    // In addition there are four bytes for each outcome in the log.
    assert!(correction + memory + 4 * 3_500 < 305_000, "{correction} + {memory}");
}
