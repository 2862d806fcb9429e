//! `gatepost health`: checks whether a server accepts requests, for containers and scripts.

use std::process::ExitCode;

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use super::connect::ConnectArgs;
use super::failure::Failure;
use super::terminal::TerminalOutput;

pub const EXAMPLES: &str = "Examples:
  gatepost health
  gatepost health --server https://gatepost.internal:50051 --ca ca.pem

No key is needed. Exit codes: 0 the server accepts requests, 1 it does not, 3 it cannot be reached.";

/// Options of `health`.
#[derive(Debug, clap::Args)]
pub struct HealthArgs {
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Queries the health of the server and prints it.
pub async fn run(args: &HealthArgs) -> Result<ExitCode, Failure> {
    let connection = args.connect.connect().await?;
    let answer = connection.health().check(HealthCheckRequest { service: String::new() }).await;
    let status = answer.map_err(|status| connection.failure(&status))?.into_inner().status();
    if status != ServingStatus::Serving {
        return Err(Failure::failed(format!("{} does not accept requests now; check its log", connection.server())));
    }
    let mut screen = TerminalOutput::new();
    screen.line("serving")?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
