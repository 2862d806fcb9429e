//! `gatepost keys`: what guards a site.

use std::process::ExitCode;

use clap::Subcommand;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::term;
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost keys rotate-secret --site blog.example";

/// What to do with keys.
#[derive(Debug, clap::Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Hash a site's persons with another secret from now on
    ///
    /// They are still found by `export` and `forget`, but authors' histories and limits begin anew. Other servers of the
    /// same store follow within a minute.
    RotateSecret(ConnectArgs),
}

/// Does it.
pub async fn run(args: &KeysArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::RotateSecret(connect) => rotate_secret(connect).await,
    }
}

async fn rotate_secret(connect: &ConnectArgs) -> Result<ExitCode, Failure> {
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let answer = connection.admin().rotate_secret(pb::RotateSecretRequest { site }).await;
    answer.map_err(|status| connection.failure(&status))?;
    term::tell("the site has another secret");
    Ok(ExitCode::SUCCESS)
}
