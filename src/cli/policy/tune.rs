//! `gatepost policy tune`: thresholds from labelled comments and from what mistakes and work may cost.

mod print;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::SystemTime;

use crate::classify::Label;
use crate::cli;
use crate::cli::check::SITE;
use crate::cli::connect::ConnectArgs;
use crate::cli::failure::Failure;
use crate::cli::labelled::{self, ChoiceArgs, Said};
use crate::cli::serve::offline_judge;
use crate::cli::term::Screen;
use crate::cli::text;
use crate::comment::{Comment, Site};
use crate::pb;
use crate::policy::tune::{self, Goal, Kind, Mix, Sample};
use crate::policy::{Findings, Listed, Policy};
use print::Tuned;

pub const EXAMPLES: &str = "Examples:
  gatepost policy tune --data labelled.jsonl.gz --where split=dev
  gatepost policy tune --data a.jsonl b.jsonl --spam-share 5% --toxic-share 2% --comments-per-day 400 --queue-per-day 30
  gatepost policy tune --data labelled.jsonl --max-missed 5% --format toml > thresholds.toml
  gatepost policy tune --site blog.example --policy-dir /etc/gatepost/policies    by what the site has learned last

A line of a file is one comment, as in `gatepost check --file`, whose `label` or `gold` is ham, spam or toxic.
Labelled files hold far more bad comments than most sites get: say with --spam-share and --toxic-share how it is on yours,
or what is held per day is that of a site like the file. Thresholds fit the rows they were chosen on a little too well:
choose on some (--where split=dev) and look at others (`gatepost model evaluate --where split=test --policy-dir …`).
Nothing is written: put what is printed into a policy file.";

/// Options of `policy tune`.
#[derive(Debug, clap::Args)]
pub struct TuneArgs {
    /// Files of labelled comments, JSONL, gzipped or not; - is standard input; without any, the outcomes that the site of
    /// --site has learned last, each as it was scored before it was learned
    #[arg(long = "data", value_name = "FILE", num_args = 1..)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// How much of the spam, and of the toxic comments, may be approved
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    max_missed: Share,
    /// How many of the harmless comments may be rejected
    #[arg(long, value_name = "SHARE", default_value = "0.1%")]
    max_false_reject: Share,
    /// How many held comments the moderators can decide in a day
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    queue_per_day: u32,
    /// How many comments the site gets in a day
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    comments_per_day: u32,
    /// How much of what the site gets is spam [default: as in the files]
    #[arg(long, value_name = "SHARE")]
    spam_share: Option<Share>,
    /// How much of what the site gets is toxic [default: as in the files]
    #[arg(long, value_name = "SHARE")]
    toxic_share: Option<Share>,
    /// Also propose from which scores on abuse is rejected; --max-false-reject is then divided among the labels
    #[arg(long)]
    reject_abuse: bool,
    #[command(flatten)]
    connect: ConnectArgs,
    /// A folder of policy files (*.toml)
    #[arg(long, value_name = "DIR")]
    policy_dir: Option<PathBuf>,
    /// A model file in place of the compiled-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON object
    Json,
    /// Only what goes into the policy file
    Toml,
}

/// A share, typed as `1%` or `0.01`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Share(f64);

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "must be a share such as 1% or 0.01";
        let (number, whole) = match typed.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (typed, 1.0),
        };
        let number: f64 = number.trim().parse().map_err(|_| WANTED)?;
        // A bare 1 could mean either.
        if !(0.0..=whole).contains(&number) || (whole == 1.0 && number == 1.0) {
            return Err(WANTED);
        }
        Ok(Self(number / whole))
    }
}

