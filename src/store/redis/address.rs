//! Parses Redis addresses: of a single server, of the Sentinels that monitor a master, or of the nodes of a cluster.

use percent_encoding::percent_decode_str;

/// Default port of Sentinels.
const SENTINEL_PORT: u16 = 26379;
/// Default port of servers.
const SERVER_PORT: u16 = 6379;

/// A parsed address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A single server, `redis://…` or `rediss://…`, as the client library accepts it.
    Server(String),
    /// A master monitored by Sentinels:
    /// `redis+sentinel://[user:password@]host[:port][,host…]/MASTER[/db][?tls=true][&sentinel_password=…]`.
    Sentinel {
        sentinels: Vec<(String, u16)>,
        master: String,
        db: i64,
        login: Login,
        /// Password of the Sentinels, which differs from that of the master.
        sentinel_password: Option<String>,
        tls: bool,
    },
    /// A cluster, given by some of its nodes: `redis+cluster://[user:password@]host[:port][,host…][?tls=true]`.
    Cluster { nodes: Vec<(String, u16)>, login: Login, tls: bool },
}

/// The credentials for Redis.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub user: Option<String>,
    pub password: Option<String>,
}

impl Address {
    /// Parses an address.
    ///
    /// # Errors
    /// Returns a message if the address is malformed. The message does not repeat the address, which may contain a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("the address must begin with redis://, rediss:// or the like")?;
        if matches!(scheme, "redis" | "rediss") {
            return Ok(Self::Server(text.to_owned()));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Login::parse(login), hosts),
            None => (Login::default(), authority),
        };
        let (mut tls, mut sentinel_password) = (false, None);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("tls", value)) => tls = value.parse().map_err(|_| "tls must be true or false")?,
                Some(("sentinel_password", value)) if scheme == "redis+sentinel" => sentinel_password = percent_decode(value),
                _ => return Err("unknown option; use tls=true or, for Sentinels, sentinel_password=…".to_owned()),
            }
        }
        match scheme {
            "redis+cluster" if path.is_empty() => Ok(Self::Cluster { nodes: read_hosts(hosts, SERVER_PORT)?, login, tls }),
            "redis+cluster" => Err("a cluster has one database only: remove what follows the hosts".to_owned()),
            "redis+sentinel" => {
                let (master, db) = path.split_once('/').unwrap_or((path, "0"));
                if master.is_empty() {
                    return Err("append the name that the Sentinels give the master: …/mymaster".to_owned());
                }
                let db = db.parse().map_err(|_| "the database must be a number: …/mymaster/0")?;
                let sentinels = read_hosts(hosts, SENTINEL_PORT)?;
                Ok(Self::Sentinel { sentinels, master: master.to_owned(), db, login, sentinel_password, tls })
            }
            _ => Err(format!("{scheme}:// is not known; use redis, rediss, redis+sentinel or redis+cluster")),
        }
    }
}

impl Login {
    fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self { user: percent_decode(user), password: percent_decode(password) }
    }
}

fn percent_decode(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8_lossy().into_owned()).filter(|text| !text.is_empty())
}

fn read_hosts(text: &str, port: u16) -> Result<Vec<(String, u16)>, String> {
    text.split(',').map(|host| read_host(host, port)).collect()
}

fn read_host(text: &str, port: u16) -> Result<(String, u16), String> {
    let malformed = || "hosts must be given as host:port, separated by commas".to_owned();
    // An IPv6 address is in brackets, because it contains colons.
    let (host, given) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = given.map_or(Some(port), |given| given.parse().ok()).ok_or_else(malformed)?;
    if host.is_empty() { Err(malformed()) } else { Ok((host.to_owned(), port)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        assert_eq!(Address::parse("redis://h:1/2"), Ok(Address::Server("redis://h:1/2".to_owned())));
        let login = Login { user: Some("ann".to_owned()), password: Some("p@ss".to_owned()) };
        assert_eq!(
            Address::parse("redis+sentinel://ann:p%40ss@a,[::1]:7/main/3?tls=true&sentinel_password=s"),
            Ok(Address::Sentinel {
                sentinels: vec![("a".to_owned(), 26379), ("::1".to_owned(), 7)],
                master: "main".to_owned(),
                db: 3,
                login,
                sentinel_password: Some("s".to_owned()),
                tls: true,
            })
        );
        let nodes = vec![("a".to_owned(), 6379), ("b".to_owned(), 7001)];
        assert_eq!(
            Address::parse("redis+cluster://a,b:7001"),
            Ok(Address::Cluster { nodes, login: Login::default(), tls: false })
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for malformed in [
            "redis+cluster://:hunter2@a,:1",
            "redis+cluster://:hunter2@a/1",
            "redis+sentinel://:hunter2@a",
            "redis+sentinel://:hunter2@a/m/x",
            "redis+cluster://a?pass=hunter2",
            "redis+cluster://a?tls=hunter2",
            "memcached://:hunter2@a",
            "hunter2",
        ] {
            let message = Address::parse(malformed).expect_err(malformed);
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
