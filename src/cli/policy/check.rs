//! `gatepost policy check`: reports every mistake in policy files with its line, or describes what each policy does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::failure::{FAILED, Failure};
use crate::cli::terminal::{TerminalOutput, Tone};
use crate::cli::text;
use crate::files;
use crate::policy::Policies;
use crate::settings::SettingsErrors;

pub const EXAMPLES: &str = "Examples:
  gatepost policy check /etc/gatepost/policies      all *.toml in the folder, as the server reads them
  gatepost policy check blog.toml && systemctl reload gatepost

The exit code is 0 if the server would accept the files, and 1 if not; each mistake is then printed on a line.";

/// Options of `policy check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Policy files, or folders of them (*.toml)
    #[arg(value_name = "DIR|FILE", required = true)]
    paths: Vec<PathBuf>,
}

/// Reads the files together, as the server does, and prints the mistakes or the policies.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let mut files: Vec<(String, String)> = Vec::new();
    for path in &args.paths {
        let read = read(path).map_err(|(path, error)| read_failure(&path, &error))?;
        if read.is_empty() {
            return Err(Failure::failed(format!("there are no *.toml files in {}", path.display())));
        }
        files.extend(read.into_iter().map(|(path, text)| (path.display().to_string(), text)));
    }
    let mut screen = TerminalOutput::new();
    match Policies::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str()))) {
        Ok(policies) => {
            for (index, (sites, policy)) in policies.by_sites().into_iter().enumerate() {
                let sites: Vec<String> = sites.iter().map(|site| text::escape_line(site.as_str(), 256)).collect();
                let whose = if sites.is_empty() { "every other site".to_owned() } else { sites.join(", ") };
                let heading = screen.paint(Tone::Strong, &text::escape_line(policy.version(), 256));
                screen.line(&format!("{}{heading}  for {whose}", if index > 0 { "\n" } else { "" }))?;
                for line in policy.describe() {
                    screen.line(&format!("  {line}"))?;
                }
            }
            screen.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(SettingsErrors(mistakes)) => {
            for mistake in &mistakes {
                screen.line(&text::escape_line(&mistake.to_string(), 1_000))?;
            }
            screen.line(&format!(
                "{} {}: the server would not start with these files",
                mistakes.len(),
                if mistakes.len() == 1 { "mistake" } else { "mistakes" }
            ))?;
            screen.flush()?;
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// Reads a file, or the files that the server would read in a folder. Returns paths and texts.
fn read(path: &Path) -> Result<Vec<(PathBuf, String)>, (PathBuf, std::io::Error)> {
    if path.is_dir() {
        return files::read_toml_folder(path);
    }
    let named = |text| vec![(path.to_owned(), text)];
    files::read_text(path, files::MAX_TEXT).map(named).map_err(|error| (path.to_owned(), error))
}

fn read_failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot read {}: {error}", path.display()))
}
