//! Where options come from: the shipped file, a file, the environment, flags. All mistakes at once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::retention::{Retention, Retentions};
use crate::settings::{self, Mistake, Mistakes, Section};
use crate::store::StoreSettings;
use crate::telemetry::LogFormat;

/// The shipped file: every option with its default, unit and meaning.
pub const DEFAULTS: &str = include_str!("../deploy/gatepost.toml");

/// Every option's name, and whether it is a number.
const OPTIONS: [(&str, bool); 15] = [
    ("listen", false),
    ("store", false),
    ("data_dir", false),
    ("store_timeout", false),
    ("store_ca", false),
    ("wait_replicas", true),
    ("redis_prefix", false),
    ("redis_connections", true),
    ("keep_events", true),
    ("model", false),
    ("policy_dir", false),
    ("log_format", false),
    ("log_level", false),
    ("request_timeout", false),
    ("drain_timeout", false),
];

/// What `serve` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to keep state.
    pub store: StoreSettings,
    /// A model file. `None`: the compiled-in one.
    pub model: Option<PathBuf>,
    /// A folder of policies. `None`: the compiled-in one.
    pub policy_dir: Option<PathBuf>,
    /// How to log.
    pub log_format: LogFormat,
    /// What to log.
    pub log_level: String,
    /// Longest time for one answer.
    pub request_timeout: Duration,
    /// Longest time to finish calls in flight.
    pub drain_timeout: Duration,
}

/// Options set in one place, by name.
pub type Given = Vec<(&'static str, String)>;

impl Config {
    /// Joins all sources. `file` is a name and its text; `environment` looks a variable up; `flags` are option names
    /// and values.
    ///
    /// # Errors
    /// Every mistake in every source.
    pub fn load(
        file: Option<(&str, &str)>,
        environment: impl Fn(&str) -> Option<String>,
        flags: &Given,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut config = settings::read("deploy/gatepost.toml", DEFAULTS, |top| Self::empty().overlaid(top))?;
        let from_environment = from_environment(environment, &mut mistakes);
        let (variables, variable_names) = document(&from_environment, |name| format!("GATEPOST_{}", name.to_uppercase()));
        let (flags, flag_names) = document(flags, |name| format!("--{}", name.replace('_', "-")));
        let sources = [file.unwrap_or(("", "")), ("environment", &variables), ("flags", &flags)];
        for ((source, text), names) in sources.into_iter().zip([&[][..], &variable_names, &flag_names]) {
            match settings::read(source, text, |top| config.clone().overlaid(top)) {
                Ok(overlaid) => config = overlaid,
                // A flag or variable has a name to go by, and no line.
                Err(Mistakes(more)) => {
                    mistakes.extend(more.into_iter().map(|mistake| match names.get(mistake.line.wrapping_sub(1)) {
                        Some(name) => Mistake { file: name.clone(), line: 0, ..mistake },
                        None => mistake,
                    }))
                }
            }
        }
        if mistakes.is_empty() { Ok(config) } else { Err(Mistakes(mistakes)) }
    }

    fn empty() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: StoreSettings {
                url: None,
                data_dir: PathBuf::new(),
                prefix: String::new(),
                connections: 1,
                retention: Retentions::new(|_| Retention::days(1)),
                keep_events: 0,
                timeout: Duration::ZERO,
                ca: None,
                wait_replicas: 0,
            },
            model: None,
            policy_dir: None,
            log_format: LogFormat::Human,
            log_level: String::new(),
            request_timeout: Duration::ZERO,
            drain_timeout: Duration::ZERO,
        }
    }

    fn overlaid(mut self, top: &Section<'_>) -> Self {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        fn optional(text: String) -> Option<String> {
            Some(text).filter(|text| !text.is_empty())
        }
        let listen =
            top.value("listen", "an IP address and a port such as \"127.0.0.1:50051\"", |value| value.as_str()?.parse().ok());
        set(&mut self.listen, listen);
        set(&mut self.store.url, top.string("store").map(optional));
        set(&mut self.store.data_dir, top.string("data_dir").map(PathBuf::from));
        set(&mut self.store.timeout, top.duration("store_timeout"));
        set(&mut self.store.ca, top.string("store_ca").map(|path| optional(path).map(PathBuf::from)));
        set(&mut self.store.wait_replicas, top.integer("wait_replicas", 0..=16));
        let prefix = top.value("redis_prefix", "at most 64 letters, digits, _, - and :", |value| {
            let prefix = value.as_str()?;
            let fits = prefix.len() <= 64 && prefix.chars().all(|c| c.is_ascii_alphanumeric() || "_-:".contains(c));
            fits.then(|| prefix.to_owned())
        });
        set(&mut self.store.prefix, prefix);
        set(&mut self.store.connections, top.integer("redis_connections", 1..=64));
        set(&mut self.store.keep_events, top.integer("keep_events", 1..=1_000_000_000));
        set(&mut self.model, top.string("model").map(|path| optional(path).map(PathBuf::from)));
        set(&mut self.policy_dir, top.string("policy_dir").map(|path| optional(path).map(PathBuf::from)));
        let format = top.value("log_format", "\"human\" or \"json\"", |value| match value.as_str()? {
            "human" => Some(LogFormat::Human),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        set(&mut self.log_format, format);
        let level =
            top.value("log_level", "a level such as \"info\", or levels per module such as \"warn,gatepost=debug\"", |value| {
                let level = value.as_str()?;
                tracing_subscriber::EnvFilter::try_new(level).ok().map(|_| level.to_owned())
            });
        set(&mut self.log_level, level);
        set(&mut self.request_timeout, top.duration("request_timeout"));
        set(&mut self.drain_timeout, top.duration("drain_timeout"));
        self
    }
}

