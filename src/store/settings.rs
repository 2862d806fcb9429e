//! Where the state is kept and for how long.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;

/// Where the state is kept and for how long.
#[derive(Clone)]
pub struct StoreSettings {
    /// `redis://…` or `memory:`. `None`: a file in `data_dir`.
    pub url: Option<String>,
    /// The directory of the file.
    pub data_dir: PathBuf,
    /// What every Redis key starts with, e.g. `gp:`; the site in braces follows.
    pub prefix: String,
    /// A decided comment is forgotten after so many days without change. A held one is never forgotten.
    pub keep_days: u32,
    /// How many changes are kept per site for watchers.
    pub keep_events: u32,
    /// How long to wait for Redis to connect, and to answer.
    pub timeout: Duration,
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSettings")
            .field("url", &self.url.as_deref().map(redacted))
            .field("data_dir", &self.data_dir)
            .field("prefix", &self.prefix)
            .field("keep_days", &self.keep_days)
            .field("keep_events", &self.keep_events)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Why a store's address is not taken.
pub(super) fn refuse(url: &str) -> Error {
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    match scheme {
        "rediss" | "redis+sentinel" | "redis+cluster" => {
            Error::store(format!("the store {:?}: {scheme} is not supported yet; use redis://", redacted(url)))
        }
        _ => Error::store(format!("the store {:?} is not known; use redis://HOST:PORT or memory:", redacted(url))),
    }
}

/// The address without what may be a secret: user and password before the host, and options after it.
pub(super) fn redacted(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
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
            ":hunter2@host",
        ] {
            assert!(!redacted(url).contains("hunter2"), "{url} shows as {}", redacted(url));
        }
        assert_eq!(redacted("redis://host:6379/1"), "redis://host:6379/1");
    }
}
