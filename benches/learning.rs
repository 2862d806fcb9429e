//! Measures what learning does to streams of comments that the base model was not trained on, compared with the base alone.
//! `cargo bench --bench learning -- --data DIR`
//!
//! Each stream is a site: eight whole blogs, five videos, a chat, and two data sets of other kinds. The base is trained without
//! it. Labels are selective, as in production: a moderator decides held comments and spot checks, and one in ten bad comments
//! that were published is reported. DIR is the folder of labelled comments that `models/README.md` names.
//!
//! Options: `--models DIR` (keep the trained base models there and reuse existing ones), `--only NAME` (streams whose name
//! begins with it), `--orders N` (number of random orders in addition to the stream's own, 3), `--experiment NAME` (curves,
//! wrong, archives).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use gatepost::classify::recipe::Recipe;
use gatepost::classify::rows::{self, Row};
use gatepost::classify::site::Outcome;
use gatepost::classify::site::fold::SiteModel;
use gatepost::classify::site::sentinel::Sentinels;
use gatepost::classify::site::training_example::{OutcomeSource, TrainingExample};
use gatepost::classify::train::{self, LeaveOut};
use gatepost::classify::{MinHash, Model};
use gatepost::comment::Comment;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::{ListContext, Policies};
use gatepost::verdict::Decision;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Numbers of decisions after which held-out comments are judged.
const AFTER: [usize; 7] = [0, 25, 50, 100, 200, 400, 800];
/// One in this many comments is held out.
const HELD_OUT: usize = 3;
/// The share of published comments that are spot-checked.
const SPOT_CHECKS: f64 = 0.02;
/// The share of published bad comments that are reported.
const REPORTED: f64 = 0.1;
/// Maximum number of comments of a stream.
const MAX_COMMENTS: usize = 1_500;
/// Number of comments in a block.
const BLOCK: usize = 100;

/// Blogs that are streams, in groups. One base is trained without each group.
const BLOGS: [&[&str]; 4] = [
    &["haacked-com", "bloggerbust-ca"],
    &["chrisrisner", "lrem"],
    &["willymcallister", "earlylearning-unmoderated"],
    &["caffeinatedsimpleton", "dylanmtaylor"],
];

/// A comment with its true label and the base's decision.
struct Example {
    comment: Comment,
    training_example: TrainingExample,
    truth: Outcome,
    base: Decision,
}

/// The comments of a site in the order in which they came.
struct Stream {
    name: String,
    judge: Arc<Judge>,
    examples: Vec<Example>,
}

/// How reported outcomes differ from the truth.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    /// All outcomes are true.
    Nothing,
    /// Each outcome is inverted with this probability.
    Flipped(f64),
    /// The host reports every comment as harmless that no moderator decides, including bad ones.
    Host,
    /// Only approvals are reported.
    Approvals,
    /// Only rejections are reported.
    Rejections,
}

/// The numbers of harmless and bad comments, and the numbers of wrong decisions of the base and of the correction: harmless
/// comments that were not approved, and bad ones that were approved.
#[derive(Clone, Copy, Default)]
struct Count {
    harmless: usize,
    bad: usize,
    held: [usize; 2],
    missed: [usize; 2],
}

/// The result of one run through a stream.
struct Run {
    blocks: Vec<Count>,
    /// Counts of the held-out comments, one for each entry of [`AFTER`].
    held_out: Vec<Count>,
    decisions: usize,
}

impl Count {
    fn add(&mut self, example: &Example, served: Decision) {
        let bad = example.truth != Outcome::Ham;
        *if bad { &mut self.bad } else { &mut self.harmless } += 1;
        for (decider, decision) in [example.base, served].into_iter().enumerate() {
            if bad {
                self.missed[decider] += usize::from(decision == Decision::Approve);
            } else {
                self.held[decider] += usize::from(decision != Decision::Approve);
            }
        }
    }

