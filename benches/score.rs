//! Measures the time per comment: parsing, features and scores, reasons. `cargo bench --bench score [-- --data FILE]`
//!
//! With `--data` also measures the comments of a file in the format of `gatepost check --file`, with their authors and posts,
//! each once per round; and a comment of 64 KiB made of them.

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

/// Number of calls in a round. The median of the rounds is reported, which reduces the effect of other load on the machine.
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
        let comment = Comment::parse(message.clone(), SystemTime::now()).map_err(|violations| format!("{violations:?}"))?;
        let input = Input { text: body, ..Input::default() };
        println!("{name}:");
        measure("parse", || {
            black_box(Comment::parse(message.clone(), SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 31))).ok();
        });
        measure("features and scores, all heads", || {
            black_box(model.score(&input));
        });
        measure("with the reasons of one head", || {
            let scores = black_box(model.score(&input));
            black_box(model.explain(&input, &scores, &[Label::Spam], 5));
        });
        measure("MinHash, for finding campaigns", || {
            black_box(MinHash::from_text(body));
        });
        measure("verdict, including policy and reasons", || {
            black_box(judge.judge(&comment, &Facts::default(), SystemTime::UNIX_EPOCH));
        });
    }
    let mut args = std::env::args().skip_while(|arg| arg != "--data").skip(1);
    if let Some(file) = args.next() {
        real(&model, Path::new(&file))?;
    }
    Ok(())
}

/// Number of rounds over a whole file.
const FILE_ROUNDS: usize = 5;

/// Scores every comment of a file, and a long one made of them.
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
    println!("  {:<38} {:>7.1} µs", "a comment of 64 KiB", median(200, || _ = black_box(model.score(&input))));
    Ok(())
}

/// Returns the median time of a call, in microseconds.
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
