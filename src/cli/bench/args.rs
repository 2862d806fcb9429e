//! The options of `gatepost bench`.

use std::path::PathBuf;

use super::schedule::{Arrivals, Rate};
use crate::cli::connect::{CredentialArgs, DEFAULT_SERVER};
use crate::cli::failure::Failure;
use crate::cli::output::{Format, FormatArgs};

/// Options of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Calls per second, or `max` for as many as the callers complete
    #[arg(long, default_value = "100", value_name = "RATE")]
    pub rate: Rate,
    /// How calls are spread over time
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub arrivals: Arrivals,
    /// With --rate max: number of callers, each of which waits for its answer before it calls again [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub callers: Option<u16>,
    /// Connections that the calls are spread over; at least one to each server
    #[arg(long, default_value_t = 4, value_name = "C", value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,
    /// How long to measure
    #[arg(long, default_value = "30s", value_name = "TIME")]
    pub duration: humantime::Duration,
    /// How long to call before measuring
    #[arg(long, default_value = "2s", value_name = "TIME")]
    pub warmup: humantime::Duration,
    /// Timeout of a call, counted from when it is due and sent as its deadline
    #[arg(long, default_value = "1s", value_name = "TIME")]
    pub timeout: humantime::Duration,
    /// Maximum number of calls in flight; a call that is due beyond it counts as not sent
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_in_flight: u32,
    /// Retry calls that fail for a passing reason, with up to 4 attempts within the deadline; several servers take turns
    #[arg(long)]
    pub retry: bool,
    /// Ask the server to record, count and queue nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Worker threads of this program
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,
    /// Comments to send, one JSON object per line, optionally gzipped [default: a small built-in set]
    #[arg(long, value_name = "FILE", help_heading = "Comments")]
    pub file: Option<PathBuf>,
    /// Keep the ids of the comments in the file; from the second round on they are repeats
    #[arg(long, requires = "file", help_heading = "Comments")]
    pub keep_ids: bool,
    /// Give each comment of the file a new author and address, so that no limit on authors or addresses applies
    #[arg(long, requires = "file", help_heading = "Comments")]
    pub fresh_authors: bool,
    /// Connections that send no requests
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Connections beside the load")]
    pub idle: u16,
    /// Connections that send nothing, or half of the HTTP/2 preface
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Connections beside the load")]
    pub half_open: u16,
    /// Connections that request long answers and read little or nothing of them
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Connections beside the load")]
    pub slow_readers: u16,
    #[command(flatten)]
    pub format: FormatArgs,
    /// Server, as URL or host:port; several take turns [default: http://127.0.0.1:50051]
    #[arg(long, env = "GATEPOST_SERVER", value_delimiter = ',', value_name = "URL", help_heading = "Server")]
    pub server: Vec<String>,
    #[command(flatten)]
    pub access: CredentialArgs,
    /// Site of comments that name none [default: bench]
    #[arg(long, env = "GATEPOST_SITE", value_name = "SITE", help_heading = "Server")]
    pub site: Option<String>,
}

impl BenchArgs {
    /// Returns the number of callers of a closed loop.
    pub fn callers(&self) -> usize {
        usize::from(self.callers.unwrap_or(64))
    }

    /// Returns the servers to call, at least one.
    pub fn servers(&self) -> Vec<&str> {
        let named = self.server.iter().map(|server| server.trim()).filter(|server| !server.is_empty());
        let named: Vec<&str> = named.collect();
        if named.is_empty() { vec![DEFAULT_SERVER] } else { named }
    }

    /// Returns the site for comments that name none, or `None` if the option was not given.
    pub fn site(&self) -> Option<&str> {
        self.site.as_deref().map(str::trim).filter(|site| !site.is_empty())
    }

    /// Checks that the options fit together.
    ///
    /// # Errors
    /// Returns a usage error if two options contradict each other or a value makes no sense.
    pub fn check(&self) -> Result<(), Failure> {
        if self.format.format == Format::Ids {
            return Err(no_ids());
        }
        if self.duration.is_zero() || self.timeout.is_zero() {
            return Err(Failure::usage("--duration and --timeout must be longer than 0s"));
        }
        if self.callers.is_some() && self.rate != Rate::Max {
            return Err(Failure::usage("--callers needs --rate max: at a fixed rate, calls do not wait for answers"));
        }
        Ok(())
    }
}

/// Returns the error for `--format ids`.
pub fn no_ids() -> Failure {
    Failure::usage("bench has no ids to print; choose another --format")
}