    fn merge(&mut self, other: &Count) {
        self.harmless += other.harmless;
        self.bad += other.bad;
        for decider in 0..2 {
            self.held[decider] += other.held[decider];
            self.missed[decider] += other.missed[decider];
        }
    }

    fn errors(&self, decider: usize) -> usize {
        self.held[decider] + self.missed[decider]
    }

    fn shares(&self) -> [f64; 4] {
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        [
            share(self.missed[0], self.bad),
            share(self.missed[1], self.bad),
            share(self.held[0], self.harmless),
            share(self.held[1], self.harmless),
        ]
    }
}

struct Options {
    data: PathBuf,
    models: Option<PathBuf>,
    only: String,
    orders: u64,
    experiment: String,
}

fn main() -> Result<(), Failure> {
    let Some(options) = options()? else {
        println!("skipped: name the folder of labelled comments with `-- --data DIR`; models/README.md describes it");
        return Ok(());
    };
    let wants = |name: &str| options.experiment.is_empty() || options.experiment == name;
    if wants("archives") {
        archives(&options)?;
    }
    if !wants("curves") && !wants("wrong") {
        return Ok(());
    }
    let mut streams = streams(&options)?;
    streams.retain(|stream| stream.name.starts_with(&options.only));
    if wants("curves") {
        curves(&streams, options.orders)?;
    }
    if wants("wrong") {
        for (name, wrong) in [
            ("10 % of the outcomes wrong", Wrong::Flipped(0.1)),
            ("30 % of the outcomes wrong", Wrong::Flipped(0.3)),
            ("50 % of the outcomes wrong", Wrong::Flipped(0.5)),
            ("a host that reports all comments as harmless", Wrong::Host),
            ("only approvals are reported", Wrong::Approvals),
            ("only rejections are reported", Wrong::Rejections),
        ] {
            println!("\n# {name}\n");
            heading();
            for stream in &streams {
                let mut total = Count::default();
                for order in 0..=options.orders.min(1) {
                    stream.run(order, wrong, false)?.blocks.iter().for_each(|block| total.merge(block));
                }
                line(&stream.name, &total, "");
            }
        }
    }
    cost(&streams)
}

fn heading() {
    println!("{:<28} {:>6} {:>6}  missed base served  held base served  errors by block of {BLOCK}", "", "ham", "bad");
}

fn line(name: &str, count: &Count, more: &str) {
    let [missed, missed_served, held, held_served] = count.shares();
    println!(
        "{name:<28} {:>6} {:>6}      {missed:.3} {missed_served:.3}        {held:.3} {held_served:.3}    {more}",
        count.harmless, count.bad
    );
}

fn curves(streams: &[Stream], orders: u64) -> Result<(), Failure> {
    let (mut worst, mut halved, mut with_misses) = (0.0f64, 0, 0);
    let mut overshoot = 0.0f64;
    for order in 0..=orders {
        println!("\n# {}\n", if order == 0 { "In the stream's own order".to_owned() } else { format!("Random order {order}") });
        heading();
        for stream in streams {
            let run = stream.run(order, Wrong::Nothing, false)?;
            let curve = stream.run(order, Wrong::Nothing, true)?.held_out;
            let mut total = Count::default();
            run.blocks.iter().for_each(|block| total.merge(block));
            let blocks: Vec<String> =
                run.blocks.iter().map(|block| format!("{}→{}", block.errors(0), block.errors(1))).collect();
            line(&stream.name, &total, &format!("{} ({} decisions)", blocks.join(" "), run.decisions));
            for block in run.blocks.iter().filter(|block| block.harmless + block.bad == BLOCK) {
                worst = worst.max(block.errors(1) as f64 - block.errors(0) as f64);
                let [_, _, held, served] = block.shares();
                overshoot = overshoot.max(if block.harmless >= 30 { served - held } else { 0.0 });
            }
            for (after, count) in AFTER.iter().zip(&curve) {
                line(&format!("   held out, after {after}"), count, "");
            }
            if let Some(count) = curve.get(3).filter(|count| count.missed[0] >= 3) {
                with_misses += 1;
                halved += usize::from(count.missed[1] * 2 <= count.missed[0]);
            }
        }
    }
    println!("\nworst block: {worst} errors more than the base; harmless held at most {overshoot:.3} more in a block");
    println!("missed at most half as often after 100 decisions: {halved} of {with_misses} streams that miss three or more");
    Ok(())
}

