//! `gatepost import`: brings in the comments of another system, or a saved queue, and goes on where it left off.

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

Exports of WordPress (WXR), Disqus, Blogger (also feed.atom of Google Takeout), Commento and Comentario, backups of
Remark42, and databases of Isso are read, each known by its beginning, gzipped or not (a database is not).
What the archive says of a comment stands: approved, held or spam, decided by `import`. Deleted comments are left out.
Where it says several things, the strictest counts; what is not understood is held, and the summary says so.
Pingbacks and trackbacks come in as such. Limits have no say. A line of JSON is what `check --file` reads, or what `queue --format jsonl`
writes; `status` or `decided` says approved, held, spam, rejected or deleted, and without it Gatepost judges.
What is left out, and bytes that are not UTF-8, are counted in the summary. An archive without any comment is an error.
How far it came stands in FILE.progress until all is done: the same command again goes on there. Repeating is safe: a
comment that is here already with the same body keeps its verdict.";

/// Options of `import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Exports of WordPress, Disqus, Blogger, Isso, Remark42, Commento or Comentario, or JSONL; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How the files are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    input_format: InputFormat,
    /// Let Gatepost judge, whatever was decided on a comment
    #[arg(long)]
    judge: bool,
    /// Only what is held, back into the queue; of lines that do not say, all
    #[arg(long, conflicts_with = "judge")]
    held: bool,
    /// Let the server record nothing, count nothing and queue nothing
    #[arg(long)]
    dry_run: bool,
    /// Where to keep how far it came [default: FILE.progress]
    #[arg(long, value_name = "PATH", conflicts_with = "no_state")]
    state: Option<PathBuf>,
    /// Begin at the beginning, and keep nothing
    #[arg(long)]
    no_state: bool,
    /// How often to try again in a row when the server goes away
    #[arg(long, default_value_t = 8, value_name = "N")]
    retries: u32,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Imports one file after another, until all are in or Ctrl-C.
pub async fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    if args.state.is_some() && (args.files.len() > 1 || args.files.iter().any(|file| is_stdin(file))) {
        return Err(Failure::usage(
            "--state is for one file; leave it out, and each file has its own, but standard input none",
        ));
    }
    let connection = args.connect.connect().await?;
    let begun = Instant::now();
    let mut report = ImportReport::new(args.format.format);
    for file in &args.files {
        if let Err(failure) = import_file(args, file, &site, &connection, &mut report).await {
            return Err(report.with_progress(failure));
        }
    }
    let taking = ImportSelection::new(args.judge, args.held);
    let learned = if taking == ImportSelection::Decisions && !args.dry_run {
        learned_lines(&connection, &site).await
    } else {
        Vec::new()
    };
    report.finish(connection.server(), begun.elapsed(), &learned)
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Imports one file. How far it came is written in any case.
async fn import_file(
    args: &ImportArgs,
    file: &Path,
    site: &str,
    connection: &Connection,
    report: &mut ImportReport,
) -> Result<(), Failure> {
    let taking = ImportSelection::new(args.judge, args.held);
    let content = lines::open_content(file, |source, length| report.follow(source, length))?;
    let archive = Archive::new(content, args.input_format, file, site)?;
    let nothing_found = archive.nothing_found();
    let mut progress = open_progress(args, file, (connection.server(), site, taking.as_str()), report)?;
    let sending = ImportStream::new(file, archive, connection, (taking, args.dry_run, args.retries), report, &mut progress);
    let sent = tokio::select! {
        sent = sending.run() => sent,
        stopped = ctrl_c() => Err(stopped.err().unwrap_or_else(|| Failure::failed("stopped").with_advice("run it again to go on"))),
    };
    report.flush()?;
    match sent {
        Ok(true) => progress.finish(),
        Ok(false) => {
            progress.finish()?;
            let skipped = report.skipped().map(|skipped| format!("; left out were {skipped}")).unwrap_or_default();
            Err(Failure::failed(format!("{}: {nothing_found}{skipped}", file.display())))
        }
        Err(failure) => {
            progress.write()?;
            Err(failure)
        }
    }
}

/// Where to go on.
fn open_progress(
    args: &ImportArgs,
    file: &Path,
    (server, site, taking): (&str, &str, &str),
    report: &mut ImportReport,
) -> Result<Progress, Failure> {
    // What leaves no trace on the server leaves none here.
    if args.no_state || args.dry_run || is_stdin(file) {
        return Ok(Progress::in_memory());
    }
    let state = args.state.clone().unwrap_or_else(|| {
        let mut name = file.as_os_str().to_owned();
        name.push(".progress");
        PathBuf::from(name)
    });
    let (progress, known) = Progress::open(&state, ImportIdentity::of_file(file, server, site, taking)?)?;
    if !known {
        report.log(&format!("{} is of another import, or {} has changed: from the beginning", state.display(), file.display()));
    } else if progress.done() > 0 {
        report.log(&format!("{}: going on after {} that are done", file.display(), progress.done()));
        report.add_earlier(progress.done());
    }
    Ok(progress)
}
