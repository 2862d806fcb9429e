//! The options of `gatepost bench`.

use std::path::PathBuf;

use super::schedule::{Arrivals, Rate};
use crate::cli::connect::{CredentialArgs, DEFAULT_SERVER};
use crate::cli::failure::Failure;
use crate::cli::output::{Format, FormatArgs};

/// Options of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Calls a second, or `max`: as many as come back
    #[arg(long, default_value = "100", value_name = "RATE")]
    pub rate: Rate,
    /// How calls are spread over time
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub arrivals: Arrivals,
    /// With --rate max: how many callers, each waiting for its answer before it calls again [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub callers: Option<u16>,
    /// Connections that the calls are spread over; at least one to each server
    #[arg(long, default_value_t = 4, value_name = "C", value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,
    /// How long to measure
    #[arg(long, default_value = "30s", value_name = "TIME")]
    pub duration: humantime::Duration,
    /// How long to call before anything is counted
    #[arg(long, default_value = "2s", value_name = "TIME")]
    pub warmup: humantime::Duration,
    /// After how long an answer is of no use: sent as deadline, and counted as failed
    #[arg(long, default_value = "1s", value_name = "TIME")]
    pub timeout: humantime::Duration,
    /// Calls on their way at most; what is due beyond them counts as not sent
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_in_flight: u32,
    /// Send again what may pass, up to 4 times within the deadline, to the next server if there are several
    #[arg(long)]
    pub retry: bool,
    /// Let the server record nothing, count nothing and queue nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Threads of this program
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,
    /// Comments to send, one JSON object a line, gzipped or not [default: a small built-in set]
    #[arg(long, value_name = "FILE", help_heading = "Comments")]
    pub file: Option<PathBuf>,
    /// Leave the comments of the file their ids: from the second round on they are repeats
    #[arg(long, requires = "file", help_heading = "Comments")]
    pub keep_ids: bool,
    /// Make each comment of the file one of a new author, so that no author's limit applies
    #[arg(long, requires = "file", help_heading = "Comments")]
    pub fresh_authors: bool,
    /// Connections that stand there without calls
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Beside the load")]
    pub idle: u16,
    /// Connections that say nothing, or half of a greeting
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Beside the load")]
    pub half_open: u16,
    /// Connections that ask for long answers and hardly read them
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Beside the load")]
    pub slow_readers: u16,
    #[command(flatten)]
    pub format: FormatArgs,
    /// Where the server is, as URL or host:port; several take turns [default: http://127.0.0.1:50051]
    #[arg(long, env = "GATEPOST_SERVER", value_delimiter = ',', value_name = "URL", help_heading = "Server")]
    pub server: Vec<String>,
    #[command(flatten)]
    pub access: CredentialArgs,
    /// The blog of comments that name none [default: bench]
    #[arg(long, env = "GATEPOST_SITE", value_name = "SITE", help_heading = "Server")]
    pub site: Option<String>,
}

impl BenchArgs {
    /// Returns how many callers a closed loop has.
    pub fn callers(&self) -> usize {
        usize::from(self.callers.unwrap_or(64))
    }

    /// Returns the servers to call, at least one.
    pub fn servers(&self) -> Vec<&str> {
        let named = self.server.iter().map(|server| server.trim()).filter(|server| !server.is_empty());
        let named: Vec<&str> = named.collect();
        if named.is_empty() { vec![DEFAULT_SERVER] } else { named }
    }

    /// Returns the site of comments that name none, if one was given.
    pub fn site(&self) -> Option<&str> {
        self.site.as_deref().map(str::trim).filter(|site| !site.is_empty())
    }

    /// Checks what the options mean together.
    ///
    /// # Errors
    /// Returns a usage error if two options contradict each other or a value makes no sense.
    pub fn check(&self) -> Result<(), Failure> {
        if self.format.format == Format::Ids {
            return Err(no_ids());
        }
        if self.duration.is_zero() || self.timeout.is_zero() {
            return Err(Failure::usage("--duration and --timeout must be longer than nothing"));
        }
        if self.callers.is_some() && self.rate != Rate::Max {
            return Err(Failure::usage("--callers is for --rate max: at a fixed rate nobody waits for answers"));
        }
        Ok(())
    }
}

/// Returns the error for `--format ids`.
pub fn no_ids() -> Failure {
    Failure::usage("a bench has no ids to print; choose another --format")
}
