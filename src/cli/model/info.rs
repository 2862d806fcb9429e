//! `gatepost model info`: prints the properties of a model file.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::problem::FileError;
use crate::classify::Model;
use crate::cli::connect::ConnectArgs;
use crate::cli::output::FormatArgs;
use crate::files;

/// Options of `model info`.
#[derive(Debug, clap::Args)]
pub struct InfoArgs {
    /// A model file; the built-in model if left out
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// With --site: the output format
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl InfoArgs {
    /// Returns the connection to a server and the output format, if the command is about a site and not about a file.
    pub fn of_site(&self) -> Option<(&ConnectArgs, FormatArgs)> {
        (self.model.is_none() && self.connect.site_if_any().is_some()).then_some((&self.connect, self.format))
    }
}

/// Reads the model and returns the text to print.
pub fn run(args: &InfoArgs) -> Result<String, FileError> {
    let model = match &args.model {
        None => Model::builtin()?,
        Some(path) => {
            let bytes = files::read(path, Model::MAX_BYTES).map_err(|error| format!("{}: {error}", path.display()))?;
            Arc::new(Model::from_bytes(&bytes).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let mut output = String::new();
    write_info(&mut output, &model)?;
    Ok(output)
}

/// Writes the version, size and heads of a model.
fn write_info(out: &mut String, model: &Model) -> fmt::Result {
    writeln!(out, "version  {}", model.version())?;
    writeln!(out, "buckets  {} with weights", model.bucket_count())?;
    writeln!(out, "bytes    {}", model.to_bytes().len())?;
    writeln!(out)?;
    writeln!(
        out,
        "{:9} {:16} {:>8} {:>9} {:>8} {:>7} {:>7}",
        "language", "label", "weights", "largest", "bias", "slope", "offset"
    )?;
    for head in model.heads() {
        writeln!(
            out,
            "{:9} {:16} {:>8} {:>9.3} {:>8.3} {:>7.3} {:>7.3}",
            head.languages.join(","),
            head.label.as_str(),
            head.weight_count,
            head.max_weight,
            head.bias,
            head.slope,
            head.offset
        )?;
    }
    Ok(())
}
