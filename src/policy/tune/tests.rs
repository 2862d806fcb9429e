//! Tests of the proposals for thresholds.

use proptest::prelude::*;

use super::testing::sample;
use super::*;
use crate::policy::Policies;
use crate::policy::testing::policy;
use crate::verdict::Decision;

fn goal(max_missed: f64, max_held: f64) -> Goal {
    Goal { max_missed, max_false_reject: 0.001, max_held, reject: Vec::new() }
}

/// Returns 900 harmless comments with scores from .00 to .59 and 100 spam comments with scores from .50 to .99.
fn samples(policy: &Policy) -> Vec<LabelledSample> {
    let ham = (0..900).map(|n| sample(policy, CommentClass::Ham, false, &[(Label::Spam, 0.005 + f64::from(n % 60) / 100.0)]));
    let spam = (0..100).map(|n| sample(policy, CommentClass::Spam, true, &[(Label::Spam, 0.505 + f64::from(n % 50) / 103.0)]));
    ham.chain(spam).collect()
}

#[test]
fn both_goals_are_met_with_the_fewest_held() {
    let policy = policy("[thresholds.spam]\nhold = 0.1\nreject = \"never\"\n");
    let samples = samples(&policy);
    let mix = ClassMix::from_samples(&samples, None, None).unwrap();
    let proposal = tune(&policy, &samples, &mix, &goal(0.1, 0.2));
    assert_eq!(proposal.feasibility, Feasibility::Both);
    let hold = proposal.thresholds[Label::Spam.lane()].hold.unwrap();
    assert!((0.52..=0.56).contains(&hold), "{hold}");
    assert!(proposal.proposed.share(CommentClass::Spam, Decision::Approve) <= 0.1);
    assert!(proposal.proposed.held_share(&mix) < proposal.present.held_share(&mix));
    assert!(proposal.alternatives.len() > 3, "{:?}", proposal.alternatives);
}

#[test]
fn the_queue_wins_when_both_cannot_be_met() {
    let policy = policy("");
    let samples = samples(&policy);
    let mix = ClassMix::from_samples(&samples, None, None).unwrap();
    let proposal = tune(&policy, &samples, &mix, &goal(0.0, 0.05));
    assert!(matches!(proposal.feasibility, Feasibility::QueueOnly(needed) if needed > 0.05), "{:?}", proposal.feasibility);
    assert!(proposal.proposed.held_share(&mix) <= 0.05);
    assert!(proposal.proposed.share(CommentClass::Spam, Decision::Approve) > 0.0);
}

#[test]
fn a_given_share_of_spam_changes_what_is_held() {
    let policy = policy("[thresholds.spam]\nhold = 0.55\nreject = \"never\"\n");
    let samples = samples(&policy);
    let held = |mix: &ClassMix| tune(&policy, &samples, mix, &goal(0.5, 0.5)).present.held_share(mix);
    let as_it_is = ClassMix::from_samples(&samples, None, None).unwrap();
    let rare = ClassMix::from_samples(&samples, Some(0.01), None).unwrap();
    assert!((as_it_is.share(CommentClass::Spam) - 0.1).abs() < 1e-9 && (rare.share(CommentClass::Ham) - 0.99).abs() < 1e-9);
    assert!(held(&rare) < held(&as_it_is));
    assert_eq!(ClassMix::from_samples(&samples, None, Some(0.1)), Err(ClassMixError::None("toxic")));
    assert_eq!(ClassMix::from_samples(&samples, Some(1.0), None), Err(ClassMixError::TooMuch));
}

#[test]
fn a_label_that_the_rows_say_nothing_of_keeps_its_threshold() {
    let policy = policy("[thresholds.threat]\nhold = 0.4\n");
    let mut samples = samples(&policy);
    samples.push(sample(&policy, CommentClass::Ham, false, &[(Label::Threat, 0.01)]));
    let mix = ClassMix::from_samples(&samples, None, None).unwrap();
    let proposal = tune(&policy, &samples, &mix, &goal(0.1, 0.2));
    assert_eq!(proposal.thresholds[Label::Threat.lane()].hold, Some(0.4));
}

fn share() -> impl Strategy<Value = f64> {
    (1u32..100).prop_map(|n| f64::from(n) / 100.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_quick_decision_is_the_real_one(
        rows in prop::collection::vec((any::<bool>(), share(), share()), 1..20),
        spam in (share(), share()), toxicity in share(), links in 0u32..3,
    ) {
        let (hold, reject) = (spam.0.min(spam.1), spam.0.max(spam.1));
        let policy = policy(&format!(
            "[thresholds.spam]\nhold = {hold}\nreject = {reject}\n[thresholds.toxicity]\nhold = {toxicity}\n[links]\nhold = {links}\n"
        ));
        for (link, spam, toxic) in rows {
            let sample = sample(&policy, CommentClass::Ham, link, &[(Label::Spam, spam), (Label::Toxicity, toxic)]);
            let real = policy.decide(&sample.findings, &sample.logits, &policy.neutral_facts()).decision;
            prop_assert_eq!(sample.decide(&policy.thresholds), real);
        }
    }

    #[test]
    fn a_proposal_keeps_what_it_promises(
        rows in prop::collection::vec((0usize..3, any::<bool>(), share(), share()), 1..120),
        max_missed in share(), max_held in share(),
    ) {
        let policy = policy("");
        let samples: Vec<LabelledSample> = rows
            .iter()
            .map(|(class, link, spam, toxic)| {
                sample(&policy, CommentClass::ALL[*class], *link, &[(Label::Spam, *spam), (Label::Toxicity, *toxic)])
            })
            .collect();
        let mix = ClassMix::from_samples(&samples, None, None).unwrap();
        let proposal = tune(&policy, &samples, &mix, &goal(max_missed, max_held));
        prop_assert!(proposal.proposed.held_share(&mix) <= max_held + 1e-9 || proposal.feasibility == Feasibility::QueueOutOfReach);
        if proposal.feasibility == Feasibility::Both {
            prop_assert!(proposal.proposed.misses_at_most(max_missed));
        }
        let text = fragment(&proposal.labels, &policy.thresholds, &proposal.thresholds);
        prop_assert!(Policies::read([("own.toml", text.as_str())]).is_ok(), "{}", text);
    }
}
