//! Where options come from: the shipped file, a file, the environment, flags. All mistakes at once.

mod sources;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::retention::{Retention, RetentionLookup};
use crate::settings::{self, Section, SettingsError, SettingsErrors, set_if_some};
use crate::store::StoreSettings;
use crate::telemetry::LogFormat;
use sources::{read_environment, to_toml};

pub use sources::OptionValues;

/// The shipped file: every option with its default, unit and meaning.
pub const DEFAULTS: &str = include_str!("../deploy/gatepost.toml");

/// What `serve` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// A key with which an operator can begin.
    pub admin_key: Option<Secret>,
    /// The server's certificate and who its clients may be. `None`: plain text.
    pub tls: Option<TlsFiles>,
    /// Whether TLS ends in front of this server.
    pub tls_terminated_upstream: bool,
    /// Where to keep state.
    pub store: StoreSettings,
    /// Most calls worked on at once.
    pub max_in_flight: u32,
    /// Most connections.
    pub max_connections: u32,
    /// Calls a second of one key. 0: any number.
    pub key_quota: u32,
    /// Where traces go. `None`: nowhere.
    pub otlp_endpoint: Option<String>,
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

/// The files of TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificates, its own first.
    pub cert: Option<PathBuf>,
    /// The private key.
    pub key: Option<PathBuf>,
    /// Who signs clients' certificates. `None`: clients show none.
    pub client_ca: Option<PathBuf>,
    /// Which of them may do what.
    pub clients: Option<PathBuf>,
}

impl TlsFiles {
    /// `None`: none is named.
    fn validate(self) -> Result<Option<Self>, (&'static str, &'static str)> {
        match (&self.cert, &self.key) {
            (Some(_), Some(_)) if self.clients.is_some() && self.client_ca.is_none() => {
                Err(("tls_clients", "needs tls_client_ca: who signs the clients' certificates"))
            }
            (Some(_), Some(_)) => Ok(Some(self)),
            (None, None) if self.client_ca.is_some() || self.clients.is_some() => {
                Err(("tls_client_ca", "needs tls_cert and tls_key: clients show a certificate only to a server that has one"))
            }
            (None, None) => Ok(None),
            _ => Err(("tls_cert", "and tls_key are both needed")),
        }
    }
}

