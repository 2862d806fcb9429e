//! Speaks to Redis, however it is set up: to one server, to the master that Sentinels name, or to a cluster.
//!
//! Each is a few connections per server, one unless told otherwise, that all callers share in turn. A call that fails is
//! not repeated here, since the caller has a deadline. It is reported, whoever made it, so that [`super::recovery`] finds
//! out whether the connection still leads to a server that takes writes, and replaces it if not.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use ::redis::cluster::{ClusterClient, ClusterConfig};
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{Route, SingleNodeRoutingInfo, SlotAddr};
use ::redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, Pipeline, RedisFuture, RedisResult, TlsCertificates,
    TlsMode, Value,
};
use tokio::sync::{Mutex, Notify};

use super::address::{Address, Login};
use super::slot::slot;

/// How long a connection may take to come about. Nobody waits for it beyond the deadline of a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may take before the connection is given up, whoever still waits.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach Redis.
#[derive(Clone)]
pub(super) enum Connector {
    Server(Box<Client>),
    Sentinel(Arc<Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

/// A connection that callers share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connection {
    /// Put in the place of another when that turned out to lead nowhere. Empty until Redis was reached for the first time.
    transports: Arc<RwLock<Vec<Transport>>>,
    /// Whose turn it is.
    turn: Arc<AtomicUsize>,
    /// Rises when the other side may have lost what it knew.
    generation: Arc<AtomicU64>,
    /// Notified when a command fails, whoever sent it.
    failures: Arc<Notify>,
}

#[derive(Clone)]
enum Transport {
    Server(ConnectionManager),
    Cluster(ClusterConnection),
    /// To one server, and no other if that goes: the master that the Sentinels named, or a caller's own.
    Fixed(MultiplexedConnection),
}

impl Connector {
    /// Understands an address. `ca` is the certificate, in PEM, of who signed the servers' certificates; `None`: one
    /// that the system trusts.
    pub fn new(address: Address, ca: Option<Vec<u8>>) -> RedisResult<Self> {
        let certificates = TlsCertificates { client_tls: None, root_cert: ca };
        Ok(match address {
            Address::Server(url) if url.starts_with("rediss") && certificates.root_cert.is_some() => {
                Self::Server(Box::new(Client::build_with_tls(url, certificates)?))
            }
            Address::Server(url) => Self::Server(Box::new(Client::open(url)?)),
            Address::Sentinel { sentinels, master, db, login: Login { user, password }, sentinel_password, tls } => {
                let sentinels = sentinels.into_iter().map(|(host, port)| address_of(host, port, tls));
                let mut builder =
                    SentinelClientBuilder::new(sentinels, master, SentinelServerType::Master)?.set_client_to_redis_db(db);
                if tls {
                    builder = builder
                        .set_client_to_redis_tls_mode(TlsMode::Secure)
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_certificates(certificates);
                }
                if let Some(user) = user {
                    builder = builder.set_client_to_redis_username(user);
                }
                if let Some(password) = password {
                    builder = builder.set_client_to_redis_password(password);
                }
                if let Some(password) = sentinel_password {
                    builder = builder.set_client_to_sentinel_password(password);
                }
                Self::Sentinel(Arc::new(Mutex::new(builder.build()?)))
            }
            Address::Cluster { nodes, login: Login { user, password }, tls } => {
                let scheme = if tls { "rediss" } else { "redis" };
                let nodes = nodes.into_iter().map(|(host, port)| match host.contains(':') {
                    true => format!("{scheme}://[{host}]:{port}"),
                    false => format!("{scheme}://{host}:{port}"),
                });
                let mut builder = ClusterClient::builder(nodes)
                    // Once for a slot that has moved; what is more is up to the next call.
                    .retries(1)
                    .connection_timeout(CONNECT_TIMEOUT)
                    .response_timeout(RESPONSE_TIMEOUT);
                if tls {
                    builder = builder.certs(certificates);
                }
                if let Some(user) = user {
                    builder = builder.username(user);
                }
                if let Some(password) = password {
                    builder = builder.password(password);
                }
                Self::Cluster(Box::new(builder.build()?))
            }
        })
    }

    /// Connects, so many times.
    pub async fn connect(&self, count: u32) -> RedisResult<Connection> {
        let mut links = Vec::new();
        for _ in 0..count.max(1) {
            links.push(self.open_transport().await?);
        }
        Ok(Connection::new(links))
    }

