//! Measures a recipe's model on comments of blogs that it was not trained on: whole blogs are held out, one fold at a time.
//! `cargo bench --bench blogs -- --data DIR`
//!
//! Options: `--recipe FILE` (models/base.toml), `--folds N` (5), `--only-spam` (do not train the other heads), `--scores FILE`
//! (write one line per comment: blog, truth, language, kind, fold, logit with author, logit without).

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use gatepost::classify::recipe::Recipe;
use gatepost::classify::rows::{self, Row};
use gatepost::classify::train::{self, LeaveOut};
use gatepost::classify::{Input, Label, Model};
use gatepost::comment::Comment;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::verdict::Decision;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Maximum number of comments of a blog and class that are measured, as for the baseline.
const MAX_COMMENTS: usize = 700;
/// Minimum number of spam comments of a blog that counts in a mean.
const MIN_SPAM: usize = 12;
/// Minimum number of harmless comments of a blog that counts in a mean.
const MIN_HAM: usize = 30;

struct Options {
    recipe: PathBuf,
    data: PathBuf,
    folds: usize,
    only_spam: bool,
    scores: Option<PathBuf>,
}

/// A comment of a held-out blog with the model's scores and decisions.
struct Scored {
    blog: String,
    spam: bool,
    lang: String,
    kind: String,
    fold: usize,
    /// The logits of spam with and without the author.
    logits: [f32; 2],
    decisions: [Decision; 2],
    /// Whether the comment would be approved without its links or its author's address.
    strippable: [bool; 2],
    text: String,
}

fn main() -> Result<(), Error> {
    let options = options()?;
    let mut recipe = Recipe::parse(&std::fs::read_to_string(&options.recipe)?)?;
    if options.only_spam {
        recipe.languages.values_mut().for_each(|language| language.heads.retain(|name, _| name == "spam"));
        recipe.languages.retain(|_, language| !language.heads.is_empty());
        recipe.sources.retain_mut(|source| {
            source.heads.retain(|name, _| name == "spam");
            recipe.languages.contains_key(&source.language) && !source.heads.is_empty()
        });
    }
    let (blogs, templates) = (read(&options.data, "blogs.jsonl.gz")?, read(&options.data, "spin_templates.jsonl.gz")?);
    let blogs: Vec<&Row> = blogs.iter().filter(|row| row.text_field("type") == "comment").collect();
    let folds = folds(&blogs, options.folds);
    let template_folds: BTreeMap<&str, usize> = {
        let mut names: Vec<&str> = templates.iter().map(|row| row.text_field("near")).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().enumerate().map(|(at, name)| (name, at % options.folds)).collect()
    };
    let next = AtomicUsize::new(0);
    let one = || -> Result<Vec<Scored>, Error> {
        let mut scored = Vec::new();
        loop {
            let fold = next.fetch_add(1, Ordering::Relaxed);
            if fold >= options.folds {
                return Ok(scored);
            }
            let of = |folds: &mut dyn Iterator<Item = (&&str, &usize)>| {
                folds.filter(|(_, at)| **at == fold).map(|(name, _)| (*name).to_owned()).collect()
            };
            let leave_out = [
                LeaveOut { field: "blog".into(), values: of(&mut folds.iter()) },
                LeaveOut { field: "near".into(), values: of(&mut template_folds.iter()) },
            ];
            let model = Arc::new(train::train(&recipe, &[options.data.clone(), ".".into()], &leave_out, &|_| ())?);
            let judge = Judge::new(model.clone(), Policies::read([])?);
            let mut taken: HashMap<(&str, &str), usize> = HashMap::new();
            for row in blogs.iter().filter(|row| folds.get(row.text_field("blog")) == Some(&fold)) {
                let taken = taken.entry((row.text_field("blog"), &row.label)).or_default();
                *taken += 1;
                if *taken <= MAX_COMMENTS {
                    scored.push(score(&judge, &model, row, row.text_field("blog"), fold)?);
                }
            }
            for row in templates.iter().filter(|row| template_folds.get(row.text_field("near")) == Some(&fold)) {
                scored.push(score(&judge, &model, row, "(templates)", fold)?);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(options.folds);
    let scored = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(one)).collect();
        let results = threads.into_iter().map(|thread| thread.join().map_err(|_| "a fold panicked")?);
        results.collect::<Result<Vec<_>, Error>>().map(|scored| scored.into_iter().flatten().collect::<Vec<_>>())
    })?;
    if let Some(path) = &options.scores {
        let mut lines = String::new();
        for Scored { blog, spam, lang, kind, fold, logits, decisions, text, .. } in &scored {
            let text: String = text.chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let [with, without] = decisions.map(|decision| decision as u8);
            writeln!(
                lines,
                "{blog}\t{}\t{lang}\t{kind}\t{fold}\t{:.4}\t{:.4}\t{with}\t{without}\t{text}",
                u8::from(*spam),
                logits[0],
                logits[1]
            )?;
        }
        std::fs::write(path, lines)?;
    }
    for (variant, name) in ["with author", "text alone"].into_iter().enumerate() {
        report(&scored, variant, name);
    }
    Ok(())
}

