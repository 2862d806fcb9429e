//! How fast a site learns: errors after so many of its own outcomes, for the base model, the base corrected by them, what is
//! served (the correction, as far as the gate lets it), and a model that learned from them alone.
//! `cargo bench --bench learning -- --data DIR`
//!
//! Each stream is a site that the base has never seen: it was trained without that source. Every third comment is held out
//! for counting errors, so that what is counted does not change as the stream goes on; the others are learned in the order of
//! the stream, and again in random orders. DIR is the folder of labelled comments that `models/README.md` names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use gatepost::classify::recipe::Recipe;
use gatepost::classify::site::fold::Learned;
use gatepost::classify::site::gate::Terms;
use gatepost::classify::site::lesson::{Lesson, Source};
use gatepost::classify::site::{Correction, Kind, Outcome};
use gatepost::classify::{Input, Likeness, Model, train};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

/// After how many outcomes errors are counted.
const AFTER: [usize; 10] = [0, 10, 20, 25, 50, 80, 100, 200, 320, 400];
/// Of every so many comments one is held out.
const HELD_OUT: usize = 3;
/// How many random orders.
const ORDERS: u64 = 8;
/// Where the default policy holds, by kind.
const HOLD: [f64; 2] = [0.12, 0.40];

/// A site: its comments in the order in which they came.
struct Stream {
    name: String,
    kind: Kind,
    comments: Vec<(Lesson, bool)>,
}

/// In which order a stream is learned.
#[derive(Clone, Copy)]
enum Order {
    /// In the stream's own. With which comment the held-out ones begin.
    Own(usize),
    /// In a random one.
    Random(u64),
}

/// Who is wrong how often.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nobody,
    /// Whoever says it, so often.
    Flipped(f64),
    /// A host that reports everything as harmless, beside moderators who decide every fifth comment rightly.
    Host,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Base,
    Corrected,
    Served,
    Alone,
    /// A site's bias and nothing else: a shifted threshold.
    Bias,
}

const WAYS: [(&str, Way); 5] =
    [("base", Way::Base), ("corrected", Way::Corrected), ("served", Way::Served), ("alone", Way::Alone), ("bias", Way::Bias)];

type Curve = [Option<f64>; AFTER.len()];

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let data = args.iter().position(|arg| arg == "--data").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let Some(data) = data.filter(|data| data.is_dir()) else {
        println!("skipped: name the folder of labelled comments with `-- --data DIR`; models/README.md says what is in it");
        return Ok(());
    };
    let streams = streams(&data)?;
    let own: Vec<Order> = (0..HELD_OUT).map(Order::Own).collect();
    let random: Vec<Order> = (1..=ORDERS).map(Order::Random).collect();
    for (hold, said) in [(None, "at probability 0.5"), (Some(HOLD), "by the default policy")] {
        println!("\n# Share of wrong decisions {said}, in the stream's own order\n");
        for stream in &streams {
            let bad = stream.comments.iter().filter(|(_, bad)| *bad).count();
            println!("{} ({} comments, of which {bad} are bad)", stream.name, stream.comments.len());
            print(
                WAYS.map(|(name, way)| (name.to_owned(), mean(std::slice::from_ref(stream), &own, way, hold, Wrong::Nobody))),
            );
        }
        println!("mean of the {} streams (of those that are long enough)", streams.len());
        print(WAYS.map(|(name, way)| (name.to_owned(), mean(&streams, &own, way, hold, Wrong::Nobody))));
        println!("the same, mean of {ORDERS} random orders");
        print(WAYS.map(|(name, way)| (name.to_owned(), mean(&streams, &random, way, hold, Wrong::Nobody))));
        println!("what is served, random orders, when that share of the outcomes is wrong");
        print([0.0, 0.1, 0.3, 0.5].map(|share| {
            (format!("{:.0} %", share * 100.0), mean(&streams, &random, Way::Served, hold, Wrong::Flipped(share)))
        }));
        println!("the same of the correction without its gate");
        print([0.0, 0.1, 0.3, 0.5].map(|share| {
            (format!("{:.0} %", share * 100.0), mean(&streams, &random, Way::Corrected, hold, Wrong::Flipped(share)))
        }));
        println!("a host that reports all of the spam as harmless, beside moderators who decide every fifth comment");
        print(WAYS.map(|(name, way)| (name.to_owned(), mean(&streams, &random, way, hold, Wrong::Host))));
    }
    others(&data, &streams)?;
    cost(&streams)
}