    async fn open_transport(&self) -> RedisResult<Transport> {
        match self {
            Self::Server(client) => {
                let config = ConnectionManagerConfig::new()
                    .set_number_of_retries(0)
                    .set_connection_timeout(Some(CONNECT_TIMEOUT))
                    .set_response_timeout(Some(RESPONSE_TIMEOUT));
                Ok(Transport::Server(ConnectionManager::new_with_config(Client::clone(client), config).await?))
            }
            Self::Sentinel(sentinels) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT_TIMEOUT))
                    .set_response_timeout(Some(RESPONSE_TIMEOUT));
                let client = sentinels.lock().await.async_get_client().await?;
                Ok(Transport::Fixed(client.get_multiplexed_async_connection_with_config(&config).await?))
            }
            Self::Cluster(client) => Ok(Transport::Cluster(client.get_async_connection().await?)),
        }
    }

    /// A connection of one's own, on which a command may wait for as long as it likes.
    pub async fn connect_blocking(&self) -> RedisResult<Connection> {
        Ok(Connection::new(vec![self.open_blocking_transport().await?]))
    }

    async fn open_blocking_transport(&self) -> RedisResult<Transport> {
        let patient = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(None);
        match self {
            Self::Server(client) => Ok(Transport::Fixed(client.get_multiplexed_async_connection_with_config(&patient).await?)),
            Self::Sentinel(sentinels) => {
                let client = sentinels.lock().await.async_get_client().await?;
                Ok(Transport::Fixed(client.get_multiplexed_async_connection_with_config(&patient).await?))
            }
            Self::Cluster(client) => {
                let config = ClusterConfig::new().set_response_timeout(Duration::from_secs(25 * 3600));
                Ok(Transport::Cluster(client.get_async_connection_with_config(config).await?))
            }
        }
    }

    /// Whether part of the sites can be away while the others are not.
    pub fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

impl Connection {
    fn new(links: Vec<Transport>) -> Self {
        let (turn, generation, trouble) = (Arc::default(), Arc::default(), Arc::default());
        Self { transports: Arc::new(RwLock::new(links)), turn, generation, failures: trouble }
    }

    /// Returns a connection that leads nowhere until it [`follow`](Self::follow)s another. Commands fail until then.
    pub fn unconnected() -> Self {
        Self::new(Vec::new())
    }

    /// Returns whether there was a connection at all so far.
    pub fn is_connected(&self) -> bool {
        !self.transports.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Returns what is notified when a command fails.
    pub fn trouble(&self) -> Arc<Notify> {
        Arc::clone(&self.failures)
    }

    /// Reports that a command failed or was given up.
    pub fn report_failure(&self) {
        self.failures.notify_one();
    }

    /// How often the other side may have lost what it knew.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The other side was away, or is another one than before.
    pub fn bump_generation(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Has all who share this connection use that one's way from now on.
    pub fn adopt(&self, other: &Connection) {
        let links = other.transports.read().unwrap_or_else(PoisonError::into_inner).clone();
        // A lock that a panic left behind still holds whole links.
        *self.transports.write().unwrap_or_else(PoisonError::into_inner) = links;
    }

    /// Returns the next link.
    fn next_transport(&self) -> RedisResult<Transport> {
        let links = self.transports.read().unwrap_or_else(PoisonError::into_inner);
        let turn = if links.len() > 1 { self.turn.fetch_add(1, Ordering::Relaxed) % links.len() } else { 0 };
        links.get(turn).cloned().ok_or_else(|| (ErrorKind::Io, "not connected yet").into())
    }

    /// Returns an answer as it is. Reports one that is an error: each is a reason to look whether the link still leads to a
    /// server that takes writes.
    fn report_errors<T>(&self, answer: RedisResult<T>, is_error: impl Fn(&T) -> bool) -> RedisResult<T> {
        if answer.as_ref().map_or(true, is_error) {
            self.report_failure();
        }
        answer
    }

    /// Sends commands, some of them without a key, to the server that keeps the slot of `key`.
    pub async fn send_to_slot(&self, key: &str, commands: Pipeline) -> RedisResult<Vec<Value>> {
        let count = commands.len();
        let answer = match self.next_transport()? {
            Transport::Cluster(mut cluster) => {
                let beside = SingleNodeRoutingInfo::SpecificNode(Route::new(slot(key), SlotAddr::Master));
                cluster.route_pipeline(commands, 0, count, beside).await
            }
            Transport::Server(mut connection) => connection.req_packed_commands(&commands, 0, count).await,
            Transport::Fixed(mut connection) => connection.req_packed_commands(&commands, 0, count).await,
        };
        self.report_errors(answer, |values| values.iter().any(is_error))
    }
}

/// Returns whether the server answered with an error.
fn is_error(value: &Value) -> bool {
    matches!(value, Value::ServerError(_))
}

fn address_of(host: String, port: u16, tls: bool) -> ConnectionAddr {
    if tls { ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None } } else { ConnectionAddr::Tcp(host, port) }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let answer = match self.next_transport()? {
                Transport::Server(mut connection) => connection.req_packed_command(command).await,
                Transport::Cluster(mut connection) => connection.req_packed_command(command).await,
                Transport::Fixed(mut connection) => connection.req_packed_command(command).await,
            };
            self.report_errors(answer, is_error)
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let answer = match self.next_transport()? {
                Transport::Server(mut connection) => connection.req_packed_commands(pipeline, offset, count).await,
                Transport::Cluster(mut connection) => connection.req_packed_commands(pipeline, offset, count).await,
                Transport::Fixed(mut connection) => connection.req_packed_commands(pipeline, offset, count).await,
            };
            self.report_errors(answer, |values| values.iter().any(is_error))
        })
    }

    fn get_db(&self) -> i64 {
        match self.next_transport() {
            Ok(Transport::Server(connection)) => connection.get_db(),
            Ok(Transport::Cluster(connection)) => connection.get_db(),
            Ok(Transport::Fixed(connection)) => connection.get_db(),
            Err(_) => 0,
        }
    }
}