fn report(scored: &[Scored], variant: usize, name: &str) {
    println!("{name}");
    let of_blogs = || scored.iter().filter(|one| one.blog != "(templates)");
    let mut ham: Vec<f32> = of_blogs().filter(|one| !one.spam && one.lang == "en").map(|one| one.logits[variant]).collect();
    ham.sort_by(f32::total_cmp);
    let mut spam: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
    let mut harmless: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
    for one in scored {
        if one.spam { &mut spam } else { &mut harmless }.entry(&one.blog).or_default().push(one);
    }
    let share = |rows: &[&Scored], is: &dyn Fn(&Scored) -> bool| {
        rows.iter().filter(|one| is(one)).count() as f64 / rows.len().max(1) as f64
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    for held in [0.02, 0.03, 0.05] {
        let bound = ham[((ham.len() as f64 * (1.0 - held)) as usize).min(ham.len() - 1)];
        let missed: Vec<(&str, f64)> = spam
            .iter()
            .filter(|(_, rows)| rows.len() >= MIN_SPAM)
            .map(|(blog, rows)| (*blog, share(rows, &|one| one.logits[variant] < bound)))
            .collect();
        let blogs: Vec<f64> = missed.iter().filter(|(blog, _)| *blog != "(templates)").map(|(_, missed)| *missed).collect();
        let each: Vec<String> = missed.iter().map(|(blog, missed)| format!("{blog} {missed:.3}")).collect();
        println!(
            "  with {:.0} % of harmless English comments held (logit {bound:.2}): missed {:.4}",
            held * 100.0,
            mean(&blogs)
        );
        if held == 0.03 {
            println!("    {}", each.join(", "));
        }
    }
    let english = |rows: &[&Scored]| share(rows, &|one| one.lang == "en") > 0.5;
    let decided = |decision: Decision| move |one: &Scored| one.decisions[variant] == decision;
    let (mut held, mut rejected, mut rows) = (Vec::new(), 0.0, 0.0);
    for (_, all) in harmless.iter().filter(|(_, all)| all.len() >= MIN_HAM && english(all)) {
        held.push(share(all, &decided(Decision::Hold)));
    }
    for all in harmless.values() {
        rejected += share(all, &decided(Decision::Reject)) * all.len() as f64;
        rows += all.len() as f64;
    }
    let held_and = |spam: bool, strippable: bool| {
        let of = of_blogs().filter(|one| one.spam == spam && one.decisions[variant] == Decision::Hold);
        of.filter(|one| !strippable || one.strippable[variant]).count()
    };
    println!(
        "  without links or author's address: {} of {} held harmless and {} of {} held spam comments would be published",
        held_and(false, true),
        held_and(false, false),
        held_and(true, true),
        held_and(true, false)
    );
    let approved: Vec<(&str, f64)> = spam
        .iter()
        .filter(|(_, all)| all.len() >= MIN_SPAM)
        .map(|(blog, all)| (*blog, share(all, &decided(Decision::Approve))))
        .collect();
    let blogs: Vec<f64> = approved.iter().filter(|(blog, _)| *blog != "(templates)").map(|(_, approved)| *approved).collect();
    let templates = approved.iter().find(|(blog, _)| *blog == "(templates)").map_or(f64::NAN, |(_, approved)| *approved);
    println!(
        "  default policy: English harmless held {:.4} (worst {:.3}), harmless rejected {rejected:.0} of {rows:.0}, spam approved {:.4} (worst {:.3}), templates approved {templates:.4}",
        mean(&held),
        held.iter().copied().fold(0.0, f64::max),
        mean(&blogs),
        blogs.iter().copied().fold(0.0, f64::max),
    );
}

fn score(judge: &Judge, model: &Model, row: &Row, blog: &str, fold: usize) -> Result<Scored, Error> {
    let input = row.input(rows::PostTextKind::Post);
    let logit = |input: &Input| model.score_as_english(input).logit(Label::Spam).unwrap_or(f32::NAN);
    let comment = |author: bool| -> Result<(Decision, bool), Error> {
        let author = row.author.as_ref().filter(|_| author).map(|author| pb::Author {
            name: author.name.clone(),
            url: author.url.clone(),
            email: author.email.clone(),
            ..Default::default()
        });
        let message = pb::Comment {
            site: "bench".into(),
            comment_id: "1".into(),
            body: row.text.clone(),
            author,
            post: Some(pb::Post { title: row.post_title.clone(), text: row.post_text.clone(), ..Default::default() }),
            ..Default::default()
        };
        let comment = Comment::parse(message, SystemTime::now()).map_err(|violations| format!("{violations:?}"))?;
        let verdict = judge.judge(&comment, &Facts::default(), SystemTime::UNIX_EPOCH);
        Ok((verdict.decision, !verdict.publish_without.is_empty()))
    };
    let empty = row.text.trim().is_empty();
    let judged = |author: bool| if empty { Ok((Decision::Hold, false)) } else { comment(author) };
    let (with, without) = (judged(true)?, judged(false)?);
    Ok(Scored {
        blog: blog.to_owned(),
        spam: row.label == "spam",
        lang: row.lang.clone(),
        kind: row.text_field("kind").to_owned(),
        fold,
        logits: [logit(&input), logit(&Input { author: None, ..input })],
        decisions: [with.0, without.0],
        strippable: [with.1, without.1],
        text: row.text.clone(),
    })
}

/// Assigns blogs to folds by their number of spam comments, so that each fold has some.
fn folds<'r>(blogs: &[&'r Row], folds: usize) -> BTreeMap<&'r str, usize> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for row in blogs {
        let blog = row.text_field("blog");
        let at = counts.iter().position(|(name, _)| *name == blog).unwrap_or_else(|| {
            counts.push((blog, 0));
            counts.len() - 1
        });
        counts[at].1 += usize::from(row.label == "spam");
    }
    counts.iter_mut().for_each(|(_, spam)| *spam = (*spam).min(MAX_COMMENTS));
    counts.sort_by_key(|(_, spam)| std::cmp::Reverse(*spam));
    counts.into_iter().enumerate().map(|(at, (blog, _))| (blog, at % folds)).collect()
}

fn read(data: &Path, file: &str) -> Result<Vec<Row>, Error> {
    Ok(rows::read_file(&data.join(file), false)?)
}

fn options() -> Result<Options, Error> {
    let mut options =
        Options { recipe: "models/base.toml".into(), data: PathBuf::new(), folds: 5, only_spam: false, scores: None };
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--data" => options.data = value()?.into(),
            "--recipe" => options.recipe = value()?.into(),
            "--folds" => options.folds = value()?.parse()?,
            "--scores" => options.scores = Some(value()?.into()),
            "--only-spam" => options.only_spam = true,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    if options.data.as_os_str().is_empty() {
        return Err("name the folder of labelled comments: --data DIR".into());
    }
    Ok(options)
}