/// How many harmless comments of quite another site, news, are held by what a site has learned: with all of its outcomes, and
/// when only the bad ones are told.
fn others(data: &Path, streams: &[Stream]) -> Result<(), Failure> {
    let model = Model::builtin()?;
    let news = stream(&model, "news", Kind::Spam, &mixed(rows(&data.join("neutralnews_approved.jsonl.gz"))?, 400));
    let held = |only_bad: bool| -> Result<Curve, Failure> {
        let mut sums = [(0.0, 0usize); AFTER.len()];
        for stream in streams {
            let threshold = (HOLD[stream.kind as usize] / (1.0 - HOLD[stream.kind as usize])).ln();
            let mut taught = stream.comments.iter().filter(|(_, bad)| *bad || !only_bad);
            let (mut learned, mut count) = (Learned::default(), 0);
            'stream: for (after, sum) in AFTER.iter().zip(&mut sums) {
                while count < *after {
                    let Some((lesson, bad)) = taught.next() else { break 'stream };
                    learned.learn(&Lesson { outcome: Some(stream.outcome(*bad)), ..lesson.clone() })?;
                    count += 1;
                }
                let held = news.comments.iter().filter(|(lesson, _)| {
                    let base = lesson.sketch.base(stream.kind).unwrap_or(0.0);
                    let logit = learned.correction().map_or(base, |correction| correction.logit(&lesson.sketch, stream.kind));
                    f64::from(logit) >= threshold
                });
                *sum = (sum.0 + held.count() as f64 / news.comments.len() as f64, sum.1 + 1);
            }
        }
        Ok(sums.map(|(sum, count)| (count > 0).then(|| sum / count as f64)))
    };
    println!("\n# Share of harmless comments of another site (news) that a correction without its gate would hold\n");
    print([("all told".to_owned(), held(false)?), ("bad only".to_owned(), held(true)?)]);
    Ok(())
}

/// The sites.
fn streams(data: &Path) -> Result<Vec<Stream>, Failure> {
    let mut streams = Vec::new();
    let youtube = unseen(data, "youtube_spam.jsonl.gz")?;
    let mut videos: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in rows(&data.join("youtube_spam.jsonl.gz"))? {
        videos.entry(row["labels"]["video"].as_str().unwrap_or_default().to_owned()).or_default().push(row);
    }
    for (video, rows) in videos {
        streams.push(stream(&youtube, &video, Kind::Spam, &rows));
    }
    for (file, name) in [("tg_spam.jsonl.gz", "tg_spam"), ("judol_id.jsonl.gz", "judol_id")] {
        let rows: Vec<Value> = rows(&data.join(file))?;
        streams.push(stream(&unseen(data, file)?, name, Kind::Spam, &mixed(rows, 2_000)));
    }
    let rows = mixed(rows(&data.join("impermium_insults.jsonl.gz"))?, 2_000);
    streams.push(stream(&Model::builtin()?, "impermium_insults", Kind::Toxicity, &rows));
    Ok(streams)
}

/// The mean curve of streams and orders.
fn mean(streams: &[Stream], orders: &[Order], way: Way, hold: Option<[f64; 2]>, wrong: Wrong) -> Curve {
    let curves: Vec<Curve> =
        streams.iter().flat_map(|stream| orders.iter().map(|order| stream.curve(*order, way, hold, wrong))).collect();
    std::array::from_fn(|at| {
        let all: Vec<f64> = curves.iter().filter_map(|curve| curve[at]).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    })
}

impl Stream {
    /// Errors after so many outcomes. `None`: the stream is too short.
    fn curve(&self, order: Order, way: Way, hold: Option<[f64; 2]>, wrong: Wrong) -> Curve {
        let hold = hold.unwrap_or([0.5; 2]);
        let threshold = (hold[self.kind as usize] / (1.0 - hold[self.kind as usize])).ln();
        let terms = Terms { hold, unscored_holds: true };
        let mut comments: Vec<&(Lesson, bool)> = self.comments.iter().collect();
        let (begins, mut random) = match order {
            Order::Own(begins) => (begins, Random(0x2545_F491_4F6C_DD1D)),
            Order::Random(seed) => {
                let mut random = Random(seed);
                for at in (1..comments.len()).rev() {
                    comments.swap(at, random.below(at + 1));
                }
                (0, random)
            }
        };
        let held_out = |at: usize| at % HELD_OUT == begins;
        let tested: Vec<&(Lesson, bool)> =
            comments.iter().enumerate().filter(|(at, _)| held_out(*at)).map(|(_, one)| *one).collect();
        let mut taught = comments.iter().enumerate().filter(|(at, _)| !held_out(*at)).map(|(_, one)| *one);
        let (mut learned, mut count) = (Learned::default(), 0);
        let (mut alone, mut bias) = (Correction::default(), Correction::default());
        AFTER.map(|after| {
            while count < after {
                let (lesson, bad) = taught.next()?;
                let (source, bad) = match wrong {
                    Wrong::Nobody => (Source::Host, *bad),
                    Wrong::Flipped(share) => (Source::Moderator, bad ^ (random.share() < share)),
                    Wrong::Host if count % 5 == 0 => (Source::Moderator, *bad),
                    Wrong::Host => (Source::Host, false),
                };
                let outcome = self.outcome(bad);
                learned.learn(&Lesson { outcome: Some(outcome), source, ..lesson.clone() }).ok()?;
                alone.learn(&lesson.sketch.alone(), outcome, 1.0).ok()?;
                bias.learn(&lesson.sketch.bare(), outcome, 1.0).ok()?;
                count += 1;
            }
            let serves = learned.standing(&terms).all[self.kind as usize].serves;
            let errors = tested.iter().filter(|(lesson, bad)| {
                let sketch = &lesson.sketch;
                let base = sketch.base(self.kind).unwrap_or(if hold[0] < 0.5 { 20.0 } else { 0.0 });
                let corrected = || learned.correction().map_or(base, |correction| correction.logit(sketch, self.kind));
                let logit = match way {
                    Way::Base => base,
                    Way::Corrected => corrected(),
                    Way::Served if serves => corrected(),
                    Way::Served => base,
                    Way::Alone => alone.logit(&sketch.alone(), self.kind),
                    Way::Bias => bias.logit(&sketch.bare(), self.kind),
                };
                (f64::from(logit) >= threshold) != *bad
            });
            Some(errors.count() as f64 / tested.len() as f64)
        })
    }

