//! Loads the model and the policies of all sites.

use std::path::Path;
use std::sync::Arc;

use crate::classify::Model;
use crate::error::BoxError;
use crate::files;
use crate::judge::Judge;
use crate::policy::Policies;

/// Returns a judge with the model and the policies at these paths. Without a path it uses the built-in model or policy.
///
/// # Errors
/// Returns an error if a file cannot be read or is invalid. It lists every mistake in the policies.
pub fn judge(model: Option<&Path>, policy_dir: Option<&Path>) -> Result<Judge, BoxError> {
    let model = match model {
        None => Model::builtin()?,
        Some(path) => {
            let bytes = files::read(path, Model::MAX_BYTES);
            let bytes = bytes.map_err(|error| format!("cannot read the model {}: {error}", path.display()))?;
            Arc::new(Model::from_bytes(&bytes).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let files = match policy_dir {
        None => Vec::new(),
        Some(folder) => files::read_toml_folder(folder)
            .map_err(|(path, error)| format!("cannot read the policies in {}: {error}", path.display()))?,
    };
    let files: Vec<(String, String)> = files.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    let policies = Policies::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))?;
    Ok(Judge::new(model, policies))
}
