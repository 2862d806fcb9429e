//! Time per 500-character comment: parse, features and scores, reasons. `cargo bench --bench score`

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use gatepost::classify::{Input, Label, Likeness, Model};
use gatepost::comment::Comment;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::Policies;

/// Repetitions of one measurement; the median of the rounds is told, so that a busy machine shows less.
const CALLS: u32 = 2_000;
const ROUNDS: usize = 11;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::builtin()?;
    let judge = Judge::new(model.clone(), Policies::read([])?);
    let ham = text("I do not agree with the sanctions, and the article says little about who supplied the weapons. ");
    let spam = text("Cheap pills at http://pills.example/buy?id=7 — earn $5000 a week, W0RK from h0me!!! subscribe NOW. ");
    println!("model {}; medians of {ROUNDS} rounds of {CALLS} calls, 500 characters", model.version());
    for (name, body) in [("calm", &ham), ("spam", &spam)] {
        let message = pb::Comment { site: "s".into(), comment_id: "1".into(), body: body.clone(), ..Default::default() };
        let comment = Comment::parse(message.clone(), SystemTime::now()).map_err(|wrong| format!("{wrong:?}"))?;
        let input = Input { text: body, ..Input::default() };
        println!("{name}:");
        measure("parse", || {
            black_box(Comment::parse(message.clone(), SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 31))).ok();
        });
        measure("features and scores, all heads", || {
            black_box(model.score(&input));
        });
        measure("the same with one head's reasons", || {
            let scores = black_box(model.score(&input));
            black_box(model.explain(&input, &scores, &[Label::Spam], 5));
        });
        measure("likeness, for finding campaigns", || {
            black_box(Likeness::of(body));
        });
        measure("verdict, policy and reasons included", || {
            black_box(judge.judge(&comment, &Facts::default(), SystemTime::UNIX_EPOCH));
        });
    }
    Ok(())
}

fn text(sentence: &str) -> String {
    sentence.chars().cycle().take(500).collect()
}

fn measure(what: &str, mut call: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            (0..CALLS).for_each(|_| call());
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("  {what:<38} {:>7.1} µs", rounds[ROUNDS / 2]);
}
