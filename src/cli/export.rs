//! `gatepost export`: prints a person's stored comments, or copies the whole embedded store.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgGroup;
use indicatif::HumanBytes;

use super::author_args::{AuthorArgs, SELECTORS};
use super::connect::ConnectArgs;
use super::failure::Failure;
use super::output::{Format, Printer};
use super::terminal::TerminalOutput;
use super::text;
use crate::pb;
use crate::server;

pub const EXAMPLES: &str = "Examples:
  gatepost export --site blog.example --email ada@example.org > ada.jsonl
  gatepost export --user-id 4711 --format table
  gatepost export --snapshot /backup/monday.db --data-dir /var/lib/gatepost

Each line is a stored comment, with its verdict and all earlier decisions on it. E-mail and IP addresses are
stored only as keyed hashes, and are therefore not included.

--snapshot needs no server: it reads the data directory, even while a server uses it, and writes the whole
embedded store into one file. To restore it, put the file into an empty directory as gatepost.db and start a
server there with --data-dir. The file contains the sites' secrets, and persons who are erased later stay in it.";

/// Options of `export`.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true).args(SELECTORS).arg("snapshot"))]
pub struct ExportArgs {
    #[command(flatten)]
    person: AuthorArgs,
    /// Copy the embedded store into this file
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Data directory of the server, for --snapshot
    #[arg(long, env = "GATEPOST_DATA_DIR", default_value = "./gatepost-data", value_name = "DIR")]
    data_dir: PathBuf,
    /// Replace an existing file, with --snapshot
    #[arg(long, requires = "snapshot")]
    force: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "jsonl", value_name = "FORMAT", conflicts_with = "snapshot")]
    format: Format,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints a person's comments, or copies the store.
pub async fn run(args: &ExportArgs) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.snapshot {
        return copy(args, file);
    }
    let request = pb::ExportAuthorRequest { site: args.connect.site()?, author: Some(args.person.selector()) };
    let connection = args.connect.connect().await?;
    let failed = |status| connection.failure(&status);
    let mut comments = connection.moderation().export_author(request).await.map_err(failed)?.into_inner();
    let mut screen = TerminalOutput::new();
    let mut printer = Printer::new(args.format);
    while let Some(comment) = comments.message().await.map_err(failed)? {
        printer.print(&mut screen, &comment)?;
    }
    printer.finish(&mut screen)?;
    Ok(ExitCode::SUCCESS)
}

fn copy(args: &ExportArgs, file: &Path) -> Result<ExitCode, Failure> {
    let copied = server::snapshot(&args.data_dir, file, args.force).map_err(|error| Failure::failed(error.to_string()))?;
    let mut screen = TerminalOutput::new();
    screen.line(&format!(
        "{}: {} comments, {} of them held; {}",
        text::escape_line(&file.display().to_string(), 1_024),
        copied.comments,
        copied.held,
        HumanBytes(copied.bytes)
    ))?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