impl Stream {
    /// Runs through the stream once. With `holding_out`, every third comment is held out and judged after the numbers of
    /// decisions in [`AFTER`].
    fn run(&self, order: u64, wrong: Wrong, holding_out: bool) -> Result<Run, Failure> {
        let mut random = Random(0x2545_F491_4F6C_DD1D ^ (order << 32 | 77));
        let mut examples: Vec<&Example> = self.examples.iter().collect();
        if order > 0 {
            for at in (1..examples.len()).rev() {
                examples.swap(at, random.below(at + 1));
            }
        }
        let held_out: Vec<&Example> = examples.iter().skip(1).step_by(HELD_OUT).copied().collect();
        let mut run = Run { blocks: Vec::new(), held_out: Vec::new(), decisions: 0 };
        let mut learned = SiteModel::default();
        let (mut block, mut next) = (Count::default(), 0);
        for (number, example) in examples.iter().enumerate() {
            if holding_out && number % HELD_OUT == 1 {
                continue;
            }
            if holding_out && AFTER.get(next).is_some_and(|after| run.decisions >= *after) {
                let mut count = Count::default();
                held_out.iter().for_each(|example| count.add(example, self.decide(example, &learned)));
                run.held_out.push(count);
                next += 1;
            }
            let served = self.decide(example, &learned);
            block.add(example, served);
            if block.harmless + block.bad == BLOCK || number + 1 == examples.len() {
                run.blocks.push(std::mem::take(&mut block));
            }
            let spot = random.share() < SPOT_CHECKS;
            let reported = random.share() < REPORTED;
            let bad = example.truth != Outcome::Ham;
            let report = match served {
                Decision::Hold => Some((OutcomeSource::Moderator, None)),
                Decision::Approve if spot => Some((OutcomeSource::Moderator, Some(1.0 / SPOT_CHECKS as f32))),
                Decision::Approve if bad && reported => Some((OutcomeSource::Host, None)),
                _ => None,
            };
            let flips = random.share();
            let report = match wrong {
                Wrong::Nothing => report.map(|report| (report, example.truth)),
                Wrong::Flipped(share) => {
                    report.map(|report| (report, if flips < share { flip(example.truth) } else { example.truth }))
                }
                Wrong::Host => report
                    .filter(|report| report.0 == OutcomeSource::Moderator)
                    .map(|report| (report, example.truth))
                    .or(Some(((OutcomeSource::Host, None), Outcome::Ham))),
                Wrong::Approvals => report.map(|report| (report, example.truth)).filter(|(_, truth)| *truth == Outcome::Ham),
                Wrong::Rejections => report.map(|report| (report, example.truth)).filter(|(_, truth)| *truth != Outcome::Ham),
            };
            let Some(((source, spot_check), outcome)) = report else { continue };
            run.decisions += 1;
            learned.learn(&TrainingExample {
                outcome: Some(outcome),
                source,
                spot_check,
                ..example.training_example.clone()
            })?;
        }
        Ok(run)
    }

    fn decide(&self, example: &Example, learned: &SiteModel) -> Decision {
        self.judge.evaluate(&example.comment, ListContext::empty(), Some(learned)).decide(&Facts::default()).decision
    }
}

fn flip(truth: Outcome) -> Outcome {
    if truth == Outcome::Ham { Outcome::Spam } else { Outcome::Ham }
}

/// A linear congruential generator, for orders that are the same in every run.
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

