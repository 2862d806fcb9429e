//! `gatepost review`: a full-screen view of the moderation queue in which single keys decide comments.

mod act;
mod claims;
mod client;
mod connectivity;
mod event;
mod glyphs;
mod keys;
mod mode;
mod paging;
mod preferences;
mod query;
mod row;
mod screen;
mod state;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod test_screen;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::queue::Order;
use super::review_ids::NameArgs;
use client::ReviewClient;
use preferences::Preferences;
use query::Query;
use state::ScreenState;

pub const EXAMPLES: &str = "Examples:
  gatepost review --site blog.example
  gatepost review --site blog.example --filter 'label=spam score>0.9' --moderator mia
  gatepost review --order oldest --keys ~/my-keys.toml

Press ? on the screen to show the keys. Example of a settings file (default $XDG_CONFIG_HOME/gatepost/review.toml):
  theme = \"light\"                 # dark, light or plain; NO_COLOR means plain
  [keys]
  approve = \"a\"
  quit = \"ctrl-q\"";

/// Options of `review`.
#[derive(Debug, clap::Args)]
pub struct ReviewArgs {
    /// Terms that must all hold, as for `gatepost queue`
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TERMS")]
    filter: String,
    /// Order of the comments
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: Order,
    #[command(flatten)]
    name: NameArgs,
    /// Keys and theme (TOML) [default: $XDG_CONFIG_HOME/gatepost/review.toml]
    #[arg(long, env = "GATEPOST_REVIEW_KEYS", value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Shows the screen until the moderator quits.
///
/// # Errors
/// Returns an error if the preferences are invalid, there is no terminal, the server cannot be reached, or acts are not
/// confirmed.
pub async fn run(args: &ReviewArgs) -> Result<ExitCode, Failure> {
    let site = args.connect.site()?;
    let Preferences { keys, theme } = preferences::load(args.keys.as_deref())?;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::usage(
            "review needs a terminal; in scripts, use `gatepost queue`, `gatepost approve` and `gatepost reject`",
        ));
    }
    let moderator = args.name.moderator();
    let connection = args.connect.connect().await?;
    let query = Query::new(&args.filter, args.order.as_str());
    let state = ScreenState::new(site.clone(), moderator.clone(), query, keys, SystemTime::now());
    let (client, answers) = ReviewClient::new(connection, site, moderator);
    let final_state = screen::run(state, &theme, &client, answers).await?;
    final_state.into_result().map(|()| ExitCode::SUCCESS)
}