/// Text that must not show up in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Config {
    /// Joins all sources. `file` is a name and its text; `environment` looks a variable up; `flags` are option names
    /// and values.
    ///
    /// # Errors
    /// Every mistake in every source.
    pub fn load(
        file: Option<(&str, &str)>,
        environment: impl Fn(&str) -> Option<String>,
        flags: &OptionValues,
    ) -> Result<Self, SettingsErrors> {
        let mut mistakes = Vec::new();
        let mut config = settings::read("deploy/gatepost.toml", DEFAULTS, |top| Self::empty().overlay(top))?;
        let from_environment = read_environment(environment, &mut mistakes);
        let (variables, variable_names) = to_toml(&from_environment, |name| format!("GATEPOST_{}", name.to_uppercase()));
        let (flags, flag_names) = to_toml(flags, |name| format!("--{}", name.replace('_', "-")));
        let sources = [file.unwrap_or(("", "")), ("environment", &variables), ("flags", &flags)];
        for ((source, text), names) in sources.into_iter().zip([&[][..], &variable_names, &flag_names]) {
            match settings::read(source, text, |top| config.clone().overlay(top)) {
                Ok(overlaid) => config = overlaid,
                // A flag or variable has a name to go by, and no line.
                Err(SettingsErrors(more)) => {
                    mistakes.extend(more.into_iter().map(|mistake| match names.get(mistake.line.wrapping_sub(1)) {
                        Some(name) => SettingsError { file: name.clone(), line: 0, ..mistake },
                        None => mistake,
                    }))
                }
            }
        }
        if let Some(files) = config.tls.take() {
            match files.validate() {
                Ok(files) => config.tls = files,
                Err((option, problem)) => {
                    mistakes.push(SettingsError { file: option.to_owned(), line: 0, message: problem.to_owned() })
                }
            }
        }
        if mistakes.is_empty() { Ok(config) } else { Err(SettingsErrors(mistakes)) }
    }

    fn empty() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_key: None,
            tls: None,
            tls_terminated_upstream: false,
            max_in_flight: 1,
            max_connections: 1,
            key_quota: 0,
            otlp_endpoint: None,
            store: StoreSettings {
                url: None,
                data_dir: PathBuf::new(),
                prefix: String::new(),
                connections: 1,
                retention: RetentionLookup::new(|_| Retention::uniform(1)),
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

    /// Certificate and key belong together, whichever source each comes from.
    fn read_tls_files(&mut self, top: &Section<'_>) {
        let files = self.tls.get_or_insert_default();
        let paths = [
            ("tls_cert", &mut files.cert),
            ("tls_key", &mut files.key),
            ("tls_client_ca", &mut files.client_ca),
            ("tls_clients", &mut files.clients),
        ];
        for (name, place) in paths {
            set_if_some(place, top.string(name).map(|path| none_if_empty(path).map(PathBuf::from)));
        }
    }

    fn read_store(&mut self, top: &Section<'_>) {
        set_if_some(&mut self.store.url, top.string("store").map(none_if_empty));
        set_if_some(&mut self.store.data_dir, top.string("data_dir").map(PathBuf::from));
        set_if_some(&mut self.store.timeout, top.duration("store_timeout"));
        set_if_some(&mut self.store.ca, top.string("store_ca").map(|path| none_if_empty(path).map(PathBuf::from)));
        set_if_some(&mut self.store.wait_replicas, top.integer("wait_replicas", 0..=16));
        let prefix = top.value("redis_prefix", "at most 64 letters, digits, _, - and :", |value| {
            let prefix = value.as_str()?;
            let fits = prefix.len() <= 64 && prefix.chars().all(|c| c.is_ascii_alphanumeric() || "_-:".contains(c));
            fits.then(|| prefix.to_owned())
        });
        set_if_some(&mut self.store.prefix, prefix);
        set_if_some(&mut self.store.connections, top.integer("redis_connections", 1..=64));
        set_if_some(&mut self.store.keep_events, top.integer("keep_events", 1..=1_000_000_000));
    }

    fn read_log(&mut self, top: &Section<'_>) {
        let format = top.value("log_format", "\"human\" or \"json\"", |value| match value.as_str()? {
            "human" => Some(LogFormat::Human),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        set_if_some(&mut self.log_format, format);
        let level =
            top.value("log_level", "a level such as \"info\", or levels per module such as \"warn,gatepost=debug\"", |value| {
                // The library that reads levels cuts other text between the bytes of a character, and panics.
                let level = value.as_str().filter(|level| level.is_ascii())?;
                tracing_subscriber::EnvFilter::try_new(level).ok().map(|_| level.to_owned())
            });
        set_if_some(&mut self.log_level, level);
    }

    /// Returns the configuration with the options of one source on top.
    fn overlay(mut self, top: &Section<'_>) -> Self {
        let listen =
            top.value("listen", "an IP address and a port such as \"127.0.0.1:50051\"", |value| value.as_str()?.parse().ok());
        set_if_some(&mut self.listen, listen);
        let admin_key = top.value(
            "admin_key",
            "at least 24 letters, digits and signs without blanks, that nobody guesses: `openssl rand -hex 24`",
            |value| {
                let key = value.as_str()?;
                (key.is_empty() || crate::keys::check_admin_key(key).is_ok()).then(|| key.to_owned())
            },
        );
        set_if_some(&mut self.admin_key, admin_key.map(|key| none_if_empty(key).map(Secret)));
        self.read_tls_files(top);
        set_if_some(&mut self.tls_terminated_upstream, top.bool("tls_terminated_upstream"));
        set_if_some(&mut self.max_in_flight, top.integer("max_in_flight", 1..=1_000_000));
        set_if_some(&mut self.max_connections, top.integer("max_connections", 1..=1_000_000));
        set_if_some(&mut self.key_quota, top.integer("key_quota", 0..=1_000_000));
        let endpoint = top.value("otlp_endpoint", "an address such as \"http://otel:4317\"", |value| {
            let endpoint = value.as_str()?;
            (endpoint.is_empty() || endpoint.starts_with("http://")).then(|| endpoint.to_owned())
        });
        set_if_some(&mut self.otlp_endpoint, endpoint.map(none_if_empty));
        self.read_store(top);
        set_if_some(&mut self.model, top.string("model").map(|path| none_if_empty(path).map(PathBuf::from)));
        set_if_some(&mut self.policy_dir, top.string("policy_dir").map(|path| none_if_empty(path).map(PathBuf::from)));
        self.read_log(top);
        set_if_some(&mut self.request_timeout, top.duration("request_timeout"));
        set_if_some(&mut self.drain_timeout, top.duration("drain_timeout"));
        self
    }
}

fn none_if_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::sources::OPTIONS;
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_shipped_file_is_the_defaults_and_names_every_option() {
        let config = Config::load(None, nothing, &OptionValues::new()).unwrap();
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
