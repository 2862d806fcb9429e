//! `gatepost completions` and `gatepost man`: generated from the same definitions as `--help`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use super::failure::Failure;
use super::terminal::{self, TerminalOutput};

pub const COMPLETIONS_EXAMPLES: &str = "Examples:
  gatepost completions bash > /etc/bash_completion.d/gatepost
  gatepost completions zsh > \"${fpath[1]}/_gatepost\"
  gatepost completions fish > ~/.config/fish/completions/gatepost.fish";

pub const MAN_EXAMPLES: &str = "Examples:
  gatepost man | man -l -
  gatepost man --dir /usr/local/share/man/man1";

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_enum)]
    shell: Shell,
}

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write the pages of all commands into this directory instead of printing the first page
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints a shell completion script.
pub fn completions(args: &CompletionsArgs, mut program: Command) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "gatepost", &mut script);
    let mut screen = TerminalOutput::new();
    screen.write(&script)?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the first manual page, or writes the pages of all commands.
pub fn man(args: &ManArgs, program: Command) -> Result<ExitCode, Failure> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(program).render(&mut page);
        rendered.map_err(|error| Failure::failed(format!("cannot generate the page: {error}")))?;
        let mut screen = TerminalOutput::new();
        screen.write(&page)?;
        screen.flush()?;
        return Ok(ExitCode::SUCCESS);
    };
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot write into {}: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(cannot)?;
    clap_mangen::generate_to(program, dir).map_err(cannot)?;
    terminal::log_line(&format!("the pages are in {}", dir.display()));
    Ok(ExitCode::SUCCESS)
}