/// Picks our variables out of the environment. `GATEPOST_X_FILE` names a file that holds the value of `x`.
fn from_environment(environment: impl Fn(&str) -> Option<String>, mistakes: &mut Vec<Mistake>) -> Given {
    let mut given = Given::new();
    for (name, _) in OPTIONS {
        let variable = format!("GATEPOST_{}", name.to_uppercase());
        if let Some(value) = environment(&variable) {
            given.push((name, value));
        } else if let Some(path) = environment(&format!("{variable}_FILE")) {
            match std::fs::read_to_string(&path) {
                Ok(value) => given.push((name, value.trim_end().to_owned())),
                Err(error) => {
                    let problem = format!("names {path}, which cannot be read: {error}");
                    mistakes.push(Mistake { file: format!("{variable}_FILE"), line: 0, problem });
                }
            }
        }
    }
    given
}

/// Writes options as a TOML file with one line each, so that one reader serves all sources. Returns what to call each line.
fn document(given: &[(&'static str, String)], call: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let mut text = String::new();
    for (name, value) in given {
        let number = OPTIONS.iter().any(|(option, number)| option == name && *number) && value.parse::<u64>().is_ok();
        let value = if number { value.clone() } else { basic_string(value) };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_shipped_file_is_the_defaults_and_names_every_option() {
        let config = Config::load(None, nothing, &Given::new()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:50051");
        assert_eq!(config.store.url, None);
        for (name, _) in OPTIONS {
            assert!(DEFAULTS.contains(&format!("\n{name} = ")), "{name}");
        }
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let environment =
            |name: &str| (name == "GATEPOST_REDIS_CONNECTIONS" || name == "GATEPOST_DATA_DIR").then(|| "7".to_owned());
        let file = "redis_connections = 1\nkeep_events = 1\ndata_dir = \"a\"\n";
        let flags = vec![("data_dir", "c \"quoted\"".to_owned())];
        let config = Config::load(Some(("my.toml", file)), environment, &flags).unwrap();
        assert_eq!((config.store.connections, config.store.keep_events), (7, 1));
        assert_eq!(config.store.data_dir, PathBuf::from("c \"quoted\""));
    }

    #[test]
    fn all_mistakes_of_all_sources_are_told_at_once() {
        let environment = |name: &str| (name == "GATEPOST_LOG_FORMAT").then(|| "xml".to_owned());
        let flags = vec![("listen", "nowhere".to_owned())];
        let file = "keep_events = 0\n\nkeepdays = 3\n";
        let mistakes = Config::load(Some(("my.toml", file)), environment, &flags).unwrap_err().to_string();
        let starts: Vec<&str> = mistakes.lines().map(|line| line.split_inclusive(' ').next().unwrap()).collect();
        assert_eq!(starts, ["my.toml:1: ", "my.toml:3: ", "GATEPOST_LOG_FORMAT: ", "--listen: "], "{mistakes}");
    }
}
