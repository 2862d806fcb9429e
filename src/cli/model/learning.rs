//! `gatepost model info --site`, `freeze`, `thaw`, `rollback`, `reset`: show and control what a site learns.

use std::process::ExitCode;

use crate::cli::connect::ConnectArgs;
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::output::{Format, FormatArgs};
use crate::cli::terminal::{self, TerminalOutput};
use crate::cli::text;
use crate::pb;

/// Options of `model freeze`, `thaw` and `reset`.
#[derive(Debug, clap::Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `model rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The number of the last outcome to keep; `model info --site` shows the newest number
    #[arg(long, value_name = "NUMBER")]
    to: u64,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints what a site has learned.
pub async fn info(connect: &ConnectArgs, format: FormatArgs) -> Result<ExitCode, Failure> {
    if matches!(format.format, Format::Ids | Format::Csv) {
        return Err(Failure::usage("a model has no ids and no rows; use --format table, json or jsonl"));
    }
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let answer = connection.admin().get_model_info(pb::GetModelInfoRequest { site: site.clone() }).await;
    let info = answer.map_err(|status| connection.failure(&status))?.into_inner();
    let mut screen = TerminalOutput::new();
    match format.format {
        Format::Json => screen.line(&json::write(&info, true)?)?,
        Format::Jsonl => screen.line(&json::write(&info, false)?)?,
        Format::Table | Format::Csv | Format::Ids => {
            let learning = info.learning.unwrap_or_default();
            for line in [
                format!("base     {}", text::escape_line(&info.model_version, 80)),
                format!("labels   {}", text::escape_line(&info.labels.join(", "), 160)),
                format!("site     {}", text::escape_line(&site, 80)),
            ] {
                screen.line(&line)?;
            }
            print(&mut screen, &learning)?;
        }
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Freezes, resumes or resets a site's learning.
pub async fn change(args: &ChangeArgs, change: pb::LearningChange) -> Result<ExitCode, Failure> {
    update(&args.connect, change, 0).await
}

/// Rolls a site's learning back to an earlier outcome.
pub async fn rollback(args: &RollbackArgs) -> Result<ExitCode, Failure> {
    update(&args.connect, pb::LearningChange::Rollback, args.to).await
}

/// Sends a change of a site's learning and prints the new state.
async fn update(connect: &ConnectArgs, change: pb::LearningChange, to: u64) -> Result<ExitCode, Failure> {
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let request = pb::UpdateLearningRequest { site, change: change.into(), to };
    let answer = connection.admin().update_learning(request).await;
    let learning = answer.map_err(|status| connection.failure(&status))?.into_inner().learning.unwrap_or_default();
    let mut screen = TerminalOutput::new();
    print(&mut screen, &learning)?;
    screen.flush()?;
    terminal::log_line(match change {
        pb::LearningChange::Freeze => "learning is frozen; `gatepost model thaw` resumes it",
        pb::LearningChange::Thaw => "learning is resumed, with all outcomes in the log",
        pb::LearningChange::Rollback => "learning is rolled back and frozen; `gatepost model thaw` resumes it",
        pb::LearningChange::Reset => "learning starts from nothing; `gatepost model thaw` restores what was learned before",
        pb::LearningChange::Unspecified => "nothing was changed",
    });
    Ok(ExitCode::SUCCESS)
}

/// Prints what a site has learned.
fn print(screen: &mut TerminalOutput, learning: &pb::SiteLearning) -> Result<(), Failure> {
    screen.line(&format!("learned  {}", text::escape_line(&learning.summary, 400)))?;
    let counts = |counts: &std::collections::BTreeMap<String, u32>| {
        let named: Vec<String> =
            counts.iter().filter(|(_, count)| **count > 0).map(|(name, count)| format!("{count} {name}")).collect();
        if named.is_empty() { "none".to_owned() } else { text::escape_line(&named.join(", "), 200) }
    };
    screen.line(&format!("sources  {}", counts(&learning.by_source)))?;
    if learning.contested > 0 {
        screen.line(&format!("         moderators disagreed on {} of them, which count half", learning.contested))?;
    }
    for label in &learning.labels {
        screen.line(&format!("{:8} {}", text::escape_line(&label.label, 20), text::escape_line(&label.why, 300)))?;
    }
    let to = learning.to.map_or("continues".to_owned(), |to| format!("ends with outcome {to}"));
    screen.line(&format!(
        "log      newest outcome {}; learning starts after outcome {} and {to}",
        learning.newest, learning.from
    ))?;
    if !learning.digest.is_empty() {
        screen.line(&format!("digest   {}", text::escape_line(&learning.digest, 64)))?;
    }
    Ok(())
}
