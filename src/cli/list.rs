//! `gatepost list`: manages a site's block and allow lists, which add to those of its policy file.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::connect::ConnectArgs;
use super::failure::{self, Failure};
use super::output::{FormatArgs, Printer, Record};
use super::review_ids::NameArgs;
use super::terminal::{self, TerminalOutput, Tone};
use super::text;
use super::times;
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost list --site blog.example
  gatepost list block domain casino.example --expires 30d --note 'wave of 12 May'
  gatepost list block author --of c-17
  gatepost list block address 203.0.113.0/24
  gatepost list allow word 'ISIS'
  gatepost list remove block domain casino.example

An entry applies from the next comment on, on every server. A single e-mail or IP address is stored as a keyed
hash, and listed as # and that hash.";

/// Options of `list`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ListArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reject comments that match (or hold them, if the policy's blocked.decision says so)
    #[command(
        after_help = "Examples:\n  gatepost list block domain casino.example --expires 30d\n  gatepost list block author --of c-17"
    )]
    Block(PutArgs),
    /// Ignore what matches as evidence against a comment
    #[command(after_help = "Examples:\n  gatepost list allow address @our-staff.example\n  gatepost list allow word 'ISIS'")]
    Allow(PutArgs),
    /// Remove an entry
    #[command(after_help = "Examples:\n  gatepost list remove block domain casino.example")]
    Remove(RemoveArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TargetArg {
    /// Whole word or phrase of the text, in upper or lower case
    Word,
    /// Domain of links, with its subdomains
    Domain,
    /// E-mail address, mail domain (@b.example), IP address or range
    Address,
    /// Id of an author at the host
    Author,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindArg {
    Block,
    Allow,
}

#[derive(Debug, clap::Args)]
struct PutArgs {
    /// Kind of value
    #[arg(value_enum)]
    target: TargetArg,
    /// Word, domain, address or user id
    #[arg(required_unless_present = "of", conflicts_with = "of")]
    value: Option<String>,
    /// Use the author of this comment, by user id or else by e-mail address
    #[arg(long, value_name = "COMMENT_ID", allow_hyphen_values = true)]
    of: Option<String>,
    /// Time after which the entry expires, e.g. 30d [default: never]
    #[arg(long, value_name = "TIME")]
    expires: Option<humantime::Duration>,
    /// Note for other moderators
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// List that holds the entry: block or allow
    #[arg(value_enum)]
    kind: KindArg,
    /// Kind of value
    #[arg(value_enum)]
    target: TargetArg,
    /// Value, as it was given or as it is listed
    value: String,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Lists, adds or removes entries.
pub async fn run(args: &ListArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        None => list(args).await,
        Some(Command::Block(args)) => put(args, pb::ListKind::Block).await,
        Some(Command::Allow(args)) => put(args, pb::ListKind::Allow).await,
        Some(Command::Remove(args)) => remove(args).await,
    }
}

async fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let connection = args.connect.connect().await?;
    let answer = connection.admin().list_entries(pb::ListEntriesRequest { site }).await;
    let entries = answer.map_err(|status| connection.failure(&status))?.into_inner().entries;
    let (mut screen, mut printer) = (TerminalOutput::new(), Printer::new(args.format.format));
    for entry in &entries {
        printer.print(&mut screen, entry)?;
    }
    printer.finish(&mut screen)?;
    Ok(ExitCode::SUCCESS)
}

async fn put(args: &PutArgs, kind: pb::ListKind) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    if args.of.is_some() && !matches!(args.target, TargetArg::Author) {
        return Err(Failure::usage("--of names an author: `gatepost list block author --of COMMENT_ID`"));
    }
    let expires_at = times::expiry(args.expires, "an entry")?;
    let entry = pb::ListEntry {
        kind: kind.into(),
        target: args.target.to_wire().into(),
        value: args.value.clone().unwrap_or_default(),
        expires_at,
        note: args.note.clone(),
        ..Default::default()
    };
    let connection = args.connect.connect().await?;
    let (author_of, moderator) = (args.of.clone().unwrap_or_default(), args.name.moderator());
    let request = pb::PutListEntryRequest { site, entry: Some(entry), author_of, moderator };
    let answer = connection.admin().put_list_entry(request).await;
    let put = answer.map_err(|status| connection.failure(&status))?.into_inner().entry.unwrap_or_default();
    let (mut screen, mut printer) = (TerminalOutput::new(), Printer::new(args.format.format));
    printer.print(&mut screen, &put)?;
    printer.finish(&mut screen)?;
    Ok(ExitCode::SUCCESS)
}

async fn remove(args: &RemoveArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let kind = match args.kind {
        KindArg::Block => pb::ListKind::Block,
        KindArg::Allow => pb::ListKind::Allow,
    };
    let (value, target) = (args.value.clone(), args.target.to_wire().into());
    let entry = pb::ListEntry { kind: kind.into(), target, value, ..Default::default() };
    let connection = args.connect.connect().await?;
    let request = pb::DeleteListEntryRequest { site, entry: Some(entry), moderator: args.name.moderator() };
    let answer = connection.admin().delete_list_entry(request).await;
    let existed = answer.map_err(|status| connection.failure(&status))?.into_inner().existed;
    if !existed {
        terminal::log_line("there is no such entry; `gatepost list` prints all entries");
    }
    Ok(ExitCode::from(if existed { 0 } else { failure::FAILED }))
}

impl TargetArg {
    fn to_wire(self) -> pb::ListTarget {
        match self {
            Self::Word => pb::ListTarget::Word,
            Self::Domain => pb::ListTarget::Domain,
            Self::Address => pb::ListTarget::Address,
            Self::Author => pb::ListTarget::Author,
        }
    }
}

impl Record for pb::ListEntry {
    const HEADINGS: &'static [&'static str] = &["kind", "target", "value", "ends", "by", "since", "note"];
    const FIELDS: &'static [&'static str] = &["kind", "target", "value", "shown", "expires_at", "by", "created_at", "note"];

    fn id(&self) -> &str {
        &self.value
    }

    fn cells(&self) -> Vec<(Tone, String)> {
        let [kind, target, value, shown, end, by, since, note] = columns(self);
        let tone = if self.kind() == pb::ListKind::Block { Tone::Bad } else { Tone::Good };
        let value = if shown.is_empty() { value } else { format!("{value} ({shown})") };
        let ends = if self.expires_at.is_none() { "never".to_owned() } else { end };
        vec![
            (tone, kind),
            (Tone::Plain, target),
            (Tone::Plain, text::escape_line(&value, 256)),
            (Tone::Plain, ends),
            (Tone::Plain, text::escape_line(&by, 40)),
            (Tone::Faint, since),
            (Tone::Plain, text::escape_line(&note, 200)),
        ]
    }

    fn fields(&self) -> Vec<String> {
        columns(self).into()
    }
}

fn columns(entry: &pb::ListEntry) -> [String; 8] {
    let word = |name: &str, prefix| name.trim_start_matches(prefix).to_lowercase();
    let end = if entry.expires_at.is_none() { String::new() } else { times::format_timestamp(entry.expires_at.as_ref()) };
    [
        word(entry.kind().as_str_name(), "LIST_KIND_"),
        word(entry.target().as_str_name(), "LIST_TARGET_"),
        entry.value.clone(),
        entry.shown.clone(),
        end,
        entry.by.clone(),
        times::format_timestamp(entry.created_at.as_ref()),
        entry.note.clone(),
    ]
}
