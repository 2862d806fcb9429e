//! `gatepost export`: everything kept of a person.

use std::process::ExitCode;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::output::{Format, Printer, Record};
use super::person::PersonArgs;
use super::term::{Screen, Tone};
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost export --site blog.example --email ada@example.org > ada.jsonl
  gatepost export --user-id 4711 --format table

Each line is a comment as it is kept, with its verdict and all that was decided on it before. E-mail and
IP address are kept only as keyed hashes, and so are not in it.";

/// Options of `export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "jsonl", value_name = "FORMAT")]
    format: Format,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints comment after comment.
pub async fn run(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let request = pb::ExportAuthorRequest { site: args.connect.site()?, author: Some(args.person.selector()) };
    let connection = args.connect.connect().await?;
    let failed = |status| connection.failure(&status);
    let mut comments = connection.moderation().export_author(request).await.map_err(failed)?.into_inner();
    let mut screen = Screen::new();
    let mut printer = Printer::new(args.format);
    while let Some(comment) = comments.message().await.map_err(failed)? {
        printer.print(&mut screen, &comment)?;
    }
    printer.finish(&mut screen)?;
    Ok(ExitCode::SUCCESS)
}

/// As table and CSV it is the line that `queue` has for it.
impl Record for pb::ExportAuthorResponse {
    const HEADINGS: &'static [&'static str] = pb::ModeratedComment::HEADINGS;
    const NUMBERS: &'static [&'static str] = pb::ModeratedComment::NUMBERS;
    const FIELDS: &'static [&'static str] = pb::ModeratedComment::FIELDS;

    fn id(&self) -> &str {
        self.comment.as_ref().map_or("", |comment| &comment.comment_id)
    }

    fn cells(&self) -> Vec<(Tone, String)> {
        moderated(self).cells()
    }

    fn fields(&self) -> Vec<String> {
        moderated(self).fields()
    }
}

fn moderated(exported: &pb::ExportAuthorResponse) -> pb::ModeratedComment {
    pb::ModeratedComment {
        comment: exported.comment.clone(),
        verdict: exported.verdict.clone(),
        received_at: exported.received_at,
    }
}
