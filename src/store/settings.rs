//! Where the state is kept and for how long.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::retention::RetentionLookup;

/// Where the state is kept and for how long.
#[derive(Clone)]
pub struct StoreSettings {
    /// `redis://…`, `rediss://…`, `redis+sentinel://…`, `redis+cluster://…` or `memory:`. `None`: a file in `data_dir`.
    pub url: Option<String>,
    /// The directory of the file.
    pub data_dir: PathBuf,
    /// What every Redis key starts with, e.g. `gp:`; the site in braces follows.
    pub prefix: String,
    /// How many connections to Redis all comments share.
    pub connections: u32,
    /// For how long each site's data is kept.
    pub retention: RetentionLookup,
    /// How many changes are kept per site for watchers.
    pub keep_events: u32,
    /// How long the way of a comment waits for Redis.
    pub timeout: Duration,
    /// A certificate in PEM: who signed those of the Redis servers. `None`: whom the system trusts.
    pub ca: Option<PathBuf>,
    /// How many Redis replicas must have a held comment before it counts as recorded.
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

/// Why a store's address is not taken.
pub(super) fn unknown_address(url: &str) -> Error {
    let forms = "redis://HOST:PORT, rediss://…, redis+sentinel://…, redis+cluster://… or memory:";
    Error::store(format!("the store {:?} is not known; use {forms}", redacted(url)))
}

/// The address without what may be a secret: user and password before the host, and options after it.
pub(super) fn redacted(url: &str) -> String {
    // What comes before the last @ may hold anything, and what comes after a question mark may be a password too.
    let end = url.rfind('@').unwrap_or(0);
    let url = &url[..url[end..].find(['?', '#']).map_or(url.len(), |at| end + at)];
    match (url.split_once("://"), url.rsplit_once('@')) {
        // What stands before :// may be part of a mistyped password.
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
