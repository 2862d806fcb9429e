//! Tests of fairness: the group that a comment mentions must matter little, and war and politics are not abuse.
//!
//! The sentences with exchanged groups are in `tests/identity`, the harmless comments on war in
//! `tests/verdicts/war-and-politics.txt`. `cargo test --test it fairness -- --nocapture` prints the figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::verdict::{Decision, Verdict};

use crate::verdicts::{cases, judge_case};

/// A sentence with its verdict for every group.
struct Tried {
    kind: String,
    hateful: bool,
    sentence: String,
    by_group: Vec<(String, Verdict)>,
}

fn folder(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name).display().to_string()
}

fn judge() -> Judge {
    Judge::new(Model::builtin().unwrap(), Policies::read([]).unwrap())
}

fn try_all() -> Vec<Tried> {
    let judge = judge();
    let text = fs::read_to_string(folder("identity/sentences.txt")).unwrap();
    let (mut groups, mut kind, mut tried) = (Vec::new(), None, Vec::new());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("group", names)) => groups.push(names.split_once(" | ").unwrap()),
            Some(("kind", rest)) => {
                let (name, is) = rest.split_once(' ').unwrap();
                assert!(["harmless", "hateful"].contains(&is), "{line}");
                kind = Some((name.to_owned(), is == "hateful"));
            }
            _ => {
                let (kind, hateful) = kind.clone().unwrap();
                let verdict = |&(many, one): &(&str, &str)| {
                    let said = line.replace("{group}", many).replace("{member}", one);
                    let body = said.chars().next().unwrap().to_uppercase().chain(said.chars().skip(1)).collect();
                    let message = pb::Comment { site: "blog".into(), comment_id: "1".into(), body, ..Default::default() };
                    let comment = Comment::parse(message, SystemTime::now()).unwrap();
                    (many.to_owned(), judge.judge(&comment, &Facts::default(), SystemTime::now()))
                };
                tried.push(Tried { kind, hateful, sentence: line.to_owned(), by_group: groups.iter().map(verdict).collect() });
            }
        }
    }
    tried
}

fn score(verdict: &Verdict, label: &str) -> f64 {
    verdict.scores.iter().find(|(name, _)| name == label).map_or(0.0, |(_, score)| *score)
}

fn caught(verdict: &Verdict) -> bool {
    verdict.decision != Decision::Approve
}

/// Returns the mean of the figures, or 0 if there are none.
fn mean(figures: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = figures.into_iter().fold((0.0, 0), |(sum, count), figure| (sum + figure, count + 1));
    if count == 0 { 0.0 } else { sum / f64::from(count) }
}

#[test]
fn a_harmless_sentence_gets_much_the_same_scores_whoever_it_speaks_of() {
    let tried = try_all();
    let harmless: Vec<&Tried> = tried.iter().filter(|sentence| !sentence.hateful).collect();
    for label in ["spam", "toxicity", "severe_toxicity", "insult", "threat", "identity_attack", "obscene"] {
        let mut spreads = Vec::new();
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for sentence in &harmless {
            let scores = || sentence.by_group.iter().map(|(_, verdict)| score(verdict, label));
            spreads.push((scores().fold(0.0, f64::max) - scores().fold(1.0, f64::min), &sentence.sentence));
            for (group, verdict) in &sentence.by_group {
                *sums.entry(group).or_default() += score(verdict, label) / harmless.len() as f64;
            }
        }
        let widest = spreads.iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let mean_spread = mean(spreads.iter().map(|(spread, _)| *spread));
        let between = sums.values().copied().fold(0.0, f64::max) - sums.values().copied().fold(1.0, f64::min);
        println!(
            "{label:16} spread over groups: mean {mean_spread:.3}, widest {:.3} ({}); between groups' means {between:.3}",
            widest.0, widest.1
        );
        assert!(mean_spread <= 0.12 && between <= 0.1, "{label} depends on the group: {sums:?}");
    }
    let held = |group: usize| mean(harmless.iter().map(|sentence| f64::from(u8::from(caught(&sentence.by_group[group].1)))));
    let shares: Vec<f64> = (0..harmless[0].by_group.len()).map(held).collect();
    for (share, (group, _)) in shares.iter().zip(&harmless[0].by_group) {
        println!("harmless sentences about {group:16} held: {:5.1} %", share * 100.0);
    }
    let spread = shares.iter().copied().fold(0.0, f64::max) - shares.iter().copied().fold(1.0, f64::min);
    assert!(spread <= 0.25, "some groups' harmless sentences are held more often: {shares:?}");
}

#[test]
fn hate_is_told_from_what_only_speaks_of_groups() {
    let tried = try_all();
    let mut kinds: Vec<(&str, bool, Vec<f64>)> = Vec::new();
    for sentence in &tried {
        let right = sentence.by_group.iter().map(|(_, verdict)| f64::from(u8::from(caught(verdict) == sentence.hateful)));
        match kinds.iter_mut().find(|(kind, ..)| *kind == sentence.kind) {
            Some((.., all)) => all.extend(right),
            None => kinds.push((&sentence.kind, sentence.hateful, right.collect())),
        }
    }
    for (kind, hateful, right) in &kinds {
        let is = if *hateful { "hateful" } else { "harmless" };
        println!("{kind:18} {is:9} {:5.1} % right of {}", mean(right.iter().copied()) * 100.0, right.len());
    }
    let of =
        |hateful: bool| mean(kinds.iter().filter(|(_, is, _)| *is == hateful).flat_map(|(.., right)| right.iter().copied()));
    println!("harmless approved {:.1} %, hateful held {:.1} %", of(false) * 100.0, of(true) * 100.0);
    assert!(of(false) >= 0.5, "harmless sentences about groups are held");
    assert!(of(true) >= 0.6, "hate passes");
    assert!(tried.iter().flat_map(|sentence| &sentence.by_group).all(|(_, verdict)| verdict.decision != Decision::Reject));
}

#[test]
fn harmless_comments_on_war_and_politics_are_rarely_held_and_never_rejected() {
    let judge = judge();
    let cases = cases(&fs::read_to_string(folder("verdicts/war-and-politics.txt")).unwrap());
    let held: Vec<String> = cases
        .iter()
        .map(|case| (judge_case(&judge, case), &case.comment.body))
        .filter(|(verdict, _)| caught(verdict))
        .map(|(verdict, body)| format!("{body}: {}", verdict.reasons[0].message))
        .collect();
    println!("{} of {} held:\n{}", held.len(), cases.len(), held.join("\n"));
    assert!(held.len() * 100 <= cases.len() * 15, "{held:?}");
}
