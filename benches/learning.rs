//! How fast a site learns: errors after so many of its own outcomes, for the base model, the base corrected by them, and a
//! model that learned from them alone. `cargo bench --bench learning -- --data DIR`
//!
//! Each stream is a site that the base has never seen: it was trained without that source. Outcomes come in the order of the
//! stream, and errors are counted on what comes after the last of them. DIR is the folder of labelled comments that
//! `models/README.md` names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use gatepost::classify::recipe::Recipe;
use gatepost::classify::site::{Correction, Kind, Outcome, Sketch};
use gatepost::classify::{Input, Model, train};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

/// After how many outcomes errors are counted.
const AFTER: [usize; 7] = [0, 10, 25, 50, 100, 200, 400];

/// A site: its comments in the order in which they came.
struct Stream {
    name: String,
    kind: Kind,
    comments: Vec<(Sketch, bool)>,
    /// From here on errors are counted.
    tested_from: usize,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let data = args.iter().position(|arg| arg == "--data").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let Some(data) = data.filter(|data| data.is_dir()) else {
        println!("skipped: name the folder of labelled comments with `-- --data DIR`; models/README.md says what is in it");
        return Ok(());
    };
    let mut streams = Vec::new();
    let youtube = unseen(&data, "youtube_spam.jsonl.gz")?;
    let rows = rows(&data.join("youtube_spam.jsonl.gz"))?;
    let mut videos: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in rows {
        videos.entry(row["labels"]["video"].as_str().unwrap_or_default().to_owned()).or_default().push(row);
    }
    for (video, rows) in videos {
        streams.push(stream(&youtube, &video, Kind::Spam, &rows));
    }
    for (file, name) in [("tg_spam.jsonl.gz", "tg_spam"), ("judol_id.jsonl.gz", "judol_id")] {
        let rows: Vec<Value> = self::rows(&data.join(file))?;
        streams.push(stream(&unseen(&data, file)?, name, Kind::Spam, &mixed(rows, 2_000)));
    }
    let rows = mixed(self::rows(&data.join("impermium_insults.jsonl.gz"))?, 2_000);
    streams.push(stream(&Model::builtin()?, "impermium_insults", Kind::Toxicity, &rows));

    println!("share of wrong decisions (at probability 0.5) on what came after, by how many outcomes were learned");
    let mut means = [[0.0; AFTER.len()]; 3];
    let mut counted = [0usize; AFTER.len()];
    for stream in &streams {
        let curves = [Way::Base, Way::Corrected, Way::Alone].map(|way| stream.curve(way, 0.0));
        let bad = stream.comments[stream.tested_from..].iter().filter(|(_, bad)| *bad).count();
        let tested = stream.comments.len() - stream.tested_from;
        println!("\n{} ({} comments; tested on {tested}, of which {bad} are bad)", stream.name, stream.comments.len());
        print(&curves);
        for (at, _) in AFTER.iter().enumerate().filter(|(_, after)| **after <= stream.tested_from) {
            counted[at] += 1;
            for (mean, curve) in means.iter_mut().zip(&curves) {
                mean[at] += curve[at].unwrap_or(0.0);
            }
        }
    }
    println!("\nmean of {} streams", streams.len());
    let mean = |sums: &[f64; AFTER.len()]| -> Vec<Option<f64>> {
        sums.iter().zip(counted).map(|(sum, count)| (count == streams.len()).then(|| sum / count as f64)).collect()
    };
    print(&means.each_ref().map(mean));

    println!("\nmean errors of the corrected model when that share of the outcomes is wrong");
    for flipped in [0.0, 0.1, 0.3, 0.5] {
        let curves: Vec<Vec<Option<f64>>> = streams.iter().map(|stream| stream.curve(Way::Corrected, flipped)).collect();
        let mean = |at: usize| -> Option<f64> {
            let all: Option<Vec<f64>> = curves.iter().map(|curve| curve[at]).collect();
            all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
        };
        println!("{:>10}  {}", format!("{:.0} %", flipped * 100.0), line(&(0..AFTER.len()).map(mean).collect::<Vec<_>>()));
    }
    cost(&streams)
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Base,
    Corrected,
    Alone,
}

