//! The configuration of `serve`, merged from the shipped file, a file, the environment and flags. All mistakes are reported at
//! once.

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

/// The shipped configuration file: every option with its default, unit and meaning.
pub const DEFAULTS: &str = include_str!("../deploy/gatepost.toml");

/// The configuration of `serve`.
#[derive(Debug, Clone)]
pub struct Config {
    /// IP address and port to listen on.
    pub listen: SocketAddr,
    /// First key, with which an operator can create others.
    pub admin_key: Option<Secret>,
    /// Files for TLS and client certificates; `None` for plain text.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy in front of this server terminates TLS.
    pub tls_terminated_upstream: bool,
    /// Settings of the store.
    pub store: StoreSettings,
    /// Maximum number of calls in flight.
    pub max_in_flight: u32,
    /// Maximum number of open connections.
    pub max_connections: u32,
    /// Maximum number of calls per second for each key; 0 for no limit.
    pub key_quota: u32,
    /// Address to which traces are sent; `None` sends none.
    pub otlp_endpoint: Option<String>,
    /// Model file; `None` for the compiled-in model.
    pub model: Option<PathBuf>,
    /// Folder of policy files; `None` for the compiled-in policy.
    pub policy_dir: Option<PathBuf>,
    /// Format of the log.
    pub log_format: LogFormat,
    /// Level of the log, also per module.
    pub log_level: String,
    /// Timeout of a call.
    pub request_timeout: Duration,
    /// Time that calls in flight have to finish at shutdown.
    pub drain_timeout: Duration,
}

/// The PEM files for TLS, and the file with the permissions of client certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by its intermediate certificates.
    pub cert: Option<PathBuf>,
    /// The server's private key.
    pub key: Option<PathBuf>,
    /// CA that signs clients' certificates; `None` if clients have none.
    pub client_ca: Option<PathBuf>,
    /// Permissions of each client certificate.
    pub clients: Option<PathBuf>,
}

impl TlsFiles {
    /// Checks that the files that are set belong together. Returns `None` if none is set.
    ///
    /// # Errors
    /// Returns the option that is wrong and the problem.
    fn validate(self) -> Result<Option<Self>, (&'static str, &'static str)> {
        match (&self.cert, &self.key) {
            (Some(_), Some(_)) if self.clients.is_some() && self.client_ca.is_none() => {
                Err(("tls_clients", "requires tls_client_ca, the CA that signs the clients' certificates"))
            }
            (Some(_), Some(_)) => Ok(Some(self)),
            (None, None) if self.client_ca.is_some() || self.clients.is_some() => Err((
                "tls_client_ca",
                "requires tls_cert and tls_key: a client shows a certificate only to a server that has one",
            )),
            (None, None) => Ok(None),
            _ => Err(("tls_cert", "requires tls_key, and tls_key requires tls_cert")),
        }
    }
}

/// A text that must not appear in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Config {
    /// Merges all sources. `file` is a name and its text, `environment` looks up a variable, and `flags` are option names and
    /// values.
    ///
    /// # Errors
    /// Returns every mistake in every source.
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
                // A mistake in a flag or variable is reported by its name, without a line.
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

    /// Returns a configuration with placeholder values, on top of which the shipped file is read.
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

    /// Reads the TLS files. They are validated after all sources are merged, because certificate and key may come from
    /// different sources.
    fn read_tls_files(&mut self, top: &Section<'_>) {
        let files = self.tls.get_or_insert_default();
        let paths = [
            ("tls_cert", &mut files.cert),
            ("tls_key", &mut files.key),
            ("tls_client_ca", &mut files.client_ca),
            ("tls_clients", &mut files.clients),
        ];
        for (name, target) in paths {
            set_if_some(target, top.string(name).map(|path| none_if_empty(path).map(PathBuf::from)));
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
                // On other text the parser may slice within a character, and panic.
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
            "at least 24 random letters, digits and symbols without spaces, such as from `openssl rand -hex 24`",
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

/// Returns `None` for an empty text.
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
