//! Options from sources that know text only, the environment and flags, as documents for the reader of files.

use crate::files;
use crate::settings::SettingsError;

/// Every option's name, and what it holds.
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

/// What an option holds, for sources that know text only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionType {
    Text,
    Number,
    Switch,
}

/// Options set in one place, by name.
pub type OptionValues = Vec<(&'static str, String)>;

/// Picks our variables out of the environment. `GATEPOST_X_FILE` names a file that holds the value of `x`.
pub fn read_environment(environment: impl Fn(&str) -> Option<String>, mistakes: &mut Vec<SettingsError>) -> OptionValues {
    let mut given = OptionValues::new();
    for (name, _) in OPTIONS {
        let variable = format!("GATEPOST_{}", name.to_uppercase());
        if let Some(value) = environment(&variable) {
            given.push((name, value));
        } else if let Some(path) = environment(&format!("{variable}_FILE")) {
            match files::read_text(path.as_ref(), files::MAX_VALUE) {
                Ok(value) => given.push((name, value.trim_end().to_owned())),
                Err(error) => {
                    let problem = format!("names {path}, which cannot be read: {error}");
                    mistakes.push(SettingsError { file: format!("{variable}_FILE"), line: 0, message: problem });
                }
            }
        }
    }
    given
}

/// Writes options as a TOML file with one line each, so that one reader serves all sources. Returns what to call each line.
pub fn to_toml(given: &[(&'static str, String)], call: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let mut text = String::new();
    for (name, value) in given {
        let kind = OPTIONS.iter().find(|(option, _)| option == name).map_or(OptionType::Text, |(_, kind)| *kind);
        let value = match kind {
            OptionType::Number if value.parse::<u64>().is_ok() => value.clone(),
            OptionType::Switch if ["true", "false"].contains(&value.as_str()) => value.clone(),
            _ => toml_string(value),
        };
        text.push_str(&format!("{name} = {value}\n"));
    }
    (text, given.iter().map(|(name, _)| call(name)).collect())
}

/// A TOML basic string on one line, whatever is in it.
fn toml_string(value: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", value.chars().map(escape).collect::<String>())
}