/// Measures how an archive of approved comments, or of spam alone, changes the decisions on all other comments.
fn archives(options: &Options) -> Result<(), Failure> {
    let blogs = [
        "alienlebarge-fr",
        "haacked",
        "friendlybit",
        "andylockran-uk",
        "marinbiologene-pharmaflood",
        "earlylearning-unmoderated",
    ];
    let leave_out = [LeaveOut {
        field: "blog".into(),
        values: blogs.iter().map(|&blog| blog.to_owned()).chain(["haacked-com".to_owned()]).collect(),
    }];
    let judge = judge(options, "archives", &leave_out, "")?;
    let all = rows::read_file(&options.data.join("blogs.jsonl.gz"), false)?;
    let of = |blog: &str, label: &str, most: usize| -> Result<Vec<Example>, Failure> {
        let rows = all
            .iter()
            .filter(|row| row.text_field("blog") == blog && row.text_field("type") == "comment" && row.label == label);
        rows.take(most).filter_map(|row| example(&judge, row).transpose()).collect()
    };
    let (pharma, early) = (of(blogs[4], "spam", 400)?, of(blogs[5], "spam", 400)?);
    let templates: Vec<Example> = rows::read_file(&options.data.join("spin_templates.jsonl.gz"), false)?
        .iter()
        .filter_map(|row| example(&judge, row).transpose())
        .collect::<Result<_, Failure>>()?;
    let toxic = |file: &str| -> Result<Vec<Example>, Failure> {
        let rows = rows::read_file(&options.data.join(file), false)?;
        rows.iter().filter(|row| row.label == "toxic").take(300).filter_map(|row| example(&judge, row).transpose()).collect()
    };
    let (french, teenagers) = (toxic("languages/mlma_fr.jsonl.gz")?, toxic("languages/cyberagression_fr.jsonl.gz")?);
    let insults = toxic("impermium_insults.jsonl.gz")?;
    let tests: Vec<(&str, &[Example])> = vec![
        ("pharmaflood", &pharma),
        ("earlylearning", &early),
        ("templates", &templates),
        ("mlma_fr", &french),
        ("cyberagression_fr", &teenagers),
        ("insults", &insults),
    ];
    let others: Vec<Vec<Example>> = blogs[..4].iter().map(|blog| of(blog, "ham", 3_000)).collect::<Result<_, _>>()?;
    println!("\n# An import of an archive, then only approvals, then only rejections\n");
    heading();
    let most = std::cell::Cell::new([0.0f64; 2]);
    let worst = |count: &Count| {
        let ([missed, missed_served, held, held_served], [a, b]) = (count.shares(), most.get());
        most.set([a.max(missed_served - missed), b.max(held_served - held)]);
    };
    let show = |name: &str, learned: &SiteModel, own: usize| {
        let decide = |example: &Example| {
            judge.evaluate(&example.comment, ListContext::empty(), Some(learned)).decide(&Facts::default()).decision
        };
        for (test, examples) in &tests {
            let mut count = Count::default();
            examples.iter().for_each(|example| count.add(example, decide(example)));
            worst(&count);
            line(&format!("{name}: {test}"), &count, "");
        }
        for (at, examples) in others.iter().enumerate() {
            let mut count = Count::default();
            examples.iter().skip(if at == own { 160 } else { 0 }).for_each(|example| count.add(example, decide(example)));
            worst(&count);
            line(&format!("{name}: {}", blogs[at]), &count, "");
        }
    };
    for (at, archive) in others.iter().enumerate() {
        let mut learned = SiteModel::default();
        for example in archive.iter().take(160) {
            learned.learn(&TrainingExample {
                outcome: Some(Outcome::Ham),
                source: OutcomeSource::Import,
                ..example.training_example.clone()
            })?;
        }
        show(&format!("{}+160", blogs[at]), &learned, at);
        let mut learned = SiteModel::default();
        let held = archive.iter().filter(|example| example.base == Decision::Hold).take(18);
        for example in held {
            learned.learn(&TrainingExample {
                outcome: Some(Outcome::Ham),
                source: OutcomeSource::Moderator,
                ..example.training_example.clone()
            })?;
        }
        show(&format!("{} mod", blogs[at]), &learned, usize::MAX);
    }
    for (name, spam) in
        [("early-20", &early[..20]), ("early-400", &early[..]), ("pharma-20", &pharma[..20]), ("pharma-all", &pharma[..])]
    {
        let mut learned = SiteModel::default();
        for example in spam {
            learned.learn(&TrainingExample {
                outcome: Some(Outcome::Spam),
                source: OutcomeSource::Moderator,
                ..example.training_example.clone()
            })?;
        }
        show(name, &learned, usize::MAX);
    }
    let [missed, held] = most.get();
    println!("\nat most {missed:.3} more missed and {held:.3} more held than with the base");
    Ok(())
}

