//! Converts options from the environment and from flags, which are only text, to TOML, so that one reader serves all sources.

use crate::files;
use crate::settings::SettingsError;

/// The name and type of every option.
pub const OPTIONS: [(&str, OptionType); 25] = [
    ("listen", OptionType::Text),
    ("admin_key", OptionType::Text),
    ("tls_cert", OptionType::Text),
    ("tls_key", OptionType::Text),
    ("tls_client_ca", OptionType::Text),
    ("tls_clients", OptionType::Text),
    ("tls_terminated_upstream", OptionType::Switch),
    ("store", OptionType::Text),
    ("data_dir", OptionType::Text),
    ("store_timeout", OptionType::Text),
    ("store_ca", OptionType::Text),
    ("wait_replicas", OptionType::Number),
    ("redis_connections", OptionType::Number),
    ("redis_prefix", OptionType::Text),
    ("keep_events", OptionType::Number),
    ("model", OptionType::Text),
    ("policy_dir", OptionType::Text),
    ("max_in_flight", OptionType::Number),
    ("max_connections", OptionType::Number),
    ("key_quota", OptionType::Number),
    ("otlp_endpoint", OptionType::Text),
    ("log_format", OptionType::Text),
    ("log_level", OptionType::Text),
    ("request_timeout", OptionType::Text),
    ("drain_timeout", OptionType::Text),
];

/// The type of an option's value, for sources that are only text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionType {
    Text,
    Number,
    Switch,
}

/// The options that one source sets, as names and values.
pub type OptionValues = Vec<(&'static str, String)>;

/// Reads the options from the environment: `x` from the variable `GATEPOST_X`, or from the file that `GATEPOST_X_FILE` names.
pub fn read_environment(environment: impl Fn(&str) -> Option<String>, mistakes: &mut Vec<SettingsError>) -> OptionValues {
    let mut values = OptionValues::new();
    for (name, _) in OPTIONS {
        let variable = format!("GATEPOST_{}", name.to_uppercase());
        if let Some(value) = environment(&variable) {
            values.push((name, value));
        } else if let Some(path) = environment(&format!("{variable}_FILE")) {
            match files::read_text(path.as_ref(), files::MAX_VALUE) {
                Ok(value) => values.push((name, value.trim_end().to_owned())),
                Err(error) => {
                    let problem = format!("names {path}, which cannot be read: {error}");
                    mistakes.push(SettingsError { file: format!("{variable}_FILE"), line: 0, message: problem });
                }
            }
        }
    }
    values
}

/// Writes options as a TOML document with one line each. Returns the document, and the name for each line in messages as
/// `display_name` gives it.
pub fn to_toml(values: &[(&'static str, String)], display_name: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let mut text = String::new();
    for (name, value) in values {
        let kind = OPTIONS.iter().find(|(option, _)| option == name).map_or(OptionType::Text, |(_, kind)| *kind);
        let value = match kind {
            OptionType::Number if value.parse::<u64>().is_ok() => value.clone(),
            OptionType::Switch if ["true", "false"].contains(&value.as_str()) => value.clone(),
            _ => toml_string(value),
        };
        text.push_str(&format!("{name} = {value}\n"));
    }
    (text, values.iter().map(|(name, _)| display_name(name)).collect())
}

/// Returns a text as a TOML basic string on one line.
fn toml_string(value: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", value.chars().map(escape).collect::<String>())
}
