//! Connections to Redis: to a single server, to the master that Sentinels name, or to a cluster.
//!
//! A [`Connection`] consists of one or more multiplexed connections that all callers share in turn. Failed calls are not
//! retried here, because callers have deadlines. Every failure is reported, so that [`super::recovery`] checks whether the
//! connection still reaches a server that accepts writes, and replaces it if not.

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

/// Timeout for establishing a connection. Callers wait for it no longer than their own deadlines.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time without a response after which a command fails.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A factory for connections to Redis.
#[derive(Clone)]
pub(super) enum Connector {
    Server(Box<Client>),
    Sentinel(Arc<Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

/// A connection that callers share. Clones share their state.
#[derive(Clone)]
pub(super) struct Connection {
    /// Current transports, which recovery replaces. Empty until Redis was reached for the first time.
    transports: Arc<RwLock<Vec<Transport>>>,
    /// Counter that selects the next transport.
    turn: Arc<AtomicUsize>,
    /// Number that increases when Redis may have lost data.
    generation: Arc<AtomicU64>,
    /// Notified when a command fails.
    failures: Arc<Notify>,
}

/// A single connection of the client library.
#[derive(Clone)]
enum Transport {
    Server(ConnectionManager),
    Cluster(ClusterConnection),
    /// A connection to one server that does not reconnect: to the master that Sentinels named, or for blocking commands.
    Fixed(MultiplexedConnection),
}

impl Connector {
    /// Creates a connector. `ca` is the PEM certificate of the CA that signed the servers' certificates, or `None` to use the
    /// system's CAs.
    ///
    /// # Errors
    /// Returns an error if the address or the certificate is invalid.
    pub fn new(address: Address, ca: Option<Vec<u8>>) -> RedisResult<Self> {
        let certificates = TlsCertificates { client_tls: None, root_cert: ca };
        Ok(match address {
            Address::Server(url) if url.starts_with("rediss") && certificates.root_cert.is_some() => {
                Self::Server(Box::new(Client::build_with_tls(url, certificates)?))
            }
            Address::Server(url) => Self::Server(Box::new(Client::open(url)?)),
            Address::Sentinel { sentinels, master, db, login: Login { user, password }, sentinel_password, tls } => {
                let sentinels = sentinels.into_iter().map(|(host, port)| connection_addr(host, port, tls));
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
                    // One retry follows a slot that has moved. Further retries are left to the next call.
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

    /// Opens a shared connection of `count` transports, at least one.
    pub async fn connect(&self, count: u32) -> RedisResult<Connection> {
        let mut transports = Vec::new();
        for _ in 0..count.max(1) {
            transports.push(self.open_transport().await?);
        }
        Ok(Connection::new(transports))
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

    /// Opens a connection for one caller, whose commands may block without a response timeout.
    pub async fn connect_blocking(&self) -> RedisResult<Connection> {
        Ok(Connection::new(vec![self.open_blocking_transport().await?]))
    }

    async fn open_blocking_transport(&self) -> RedisResult<Transport> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(None);
        match self {
            Self::Server(client) => Ok(Transport::Fixed(client.get_multiplexed_async_connection_with_config(&config).await?)),
            Self::Sentinel(sentinels) => {
                let client = sentinels.lock().await.async_get_client().await?;
                Ok(Transport::Fixed(client.get_multiplexed_async_connection_with_config(&config).await?))
            }
            Self::Cluster(client) => {
                let config = ClusterConfig::new().set_response_timeout(Duration::from_secs(25 * 3600));
                Ok(Transport::Cluster(client.get_async_connection_with_config(config).await?))
            }
        }
    }

    /// Returns whether this is a cluster, in which parts can be unavailable independently.
    pub fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

impl Connection {
    fn new(transports: Vec<Transport>) -> Self {
        let (turn, generation, failures) = (Arc::default(), Arc::default(), Arc::default());
        Self { transports: Arc::new(RwLock::new(transports)), turn, generation, failures }
    }

    /// Creates a connection without transports. Commands fail until it [`adopt`](Self::adopt)s those of another connection.
    pub fn unconnected() -> Self {
        Self::new(Vec::new())
    }

    /// Returns whether Redis was ever reached.
    pub fn is_connected(&self) -> bool {
        !self.transports.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Returns the handle that is notified when a command fails.
    pub fn trouble(&self) -> Arc<Notify> {
        Arc::clone(&self.failures)
    }

    /// Reports that a command failed or timed out.
    pub fn report_failure(&self) {
        self.failures.notify_one();
    }

    /// Returns the number of times that Redis may have lost data.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Reports that Redis was unavailable or was replaced by another server.
    pub fn bump_generation(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Replaces the transports of this connection and its clones with those of `other`.
    pub fn adopt(&self, other: &Connection) {
        let transports = other.transports.read().unwrap_or_else(PoisonError::into_inner).clone();
        // The list is replaced as a whole, so it is consistent even if the lock is poisoned.
        *self.transports.write().unwrap_or_else(PoisonError::into_inner) = transports;
    }

    /// Returns the next transport in turn.
    ///
    /// # Errors
    /// Returns an error if there is no transport yet.
    fn next_transport(&self) -> RedisResult<Transport> {
        let transports = self.transports.read().unwrap_or_else(PoisonError::into_inner);
        let turn = if transports.len() > 1 { self.turn.fetch_add(1, Ordering::Relaxed) % transports.len() } else { 0 };
        transports.get(turn).cloned().ok_or_else(|| (ErrorKind::Io, "not connected yet").into())
    }

    /// Returns an answer unchanged, and reports a failure if it is an error.
    fn report_errors<T>(&self, answer: RedisResult<T>, is_error: impl Fn(&T) -> bool) -> RedisResult<T> {
        if answer.as_ref().map_or(true, is_error) {
            self.report_failure();
        }
        answer
    }

    /// Sends commands to the server that holds the slot of `key`. Commands without a key are sent there too.
    pub async fn send_to_slot(&self, key: &str, commands: Pipeline) -> RedisResult<Vec<Value>> {
        let count = commands.len();
        let answer = match self.next_transport()? {
            Transport::Cluster(mut cluster) => {
                let route = SingleNodeRoutingInfo::SpecificNode(Route::new(slot(key), SlotAddr::Master));
                cluster.route_pipeline(commands, 0, count, route).await
            }
            Transport::Server(mut connection) => connection.req_packed_commands(&commands, 0, count).await,
            Transport::Fixed(mut connection) => connection.req_packed_commands(&commands, 0, count).await,
        };
        self.report_errors(answer, |values| values.iter().any(is_error))
    }
}

/// Returns whether a value is an error that the server returned.
fn is_error(value: &Value) -> bool {
    matches!(value, Value::ServerError(_))
}

fn connection_addr(host: String, port: u16, tls: bool) -> ConnectionAddr {
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
