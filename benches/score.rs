//! Time per comment: parse, features and scores, reasons. `cargo bench --bench score [-- --data FILE]`
//!
//! With `--data` also over the comments of a file in the form of `gatepost check --file`, each once a round, with their authors
//! and posts; and over one of 64 KiB that is made of them.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use gatepost::classify::rows::{self, PostTextKind};
use gatepost::classify::{Input, Label, MinHash, Model};
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
            black_box(MinHash::from_text(body));
        });
        measure("verdict, policy and reasons included", || {
            black_box(judge.judge(&comment, &Facts::default(), SystemTime::UNIX_EPOCH));
        });
    }
    let mut args = std::env::args().skip_while(|arg| arg != "--data").skip(1);
    if let Some(file) = args.next() {
        real(&model, Path::new(&file))?;
    }
    Ok(())
}

/// Rounds over a whole file.
const FILE_ROUNDS: usize = 5;

/// Scores every comment of a file, and a long one that is made of them.
fn real(model: &Model, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows = rows::read_file(file, false)?;
    let bytes: usize = rows.iter().map(|row| row.text.len()).sum();
    println!("{} comments of {}, {} bytes on average:", rows.len(), file.display(), bytes / rows.len().max(1));
    let per_comment = median(FILE_ROUNDS, || {
        for row in &rows {
            black_box(model.score(&row.input(PostTextKind::Post)));
        }
    }) / rows.len() as f64;
    println!("  {:<38} {per_comment:>7.1} µs", "features and scores, all heads");
    let mut long: String = rows.iter().filter(|row| row.text.len() > 200).flat_map(|row| [row.text.as_str(), "\n"]).collect();
    long.truncate(long.floor_char_boundary(64 << 10));
    let input = Input { text: &long, ..Input::default() };
    println!("  {:<38} {:>7.1} µs", "one of 64 KiB", median(200, || _ = black_box(model.score(&input))));
    Ok(())
}

/// Microseconds of a call: the median of so many.
fn median(rounds: usize, mut call: impl FnMut()) -> f64 {
    let mut all: Vec<f64> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            call();
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[rounds / 2]
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