/// Returns the streams.
fn streams(options: &Options) -> Result<Vec<Stream>, Failure> {
    let mut streams = Vec::new();
    let all = rows::read_file(&options.data.join("blogs.jsonl.gz"), false)?;
    for group in BLOGS {
        let leave_out = [LeaveOut { field: "blog".into(), values: group.iter().map(|&blog| blog.to_owned()).collect() }];
        let judge = judge(options, group[0], &leave_out, "")?;
        for blog in group {
            let rows = all.iter().filter(|row| row.text_field("blog") == *blog && row.text_field("type") == "comment");
            streams.push(stream(&judge, blog, rows.take(MAX_COMMENTS).collect())?);
        }
    }
    let youtube = rows::read_file(&options.data.join("youtube_spam.jsonl.gz"), false)?;
    let unseen = judge(options, "youtube", &[], "youtube_spam.jsonl.gz")?;
    let mut videos: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in &youtube {
        let video = row.fields["labels"]["video"].as_str().unwrap_or_default();
        videos.entry(video.to_owned()).or_default().push(row);
    }
    for (video, rows) in videos {
        streams.push(stream(&unseen, &video, rows)?);
    }
    for (file, name) in
        [("tg_spam.jsonl.gz", "tg_spam"), ("judol_id.jsonl.gz", "judol_id"), ("impermium_insults.jsonl.gz", "impermium")]
    {
        let rows = rows::read_file(&options.data.join(file), false)?;
        streams.push(stream(&judge(options, name, &[], file)?, name, mixed(&rows, MAX_COMMENTS))?);
    }
    Ok(streams)
}

/// Returns some rows of a file that holds its labels in blocks, in an order that does not depend on the labels.
fn mixed(rows: &[Row], most: usize) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| crc32fast::hash(row.text_field("id").as_bytes()));
    rows.truncate(most);
    rows
}

fn stream(judge: &Arc<Judge>, name: &str, rows: Vec<&Row>) -> Result<Stream, Failure> {
    let examples = rows.into_iter().filter_map(|row| example(judge, row).transpose()).collect::<Result<_, Failure>>()?;
    Ok(Stream { name: name.to_owned(), judge: Arc::clone(judge), examples })
}

/// Parses a row as a comment on a site. Returns `None` for a row without text.
fn example(judge: &Judge, row: &Row) -> Result<Option<Example>, Failure> {
    if row.text.trim().is_empty() {
        return Ok(None);
    }
    let author = row.author.as_ref().map(|author| pb::Author {
        name: author.name.clone(),
        url: author.url.clone(),
        email: author.email.clone(),
        ..Default::default()
    });
    let id = format!("{:08x}", crc32fast::hash(format!("{}{}", row.text_field("comment_id"), row.text).as_bytes()));
    let message = pb::Comment {
        site: "bench".into(),
        comment_id: id.clone(),
        body: row.text.clone(),
        author,
        post: Some(pb::Post { title: row.post_title.clone(), text: row.post_text.clone(), ..Default::default() }),
        ..Default::default()
    };
    let comment = Comment::parse(message, SystemTime::now()).map_err(|violations| format!("{violations:?}"))?;
    let truth = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == row.label).unwrap_or(Outcome::Ham);
    let (features, _) = judge.feature_vector(&comment);
    let training_example = TrainingExample {
        name: format!("h:{id}"),
        comment_id: id,
        outcome: None,
        rejected: false,
        text_hash: 0,
        source: OutcomeSource::Host,
        by: String::new(),
        decided_at: 0,
        features,
        min_hash: MinHash::from_text(comment.text().as_str()),
        digest: None,
        persons: Vec::new(),
        spot_check: None,
    };
    let base = judge.evaluate(&comment, ListContext::empty(), None).decide(&Facts::default()).decision;
    Ok(Some(Example { comment, training_example, truth, base }))
}