    fn outcome(&self, bad: bool) -> Outcome {
        match (bad, self.kind) {
            (false, _) => Outcome::Ham,
            (true, Kind::Spam) => Outcome::Spam,
            (true, Kind::Toxicity) => Outcome::Toxic,
        }
    }
}

/// A linear congruential generator, for orders that are the same every time.
struct Random(u64);

impl Random {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }
}

fn stream(model: &Arc<Model>, name: &str, kind: Kind, rows: &[Value]) -> Stream {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let comments = rows.iter().enumerate().map(|(number, row)| {
        let (body, post, language) = (text(row, "text"), text(row, "post_text"), text(row, "lang"));
        let input = Input { text: &body, post_text: &post, language: &language, ..Input::default() };
        let lesson = Lesson {
            name: format!("h:{number}"),
            comment_id: format!("{name}-{number}"),
            outcome: None,
            rejected: false,
            text: 0,
            source: Source::Host,
            by: String::new(),
            at: 0,
            sketch: model.sketch(&input),
            likeness: Likeness::of(&body),
            persons: Vec::new(),
        };
        (lesson, row["label"] != "ham")
    });
    Stream { name: name.to_owned(), kind, comments: comments.collect() }
}

/// The shipped recipe, trained without one source.
fn unseen(data: &Path, file: &str) -> Result<Arc<Model>, Failure> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/base.toml"))?;
    let mut recipe = Recipe::parse(&text)?;
    let language = recipe.sources.iter().find(|source| source.file == file).map(|source| source.language.clone());
    recipe.sources.retain(|source| source.file != file);
    // Of a language that only this source teaches spam in the base then knows nothing.
    if let Some(language) = language.filter(|language| language != "en") {
        recipe.languages.remove(&language);
        recipe.sources.retain(|source| source.language != language);
    }
    eprintln!("training without {file}…");
    Ok(Arc::new(train::train(&recipe, &[data.into()], &[], &|_| {})?))
}

fn rows(path: &Path) -> Result<Vec<Value>, Failure> {
    use std::io::{BufRead, BufReader};
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(path)?);
    let rows = BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?));
    let rows: Vec<Value> = rows.collect::<Result<_, Failure>>()?;
    Ok(rows.into_iter().filter(|row| row["ambiguous"] != true).collect())
}

/// Some of the rows of a file that holds its labels in blocks, in an order that does not depend on them.
fn mixed(mut rows: Vec<Value>, most: usize) -> Vec<Value> {
    let key = |row: &Value| crc32fast::hash(row["id"].as_str().unwrap_or_default().as_bytes());
    rows.sort_by_key(key);
    rows.truncate(most);
    rows
}

fn print<const N: usize>(curves: [(String, Curve); N]) {
    let mut heading = String::new();
    for after in AFTER {
        let _ = write!(heading, "{after:>7}");
    }
    println!("{:>10}  {heading}", "outcomes");
    for (name, curve) in &curves {
        println!("{name:>10}  {}", line(curve));
    }
    println!();
}

/// Figures, and the same as a small plot.
fn line(curve: &Curve) -> String {
    let figures: String =
        curve.iter().map(|error| error.map_or(format!("{:>7}", "-"), |error| format!("{error:>7.3}"))).collect();
    let levels = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    // Half of all wrong is as high as it gets.
    let plot: String = curve.iter().flatten().map(|error| levels[((error * 16.0).ceil() as usize).min(8)]).collect();
    format!("{figures}  │{plot}│")
}

/// What learning and asking cost.
fn cost(streams: &[Stream]) -> Result<(), Failure> {
    let lessons: Vec<Lesson> = streams
        .iter()
        .flat_map(|stream| {
            stream.comments.iter().map(|(lesson, bad)| Lesson { outcome: Some(stream.outcome(*bad)), ..lesson.clone() })
        })
        .collect();
    let mut learned = Learned::default();
    let begun = Instant::now();
    for lesson in &lessons {
        learned.learn(lesson)?;
    }
    let each = begun.elapsed().as_secs_f64() * 1e6 / lessons.len() as f64;
    let bytes: usize = lessons.iter().map(|lesson| lesson.to_bytes().len()).sum();
    println!("an outcome is learned in {each:.0} µs and kept in {} bytes", bytes / lessons.len());
    Ok(())
}
