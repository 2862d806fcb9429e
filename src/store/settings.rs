//! The settings of the store.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::retention::RetentionLookup;

/// The settings of the store: where it keeps its data, and for how long.
#[derive(Clone)]
pub struct StoreSettings {
    /// Address of the store: `redis://…`, `rediss://…`, `redis+sentinel://…`, `redis+cluster://…` or `memory:`. `None` selects
    /// the embedded engine, with a file in `data_dir`.
    pub url: Option<String>,
    /// Directory of the embedded engine's file.
    pub data_dir: PathBuf,
    /// Prefix of every Redis key, e.g. `gp:`. The site in braces follows it.
    pub prefix: String,
    /// Number of Redis connections that callers share.
    pub connections: u32,
    /// Retention periods of each site's data.
    pub retention: RetentionLookup,
    /// Maximum number of changes kept per site for watchers.
    pub keep_events: u32,
    /// Timeout of Redis commands that a comment waits for.
    pub timeout: Duration,
    /// File with the PEM certificate of the CA that signed the Redis servers' certificates, or `None` to use the system's CAs.
    pub ca: Option<PathBuf>,
    /// Number of Redis replicas that must have a held comment before it counts as recorded.
    pub wait_replicas: u32,
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSettings")
            .field("url", &self.url.as_deref().map(redacted))
            .field("data_dir", &self.data_dir)
            .field("prefix", &self.prefix)
            .field("connections", &self.connections)
            .field("retention", &self.retention)
            .field("keep_events", &self.keep_events)
            .field("timeout", &self.timeout)
            .field("ca", &self.ca)
            .field("wait_replicas", &self.wait_replicas)
            .finish()
    }
}

/// Returns the error for a store address of an unknown form.
pub(super) fn unknown_address(url: &str) -> Error {
    let forms = "redis://HOST:PORT, rediss://…, redis+sentinel://…, redis+cluster://… or memory:";
    Error::store(format!("the store {:?} is not known; use {forms}", redacted(url)))
}

/// Returns an address without the parts that may hold a secret: user and password before the host, and options after it.
pub(super) fn redacted(url: &str) -> String {
    // A password may contain any character before the last @, and options after a question mark may contain one too.
    let end = url.rfind('@').unwrap_or(0);
    let url = &url[..url[end..].find(['?', '#']).map_or(url.len(), |at| end + at)];
    match (url.split_once("://"), url.rsplit_once('@')) {
        // In a mistyped address, the part before :// may belong to a password.
        (Some((scheme, _)), Some((_, host))) if scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'+') => {
            format!("{scheme}://…@{host}")
        }
        (Some(_), Some((_, host))) => format!("…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        (_, None) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_address_shows_its_password() {
        for url in [
            "redis://:hunter2@host:6379/1",
            "redis://user:hunter2@host",
            "redis://u:p@hunter2@host",
            "redis://host/?pass=hunter2",
            "redis://user:hunter2?x@host",
            ":hunter2@host",
            "redis+sentin/:/iu:hunter2@hel://secret@m",
        ] {
            assert!(!redacted(url).contains("hunter2"), "{url} shows as {}", redacted(url));
        }
        assert_eq!(redacted("redis://host:6379/1"), "redis://host:6379/1");
    }
}