/// Returns a judge with the default policy and the shipped recipe, trained without some blogs or without a file.
fn judge(options: &Options, name: &str, leave_out: &[LeaveOut], file: &str) -> Result<Arc<Judge>, Failure> {
    let mut recipe = Recipe::parse(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/base.toml"))?)?;
    let language = recipe.sources.iter().find(|source| source.file == file).map(|source| source.language.clone());
    recipe.sources.retain(|source| source.file != file);
    // The base knows nothing of a language for which this is the only source.
    if let Some(language) = language.filter(|language| language != "en") {
        recipe.languages.remove(&language);
        recipe.sources.retain(|source| source.language != language);
    }
    let stored = options.models.as_ref().map(|models| models.join(format!("{name}.gpmodel")));
    let model = match stored.as_ref().filter(|path| path.exists()) {
        Some(path) => Model::from_bytes(&std::fs::read(path)?)?,
        None => {
            eprintln!("training without {name}…");
            train::train(&recipe, &[options.data.clone(), env!("CARGO_MANIFEST_DIR").into()], leave_out, &|_| ())?
        }
    };
    if let Some(path) = stored.filter(|path| !path.exists()) {
        std::fs::write(path, model.to_bytes())?;
    }
    // Comments that the base cannot score are published: if all were held, nothing could be learned from them.
    let unscored = if name == "judol_id" { "[language]\nunscored = \"approve\"\n" } else { "" };
    Ok(Arc::new(Judge::new(Arc::new(model), Policies::read([("bench.toml", unscored)])?)))
}

/// Measures the cost of learning and of the sentinels.
fn cost(streams: &[Stream]) -> Result<(), Failure> {
    let training_examples: Vec<TrainingExample> = streams
        .iter()
        .flat_map(|stream| {
            stream.examples.iter().map(|one| TrainingExample { outcome: Some(one.truth), ..one.training_example.clone() })
        })
        .take(3_000)
        .collect();
    let mut learned = SiteModel::default();
    let begun = Instant::now();
    for training_example in &training_examples {
        learned.learn(training_example)?;
    }
    let each = begun.elapsed().as_secs_f64() * 1e6 / training_examples.len().max(1) as f64;
    let bytes: usize = training_examples.iter().map(|training_example| training_example.to_bytes().len()).sum();
    println!("an outcome takes {each:.0} µs to learn and {} bytes to store", bytes / training_examples.len().max(1));
    if let Some(stream) = streams.first() {
        let (policy, sentinels) = (stream.judge.default_policy(), stream.judge.sentinels());
        let begun = Instant::now();
        std::hint::black_box(Sentinels::score(stream.judge.model()));
        println!("the sentinels are scored once in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
        let begun = Instant::now();
        let correction = learned.correction().ok_or("nothing was learned")?;
        for _ in 0..20 {
            std::hint::black_box(sentinels.limits(correction, &policy.hold_thresholds()));
        }
        println!("a correction is checked against the sentinels in {:.2} ms", begun.elapsed().as_secs_f64() * 1e3 / 20.0);
    }
    Ok(())
}

fn options() -> Result<Option<Options>, Failure> {
    let mut options = Options { data: PathBuf::new(), models: None, only: String::new(), orders: 3, experiment: String::new() };
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--data" => options.data = value()?.into(),
            "--models" => options.models = Some(value()?.into()),
            "--only" => options.only = value()?,
            "--orders" => options.orders = value()?.parse()?,
            "--experiment" => options.experiment = value()?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options.data.is_dir().then_some(options))
}