/// Searches and prints.
pub fn run(args: &TuneArgs) -> Result<ExitCode, Failure> {
    let judge = offline_judge(args.model.as_deref(), args.policy_dir.as_deref())
        .map_err(|error| Failure::failed(format!("{error:#}")))?;
    // Without one, that of all sites that have no policy of their own.
    let site_name = args.connect.site_if_any().unwrap_or(SITE);
    let site = Site::parse("--site", site_name)
        .map_err(|violation| Failure::usage(format!("{} {}", violation.field, violation.problem)))?;
    let (mut samples, mut unlabelled) = (Vec::new(), 0u64);
    if args.files.is_empty() {
        samples = cli::wait(learned(&args.connect, judge.policy(&site)))?;
    }
    let left_out = labelled::read(
        &args.files,
        &args.choice,
        |_, line, fields| {
            let Some(Said::Word(word)) = labelled::said(&fields) else { return Ok(None) };
            let Some(kind) = Kind::parse(&word) else { return Ok(None) };
            let mut comment = line.comment(fields, site_name)?;
            // One site's policy is tuned, whatever sites the rows are from.
            site_name.clone_into(&mut comment.site);
            let comment = Comment::parse(comment, SystemTime::now()).map_err(|violations| {
                let each = violations.iter().map(|violation| format!("{}: {}", violation.field, violation.problem));
                each.collect::<Vec<_>>().join("; ")
            })?;
            Ok(Some(judge.hear(&comment, Listed::none(), None).sample(kind)))
        },
        |_, sample: Option<Sample>| match sample {
            Some(sample) => samples.push(sample),
            None => unlabelled += 1,
        },
    )?;
    let count = |kind| samples.iter().filter(|sample| sample.kind() == kind).count();
    if count(Kind::Ham) == 0 || Kind::BAD.into_iter().all(|kind| count(kind) == 0) {
        return Err(Failure::failed(format!(
            "there is nothing to choose by: of {} rows {} are ham, {} spam and {} toxic, and both harmless and bad ones are needed",
            samples.len() as u64 + unlabelled,
            count(Kind::Ham),
            count(Kind::Spam),
            count(Kind::Toxic)
        )));
    }
    let share = |share: Option<Share>| share.map(|Share(share)| share);
    let mix = Mix::of(&samples, share(args.spam_share), share(args.toxic_share))
        .map_err(|error| Failure::usage(error.to_string()))?;
    let goal = Goal {
        max_missed: args.max_missed.0,
        max_false_reject: args.max_false_reject.0,
        max_held: f64::from(args.queue_per_day) / f64::from(args.comments_per_day),
        reject: Label::ALL.into_iter().filter(|label| args.reject_abuse || *label == Label::Spam).collect(),
    };
    let policy = judge.policy(&site);
    let proposal = tune::tune(policy, &samples, &mix, &goal);
    let tuned = Tuned {
        args,
        model: &text::line(judge.model().version(), 256),
        policy_version: &text::line(policy.version(), 256),
        policy,
        rows: samples.len(),
        unlabelled,
        left_out,
        mix: &mix,
        goal: &goal,
        proposal: &proposal,
    };
    let mut screen = Screen::new();
    match args.format {
        Format::Table => print::table(&mut screen, &tuned)?,
        Format::Json => print::json(&mut screen, &tuned)?,
        Format::Toml => screen.write(print::toml(&tuned).as_bytes())?,
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The outcomes that a site has learned last. Nothing is known of their links and forms: a score alone decides.
async fn learned(connect: &ConnectArgs, policy: &Policy) -> Result<Vec<Sample>, Failure> {
    if connect.site_if_any().is_none() {
        return Err(Failure::usage("by what? Name labelled files with --data, or a site with --site for what it has learned"));
    }
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let answer = connection.admin().get_model_info(pb::GetModelInfoRequest { site }).await;
    let info = answer.map_err(|status| connection.failure(&status))?.into_inner();
    let serves: Vec<String> =
        info.learning.unwrap_or_default().labels.into_iter().filter(|label| label.serves).map(|label| label.label).collect();
    let samples = info.trials.iter().filter_map(|trial| {
        let kind = match trial.outcome() {
            pb::Outcome::Ham => Kind::Ham,
            pb::Outcome::Spam => Kind::Spam,
            pb::Outcome::Toxic => Kind::Toxic,
            pb::Outcome::Unspecified => return None,
        };
        // As it would be scored: by the correction where that serves.
        let logits = Label::ALL.into_iter().filter_map(|label| {
            let name = label.as_str();
            let from = if serves.iter().any(|serves| serves == name) { &trial.corrected } else { &trial.base };
            Some((label, *from.get(name)?))
        });
        Some(Sample::new(policy, kind, Findings::default(), logits.collect()))
    });
    Ok(samples.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_typed_with_or_without_a_percent_sign() {
        for (typed, share) in [("1%", 0.01), ("0.1 %", 0.001), ("0.05", 0.05), ("0", 0.0), ("100%", 1.0)] {
            assert!((typed.parse::<Share>().unwrap().0 - share).abs() < 1e-12, "{typed}");
        }
        for typed in ["1", "5", "-1%", "101%", "some", "NaN%"] {
            assert!(typed.parse::<Share>().is_err(), "{typed}");
        }
    }
}
