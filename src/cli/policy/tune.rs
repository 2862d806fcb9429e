//! `gatepost policy tune`: proposes thresholds from labelled comments, within limits on mistakes and on the moderators' work.

mod args;
mod print;
mod summary;

use std::process::ExitCode;
use std::time::SystemTime;

use crate::classify::Label;
use crate::cli;
use crate::cli::check::OFFLINE_SITE;
use crate::cli::connect::ConnectArgs;
use crate::cli::failure::Failure;
use crate::cli::labelled::{self, RowLabel, SkippedRows};
use crate::cli::serve::offline_judge;
use crate::cli::terminal::TerminalOutput;
use crate::cli::text;
use crate::comment::{Comment, Site};
use crate::judge::Judge;
use crate::pb;
use crate::policy::tune::{self, ClassMix, CommentClass, Goal, LabelledSample};
use crate::policy::{Findings, ListContext, Policy};
use args::{Format, Fraction};
use summary::TuneReport;

pub use args::TuneArgs;

pub const EXAMPLES: &str = "Examples:
  gatepost policy tune --data labelled.jsonl.gz --where split=dev
  gatepost policy tune --data a.jsonl b.jsonl --spam-share 5% --toxic-share 2% --comments-per-day 400 --queue-per-day 30
  gatepost policy tune --data labelled.jsonl --max-missed 5% --format toml > thresholds.toml
  gatepost policy tune --site blog.example --policy-dir /etc/gatepost/policies    from the site's latest outcomes

A line of a file is one comment, as in `gatepost check --file`, whose `label` or `gold` is ham, spam or toxic.
Labelled files contain far more bad comments than most sites get: give the shares of your site with --spam-share and
--toxic-share, or the numbers per day are those of a site like the file. Thresholds fit the rows from which they were chosen
a little too well: choose with one set (--where split=dev) and evaluate with another
(`gatepost model evaluate --where split=test --policy-dir …`). Nothing is written: copy the output into a policy file.";

/// Searches for thresholds and prints the proposal.
pub fn run(args: &TuneArgs) -> Result<ExitCode, Failure> {
    let judge = offline_judge(args.model.as_deref(), args.policy_dir.as_deref())
        .map_err(|error| Failure::failed(format!("{error:#}")))?;
    // Without a site, the policy of all sites that have none of their own is tuned.
    let site_name = args.connect.site_if_any().unwrap_or(OFFLINE_SITE);
    let site = Site::parse("--site", site_name)
        .map_err(|violation| Failure::usage(format!("{} {}", violation.field, violation.problem)))?;
    let policy = judge.policy(&site);
    let mut rows = Rows::default();
    if args.files.is_empty() {
        rows.samples = cli::block_on(learned_samples(&args.connect, policy))?;
    }
    let skipped = rows.read(args, &judge, site_name)?;
    rows.check()?;

    let share = |share: Option<Fraction>| share.map(|Fraction(share)| share);
    let mix = ClassMix::from_samples(&rows.samples, share(args.spam_share), share(args.toxic_share))
        .map_err(|error| Failure::usage(error.to_string()))?;
    let goal = goal(args);
    let proposal = tune::tune(policy, &rows.samples, &mix, &goal);
    let tuned = TuneReport {
        args,
        model: &text::escape_line(judge.model().version(), 256),
        policy_version: &text::escape_line(policy.version(), 256),
        policy,
        rows: rows.samples.len(),
        unlabelled: rows.unlabelled,
        left_out: skipped,
        mix: &mix,
        goal: &goal,
        proposal: &proposal,
    };
    let mut screen = TerminalOutput::new();
    match args.format {
        Format::Table => print::table(&mut screen, &tuned)?,
        Format::Json => print::json(&mut screen, &tuned)?,
        Format::Toml => screen.write(print::toml(&tuned).as_bytes())?,
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn goal(args: &TuneArgs) -> Goal {
    Goal {
        max_missed: args.max_missed.0,
        max_false_reject: args.max_false_reject.0,
        max_held: f64::from(args.queue_per_day) / f64::from(args.comments_per_day),
        reject: Label::ALL.into_iter().filter(|label| args.reject_abuse || *label == Label::Spam).collect(),
    }
}

/// The labelled comments from which thresholds are chosen.
#[derive(Default)]
struct Rows {
    samples: Vec<LabelledSample>,
    /// Number of rows that are neither ham, spam nor toxic.
    unlabelled: u64,
}

impl Rows {
    /// Adds the rows of the files that `args` names.
    fn read(&mut self, args: &TuneArgs, judge: &Judge, site: &str) -> Result<SkippedRows, Failure> {
        labelled::read_rows(
            &args.files,
            &args.choice,
            |_, line, fields| {
                let Some(RowLabel::Word(word)) = labelled::row_label(&fields) else { return Ok(None) };
                let Some(class) = CommentClass::parse(&word) else { return Ok(None) };
                let mut comment = line.comment(fields, site)?;
                // The policy of one site is tuned, even if the rows are from other sites.
                site.clone_into(&mut comment.site);
                let comment = Comment::parse(comment, SystemTime::now()).map_err(|violations| {
                    let each = violations.iter().map(|violation| format!("{}: {}", violation.field, violation.problem));
                    each.collect::<Vec<_>>().join("; ")
                })?;
                Ok(Some(judge.evaluate(&comment, ListContext::empty(), None).tuning_sample(class)))
            },
            |_, sample: Option<LabelledSample>| match sample {
                Some(sample) => self.samples.push(sample),
                None => self.unlabelled += 1,
            },
        )
    }

    /// Fails unless there are both harmless and bad rows.
    fn check(&self) -> Result<(), Failure> {
        let count = |class| self.samples.iter().filter(|sample| sample.class() == class).count();
        if count(CommentClass::Ham) > 0 && CommentClass::BAD.into_iter().any(|class| count(class) > 0) {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "cannot choose thresholds: of {} rows, {} are ham, {} spam and {} toxic, and both harmless and bad ones are needed",
            self.samples.len() as u64 + self.unlabelled,
            count(CommentClass::Ham),
            count(CommentClass::Spam),
            count(CommentClass::Toxic)
        )))
    }
}

/// Returns the latest outcomes that a site has learned. Their links and forms are not known, so only scores count.
async fn learned_samples(connect: &ConnectArgs, policy: &Policy) -> Result<Vec<LabelledSample>, Failure> {
    if connect.site_if_any().is_none() {
        return Err(Failure::usage(
            "no comments to choose from; name labelled files with --data, or a site with --site to use its latest outcomes",
        ));
    }
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let answer = connection.admin().get_model_info(pb::GetModelInfoRequest { site }).await;
    let info = answer.map_err(|status| connection.failure(&status))?.into_inner();
    let serves: Vec<String> =
        info.learning.unwrap_or_default().labels.into_iter().filter(|label| label.serves).map(|label| label.label).collect();
    let samples = info.trials.iter().filter_map(|trial| {
        let class = match trial.outcome() {
            pb::Outcome::Ham => CommentClass::Ham,
            pb::Outcome::Spam => CommentClass::Spam,
            pb::Outcome::Toxic => CommentClass::Toxic,
            pb::Outcome::Unspecified => return None,
        };
        // The scores that the server would use: corrected ones where the correction is in use.
        let logits = Label::ALL.into_iter().filter_map(|label| {
            let name = label.as_str();
            let from = if serves.iter().any(|serves| serves == name) { &trial.corrected } else { &trial.base };
            Some((label, *from.get(name)?))
        });
        Some(LabelledSample::new(policy, class, Findings::default(), logits.collect()))
    });
    Ok(samples.collect())
}