impl Stream {
    /// Errors after so many outcomes. `None`: the stream is too short.
    fn curve(&self, way: Way, flipped: f64) -> Vec<Option<f64>> {
        let mut correction = Correction::default();
        let mut learned = 0;
        let mut random = 0x2545_F491_4F6C_DD1Du64;
        let errors = AFTER.map(|after| {
            if after > self.tested_from {
                return None;
            }
            while learned < after {
                let (sketch, bad) = &self.comments[learned];
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let wrong = ((random >> 33) as f64 / f64::from(1u32 << 31)) < flipped;
                let outcome = match (bad ^ wrong, self.kind) {
                    (false, _) => Outcome::Ham,
                    (true, Kind::Spam) => Outcome::Spam,
                    (true, Kind::Toxicity) => Outcome::Toxic,
                };
                let sketch = if way == Way::Alone { sketch.alone() } else { sketch.clone() };
                correction.learn(&sketch, outcome, 1.0).ok()?;
                learned += 1;
            }
            let tested = &self.comments[self.tested_from..];
            let wrong = tested.iter().filter(|(sketch, bad)| {
                let logit = match way {
                    Way::Base => sketch.base(self.kind).unwrap_or(0.0),
                    Way::Corrected => correction.logit(sketch, self.kind),
                    Way::Alone => correction.logit(&sketch.alone(), self.kind),
                };
                (logit >= 0.0) != *bad
            });
            Some(wrong.count() as f64 / tested.len() as f64)
        });
        errors.to_vec()
    }
}

fn stream(model: &Arc<Model>, name: &str, kind: Kind, rows: &[Value]) -> Stream {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let comments: Vec<_> = rows
        .iter()
        .map(|row| {
            let (body, post, language) = (text(row, "text"), text(row, "post_text"), text(row, "lang"));
            let input = Input { text: &body, post_text: &post, language: &language, ..Input::default() };
            (model.sketch(&input), row["label"] != "ham")
        })
        .collect();
    let tested_from = if comments.len() >= 600 { 400 } else { comments.len() * 3 / 5 };
    Stream { name: name.to_owned(), kind, comments, tested_from }
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
    Ok(Arc::new(train::train(&recipe, data, &|_| {})?))
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

fn print(curves: &[Vec<Option<f64>>; 3]) {
    let mut heading = String::new();
    for after in AFTER {
        let _ = write!(heading, "{after:>7}");
    }
    println!("{:>10}  {heading}", "outcomes");
    for (name, curve) in ["base", "corrected", "alone"].iter().zip(curves) {
        println!("{name:>10}  {}", line(curve));
    }
}

/// Figures, and the same as a small plot.
fn line(curve: &[Option<f64>]) -> String {
    let figures: String =
        curve.iter().map(|error| error.map_or(format!("{:>7}", "-"), |error| format!("{error:>7.3}"))).collect();
    let levels = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    // Half of all wrong is as high as it gets.
    let plot: String = curve.iter().flatten().map(|error| levels[((error * 16.0).ceil() as usize).min(8)]).collect();
    format!("{figures}  │{plot}│")
}

/// What learning and asking cost.
fn cost(streams: &[Stream]) -> Result<(), Failure> {
    let all: Vec<&(Sketch, bool)> = streams.iter().flat_map(|stream| &stream.comments).collect();
    let mut correction = Correction::default();
    let begun = Instant::now();
    for (sketch, bad) in &all {
        correction.learn(sketch, if *bad { Outcome::Spam } else { Outcome::Ham }, 1.0)?;
    }
    let learned = begun.elapsed().as_secs_f64() * 1e6 / all.len() as f64;
    let begun = Instant::now();
    let sum: f32 = all.iter().map(|(sketch, _)| correction.logit(sketch, Kind::Spam)).sum();
    let asked = begun.elapsed().as_secs_f64() * 1e6 / all.len() as f64;
    println!("\nan outcome is learned in {learned:.0} µs, a comment corrected in {asked:.1} µs (sum {sum:.0})");
    Ok(())
}
