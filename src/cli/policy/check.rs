//! `gatepost policy check`: every mistake in policy files with its line, or what each policy means.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::failure::{FAILED, Failure};
use crate::cli::term::{Screen, Tone};
use crate::cli::text;
use crate::policy::Policies;
use crate::settings::Mistakes;

pub const EXAMPLES: &str = "Examples:
  gatepost policy check /etc/gatepost/policies      all *.toml in the folder, as the server reads them
  gatepost policy check blog.toml && systemctl reload gatepost

The exit code is 0 when the server would take the files, and 1 when it would not; then every mistake has a line.";

/// Options of `policy check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Policy files, or folders of them (*.toml)
    #[arg(value_name = "DIR|FILE", required = true)]
    paths: Vec<PathBuf>,
}

/// Reads the files together, as the server would.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let mut files = Vec::new();
    for path in &args.paths {
        for file in toml_files(path)? {
            let text = std::fs::read_to_string(&file).map_err(|error| cannot(&file, &error))?;
            files.push((file.display().to_string(), text));
        }
    }
    let mut screen = Screen::new();
    match Policies::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str()))) {
        Ok(policies) => {
            for (index, (sites, policy)) in policies.all().into_iter().enumerate() {
                let sites: Vec<String> = sites.iter().map(|site| text::line(site.as_str(), 256)).collect();
                let whose = if sites.is_empty() { "every other site".to_owned() } else { sites.join(", ") };
                let heading = screen.paint(Tone::Strong, &text::line(policy.version(), 256));
                screen.line(&format!("{}{heading}  for {whose}", if index > 0 { "\n" } else { "" }))?;
                for line in policy.describe() {
                    screen.line(&format!("  {line}"))?;
                }
            }
            screen.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(Mistakes(mistakes)) => {
            for mistake in &mistakes {
                screen.line(&text::line(&mistake.to_string(), 1_000))?;
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

/// A file itself, or what a server would read of a folder.
fn toml_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| cannot(path, &error))? {
        let file = entry.map_err(|error| cannot(path, &error))?.path();
        if file.extension().is_some_and(|ending| ending == "toml") {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Failure::failed(format!("there are no *.toml files in {}", path.display())));
    }
    Ok(found)
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot read {}: {error}", path.display()))
}
