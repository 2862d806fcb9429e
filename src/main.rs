//! The program: reads the command line and runs one command.

use std::process::ExitCode;

use clap::Parser;
use gatepost::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
