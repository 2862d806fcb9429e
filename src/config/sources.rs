//! Options from sources that know text only, the environment and flags, as documents for the reader of files.

use crate::files;
use crate::settings::Mistake;

/// Every option's name, and what it holds.
pub const OPTIONS: [(&str, Kind); 25] = [
    ("listen", Kind::Text),
    ("admin_key", Kind::Text),
    ("tls_cert", Kind::Text),
    ("tls_key", Kind::Text),
    ("tls_client_ca", Kind::Text),
    ("tls_clients", Kind::Text),
    ("tls_terminated_upstream", Kind::Switch),
    ("store", Kind::Text),
    ("data_dir", Kind::Text),
    ("store_timeout", Kind::Text),
    ("store_ca", Kind::Text),
    ("wait_replicas", Kind::Number),
    ("redis_connections", Kind::Number),
    ("redis_prefix", Kind::Text),
    ("keep_events", Kind::Number),
    ("model", Kind::Text),
    ("policy_dir", Kind::Text),
    ("max_in_flight", Kind::Number),
    ("max_connections", Kind::Number),
    ("key_quota", Kind::Number),
    ("otlp_endpoint", Kind::Text),
    ("log_format", Kind::Text),
    ("log_level", Kind::Text),
    ("request_timeout", Kind::Text),
    ("drain_timeout", Kind::Text),
];

/// What an option holds, for sources that know text only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Switch,
}

/// Options set in one place, by name.
pub type Given = Vec<(&'static str, String)>;

/// Picks our variables out of the environment. `GATEPOST_X_FILE` names a file that holds the value of `x`.
pub fn from_environment(environment: impl Fn(&str) -> Option<String>, mistakes: &mut Vec<Mistake>) -> Given {
    let mut given = Given::new();
    for (name, _) in OPTIONS {
        let variable = format!("GATEPOST_{}", name.to_uppercase());
        if let Some(value) = environment(&variable) {
            given.push((name, value));
        } else if let Some(path) = environment(&format!("{variable}_FILE")) {
            match files::read_text(path.as_ref(), files::MAX_VALUE) {
                Ok(value) => given.push((name, value.trim_end().to_owned())),
                Err(error) => {
                    let problem = format!("names {path}, which cannot be read: {error}");
                    mistakes.push(Mistake { file: format!("{variable}_FILE"), line: 0, message: problem });
                }
            }
        }
    }
    given
}

/// Writes options as a TOML file with one line each, so that one reader serves all sources. Returns what to call each line.
pub fn document(given: &[(&'static str, String)], call: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let mut text = String::new();
    for (name, value) in given {
        let kind = OPTIONS.iter().find(|(option, _)| option == name).map_or(Kind::Text, |(_, kind)| *kind);
        let value = match kind {
            Kind::Number if value.parse::<u64>().is_ok() => value.clone(),
            Kind::Switch if ["true", "false"].contains(&value.as_str()) => value.clone(),
            _ => basic_string(value),
        };
        text.push_str(&format!("{name} = {value}\n"));
    }
    (text, given.iter().map(|(name, _)| call(name)).collect())
}

/// A TOML basic string on one line, whatever is in it.
fn basic_string(value: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", value.chars().map(escape).collect::<String>())
}
