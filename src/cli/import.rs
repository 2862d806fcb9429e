//! `gatepost import`: imports the comments of another system or a saved queue, and resumes after an interruption.

mod archive;
mod blogger;
mod claims;
mod commento;
mod disqus;
mod entry;
mod field;
mod format;
mod isso;
mod jsonl;
mod learned;
mod merged;
mod posts;
mod progress;
mod remark42;
mod repair;
mod report;
mod selection;
mod send;
mod status;
mod vocabulary;
mod wxr;
mod xml;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use archive::Archive;
pub use archive::read_archive;
use format::InputFormat;
use learned::learned_lines;
use progress::{ImportIdentity, Progress};
use report::ImportReport;
use selection::ImportSelection;
use send::ImportStream;

use super::connect::{ConnectArgs, Connection};
use super::failure::Failure;
use super::lines;
use super::output::FormatArgs;
use super::runtime::ctrl_c;

pub const EXAMPLES: &str = "Examples:
  gatepost import --site blog.example wordpress.xml
  gatepost import --site blog.example disqus.xml.gz --judge --dry-run --format jsonl > verdicts.jsonl
  gatepost import --site blog.example /var/lib/isso/comments.db
  gatepost queue --site blog.example --format jsonl > queue.jsonl
  gatepost import --site blog.example --held queue.jsonl

The formats are exports of WordPress (WXR), Disqus, Blogger (also feed.atom of Google Takeout), Commento and Comentario,
backups of Remark42, and databases of Isso. The format is detected from the beginning of a file. All but databases may be
gzipped.
The decision in the archive is kept: approved, held or spam, decided by `import`. Deleted comments are left out. If the
archive contradicts itself, the strictest statement counts. An unknown status holds the comment, and the summary lists it.
Pingbacks and trackbacks are imported as such. Rate limits do not apply. A line of JSON is what `check --file` reads, or
what `queue --format jsonl` writes; `status` or `decided` is approved, held, spam, rejected or deleted, and without it
Gatepost judges the comment.
The summary counts what was left out, and comments with bytes that are not UTF-8. An archive without any comment is an
error. The progress is stored in FILE.progress until the import is done; the same command resumes from there. A repeated
import is safe: a comment that exists already with the same body keeps its verdict.";

/// Options of `import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Exports of WordPress, Disqus, Blogger, Isso, Remark42, Commento or Comentario, or JSONL; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Format of the files
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    input_format: InputFormat,
    /// Let Gatepost judge every comment, whatever was decided on it
    #[arg(long)]
    judge: bool,
    /// Import only held comments, into the queue; comments without a status count as held
    #[arg(long, conflicts_with = "judge")]
    held: bool,
    /// Do not record, count or queue anything on the server
    #[arg(long)]
    dry_run: bool,
    /// File that stores the progress [default: FILE.progress]
    #[arg(long, value_name = "PATH", conflicts_with = "no_state")]
    state: Option<PathBuf>,
    /// Start from the beginning, and store no progress
    #[arg(long)]
    no_state: bool,
    /// Maximum number of retries in a row when the server is unavailable
    #[arg(long, default_value_t = 8, value_name = "N")]
    retries: u32,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Imports one file after another, until all are done or Ctrl-C is pressed.
pub async fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    if args.state.is_some() && (args.files.len() > 1 || args.files.iter().any(|file| is_stdin(file))) {
        return Err(Failure::usage(
            "--state is for a single file, and not for standard input; without it, each file has its own FILE.progress",
        ));
    }
    let connection = args.connect.connect().await?;
    let started = Instant::now();
    let mut report = ImportReport::new(args.format.format);
    for file in &args.files {
        if let Err(failure) = import_file(args, file, &site, &connection, &mut report).await {
            return Err(report.with_progress(failure));
        }
    }
    let selection = ImportSelection::new(args.judge, args.held);
    let learned = if selection == ImportSelection::Decisions && !args.dry_run {
        learned_lines(&connection, &site).await
    } else {
        Vec::new()
    };
    report.finish(connection.server(), started.elapsed(), &learned)
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Imports one file. The progress is written even if the import fails.
async fn import_file(
    args: &ImportArgs,
    file: &Path,
    site: &str,
    connection: &Connection,
    report: &mut ImportReport,
) -> Result<(), Failure> {
    let selection = ImportSelection::new(args.judge, args.held);
    let content = lines::open_content(file, |source, length| report.follow(source, length))?;
    let archive = Archive::new(content, args.input_format, file, site)?;
    let nothing_found = archive.nothing_found();
    let mut progress = open_progress(args, file, (connection.server(), site, selection.as_str()), report)?;
    let sending = ImportStream::new(file, archive, connection, (selection, args.dry_run, args.retries), report, &mut progress);
    let sent = tokio::select! {
        sent = sending.run() => sent,
        stopped = ctrl_c() => Err(stopped.err().unwrap_or_else(|| Failure::failed("stopped").with_advice("run it again to go on"))),
    };
    report.flush()?;
    match sent {
        Ok(true) => progress.finish(),
        Ok(false) => {
            progress.finish()?;
            let skipped = report.skipped().map(|skipped| format!("; left out: {skipped}")).unwrap_or_default();
            Err(Failure::failed(format!("{}: {nothing_found}{skipped}", file.display())))
        }
        Err(failure) => {
            progress.write()?;
            Err(failure)
        }
    }
}

/// Opens the progress of an import, which says where to resume.
fn open_progress(
    args: &ImportArgs,
    file: &Path,
    (server, site, selection): (&str, &str, &str),
    report: &mut ImportReport,
) -> Result<Progress, Failure> {
    // A dry run leaves no trace here either, and standard input cannot be resumed.
    if args.no_state || args.dry_run || is_stdin(file) {
        return Ok(Progress::in_memory());
    }
    let state = args.state.clone().unwrap_or_else(|| {
        let mut name = file.as_os_str().to_owned();
        name.push(".progress");
        PathBuf::from(name)
    });
    let (progress, known) = Progress::open(&state, ImportIdentity::of_file(file, server, site, selection)?)?;
    if !known {
        report.log(&format!(
            "{} belongs to another import, or {} has changed; starting from the beginning",
            state.display(),
            file.display()
        ));
    } else if progress.done() > 0 {
        report.log(&format!("{}: resuming after {} comments", file.display(), progress.done()));
        report.add_earlier(progress.done());
    }
    Ok(progress)
}
