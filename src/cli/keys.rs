//! `gatepost keys`: manages the keys of a server's clients, and the secret with which a site's persons are hashed.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::json;
use super::output::{Format, FormatArgs, csv_line};
use super::terminal::{self, TerminalOutput, Tone};
use super::text;
use super::times;
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost keys create --role admin --for-site '*' --name ops          the first key; from then on every client needs a key
  gatepost keys create --role host --for-site blog.example --name blog
  gatepost keys create --role moderator --for-site blog.example --name mia --expires 90d
  gatepost keys list --format json
  gatepost keys revoke qx3k7abc
  gatepost keys rotate-secret --site blog.example

If the server requires keys, every command needs one with the role admin, given with --key or GATEPOST_KEY.";

/// Options of `keys`.
#[derive(Debug, clap::Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a key and print it; it cannot be printed again
    #[command(after_help = "Examples:\n  gatepost keys create --role host --for-site blog.example --name blog")]
    Create(CreateArgs),
    /// List keys, without their secrets
    #[command(after_help = "Examples:\n  gatepost keys list\n  gatepost keys list --site blog.example --format json")]
    List(ListArgs),
    /// Revoke keys, on every server within a second
    #[command(after_help = "Examples:\n  gatepost keys revoke qx3k7abc")]
    Revoke(RevokeArgs),
    /// Replace the secret with which a site's persons are hashed
    ///
    /// `export` and `forget` still find earlier data, but authors' histories and rate limits start from zero. Other servers of
    /// the same store use the new secret within a minute.
    #[command(after_help = "Examples:\n  gatepost keys rotate-secret --site blog.example")]
    RotateSecret(ConnectArgs),
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// Role of the key: host, moderator or admin
    #[arg(long, value_enum)]
    role: RoleArg,
    /// Site that the key is valid for, or * for all; may be given several times [default: the site of --site]
    #[arg(long = "for-site", value_name = "SITE")]
    for_sites: Vec<String>,
    /// Name of the owner, under which a moderator's decisions are recorded
    #[arg(long, default_value = "")]
    name: String,
    /// Time after which the key expires, e.g. 90d [default: never]
    #[arg(long, value_name = "TIME")]
    expires: Option<humantime::Duration>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Host,
    Moderator,
    Admin,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    /// Ids of keys, as `keys list` prints them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Runs a subcommand of `keys`.
pub async fn run(args: &KeysArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args).await,
        Command::Revoke(args) => revoke(args).await,
        Command::RotateSecret(connect) => rotate_secret(connect).await,
    }
}

async fn create(args: &CreateArgs) -> Result<ExitCode, Failure> {
    let sites = match args.for_sites.is_empty() {
        false => args.for_sites.clone(),
        true => vec![args.connect.site().map_err(|_| {
            Failure::usage("no site was given; name it with --for-site, e.g. --for-site blog.example, or '*' for all")
        })?],
    };
    let role = match args.role {
        RoleArg::Host => pb::Role::Host,
        RoleArg::Moderator => pb::Role::Moderator,
        RoleArg::Admin => pb::Role::Admin,
    };
    let expires_at = times::expiry(args.expires, "a key")?;
    let connection = args.connect.connect().await?;
    let request = pb::CreateKeyRequest { sites, role: role.into(), expires_at, name: args.name.clone() };
    let answer = connection.admin().create_key(request).await;
    let created = answer.map_err(|status| connection.failure(&status))?.into_inner();
    let mut screen = TerminalOutput::new();
    match args.format.format {
        Format::Json => screen.line(&json::write(&created, true)?)?,
        Format::Jsonl => screen.line(&json::write(&created, false)?)?,
        Format::Ids => screen.line(&created.key.map(|key| key.key_id).unwrap_or_default())?,
        // Only the secret, so that it can be redirected into a file without being shown.
        Format::Table | Format::Csv => screen.line(&created.secret)?,
    }
    screen.flush()?;
    terminal::log_line("this key cannot be shown again; store it now");
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site_if_any().unwrap_or_default().to_owned();
    let connection = args.connect.connect().await?;
    let answer = connection.admin().list_keys(pb::ListKeysRequest { site }).await;
    let keys = answer.map_err(|status| connection.failure(&status))?.into_inner();
    let mut screen = TerminalOutput::new();
    let cells = |key: &pb::Key| {
        let or_never = |at: &Option<prost_types::Timestamp>| match at {
            None => "never".to_owned(),
            at => times::format_timestamp(at.as_ref()),
        };
        [
            text::escape_line(&key.key_id, 40),
            text::escape_line(&key.name, 40),
            key.role().as_str_name().trim_start_matches("ROLE_").to_lowercase(),
            text::escape_line(&key.sites.join(" "), 80),
            times::format_timestamp(key.created_at.as_ref()),
            or_never(&key.expires_at),
            or_never(&key.last_used_at),
        ]
    };
    const TITLES: [&str; 7] = ["id", "name", "role", "sites", "made", "ends", "used"];
    match args.format.format {
        Format::Json => screen.line(&json::write(&keys, true)?)?,
        Format::Jsonl => keys.keys.iter().try_for_each(|key| screen.line(&json::write(key, false)?))?,
        Format::Ids => keys.keys.iter().try_for_each(|key| screen.line(&key.key_id))?,
        Format::Csv => {
            screen.write(&csv_line(TITLES)?)?;
            for key in &keys.keys {
                let cells = cells(key);
                screen.write(&csv_line(cells.each_ref().map(String::as_str))?)?;
            }
        }
        Format::Table => {
            let mut table = screen.new_table(&TITLES, &[]);
            for key in &keys.keys {
                table.add_row(screen.row(cells(key).into_iter().map(|cell| (Tone::Plain, cell)).collect()));
            }
            screen.table(&table)?;
        }
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: &RevokeArgs) -> Result<ExitCode, Failure> {
    let connection = args.connect.connect().await?;
    for id in &args.ids {
        let answer = connection.admin().revoke_key(pb::RevokeKeyRequest { key_id: id.clone() }).await;
        answer.map_err(|status| connection.failure(&status))?;
    }
    terminal::log_line(if args.ids.len() == 1 { "the key was revoked" } else { "the keys were revoked" });
    Ok(ExitCode::SUCCESS)
}

async fn rotate_secret(connect: &ConnectArgs) -> Result<ExitCode, Failure> {
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let answer = connection.admin().rotate_secret(pb::RotateSecretRequest { site }).await;
    answer.map_err(|status| connection.failure(&status))?;
    terminal::log_line("the site has a new secret");
    Ok(ExitCode::SUCCESS)
}
