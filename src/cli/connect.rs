//! Options for the server, the credentials and the site, and the connection to the server.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use tonic_health::pb::health_client::HealthClient;

use super::failure::Failure;
use crate::files;
use crate::pb::admin_service_client::AdminServiceClient;
use crate::pb::moderation_service_client::ModerationServiceClient;
use crate::pb::review_service_client::ReviewServiceClient;

/// Server address if none is given.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:50051";
/// Timeout for connecting to a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout until a response begins. A stream may then last indefinitely.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval of the HTTP/2 keep-alive pings, by which `watch` notices a server that has vanished.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Timeout for the reply to a keep-alive ping.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum size of a response, in bytes. A page of the queue holds up to 100 comments, each with a body and a parent of up to
/// 64 KiB, and their verdicts.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// Options of every command that connects to a server.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct ConnectArgs {
    /// Address of the server, as URL or host:port [default: http://127.0.0.1:50051]
    #[arg(long, env = "GATEPOST_SERVER", value_name = "URL")]
    server: Option<String>,
    #[command(flatten)]
    access: CredentialArgs,
    /// Site (blog), as its host names it
    #[arg(long, env = "GATEPOST_SITE", value_name = "SITE")]
    site: Option<String>,
}

/// Options that authenticate the client and the server.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct CredentialArgs {
    /// Key of this client
    #[arg(long, env = "GATEPOST_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<Secret>,
    /// CA certificate for the server (PEM), if the system does not trust it
    #[arg(long, env = "GATEPOST_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Client certificate (PEM); needs --client-key
    #[arg(long, env = "GATEPOST_CLIENT_CERT", value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Private key of --client-cert (PEM)
    #[arg(long, env = "GATEPOST_CLIENT_KEY", value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

/// A text that debug output does not reveal.
#[derive(Clone)]
pub struct Secret(pub String);

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ConnectArgs {
    /// Returns the address of the server, or `None` if it was not given or is empty.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref().map(str::trim).filter(|server| !server.is_empty())
    }

    /// Returns the site, or `None` if it was not given or is empty.
    pub fn site_if_any(&self) -> Option<&str> {
        self.site.as_deref().map(str::trim).filter(|site| !site.is_empty())
    }

    /// Returns the site.
    ///
    /// # Errors
    /// Returns an error if no site was given.
    pub fn site(&self) -> Result<String, Failure> {
        let missing =
            || Failure::usage("no site was given; name the blog with --site or GATEPOST_SITE, e.g. --site blog.example");
        self.site_if_any().map(str::to_owned).ok_or_else(missing)
    }

    /// Connects to the server.
    ///
    /// # Errors
    /// Returns an error if the address, the key or a certificate is invalid, or if the server cannot be reached.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        self.access.connect(self.server().unwrap_or(DEFAULT_SERVER)).await
    }
}

impl CredentialArgs {
    /// Enables TLS for an address that begins with `https://`.
    fn configure_tls(&self, endpoint: Endpoint, server: &str) -> Result<Endpoint, Failure> {
        if !server.starts_with("https://") {
            return match &self.ca.as_ref().or(self.client_cert.as_ref()) {
                // A certificate was given, so TLS is expected.
                Some(_) => Err(Failure::usage(format!(
                    "certificates need TLS, which {server} does not use; give --server https://HOST:PORT"
                ))),
                None => Ok(endpoint),
            };
        }
        let read = |path: &PathBuf| {
            files::read(path, files::MAX_TEXT)
                .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
        };
        let mut tls = match &self.ca {
            None => ClientTlsConfig::new().with_native_roots(),
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
        };
        if let (Some(cert), Some(key)) = (&self.client_cert, &self.client_key) {
            tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?));
        }
        endpoint.tls_config(tls).map_err(|error| Failure::usage(format!("the certificates cannot be used: {error}")))
    }

    /// Returns the value of the `authorization` header, or `None` if no key was given.
    ///
    /// # Errors
    /// Returns an error if the key contains invalid characters.
    pub fn bearer(&self) -> Result<Option<MetadataValue<Ascii>>, Failure> {
        let Some(Secret(key)) = self.key.as_ref().filter(|Secret(key)| !key.is_empty()) else { return Ok(None) };
        let value = format!("Bearer {key}").parse::<MetadataValue<Ascii>>();
        let mut value = value.map_err(|_| Failure::usage("the key contains invalid characters; check --key"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Connects to a server, given as URL or host:port.
    ///
    /// # Errors
    /// Returns an error if the address, the key or a certificate is invalid, or if the server cannot be reached.
    pub async fn connect(&self, server: &str) -> Result<Connection, Failure> {
        let server = server_url(server)?;
        let bearer = self.bearer()?;
        let endpoint = Endpoint::from_shared(server.clone())
            .map_err(|_| Failure::usage(format!("{server} is not a valid server address; give --server http://HOST:PORT")))?;
        let channel = self
            .configure_tls(endpoint, &server)?
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true)
            .connect()
            .await
            .map_err(|error| Failure::unreachable(&server, &error))?;
        Ok(Connection { server, service: InterceptedService::new(channel, BearerToken(bearer)) })
    }
}

/// Returns the URL of a server address.
fn server_url(typed: &str) -> Result<String, Failure> {
    match typed.split_once("://") {
        None => Ok(format!("http://{typed}")),
        Some(("http" | "https", _)) => Ok(typed.to_owned()),
        Some((scheme, _)) => Err(Failure::usage(format!(
            "{typed}: {scheme}:// is not supported; give https://HOST:PORT, http://HOST:PORT or HOST:PORT"
        ))),
    }
}

/// The transport of the gRPC clients, which adds the key to every request.
pub type Service = InterceptedService<Channel, BearerToken>;

/// A connection to a server, which reconnects by itself when a request finds it broken.
#[derive(Clone)]
pub struct Connection {
    server: String,
    service: Service,
}

impl Connection {
    /// Returns a client of the service for hosts.
    pub fn moderation(&self) -> ModerationServiceClient<Service> {
        ModerationServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// Returns a client of the health service.
    pub fn health(&self) -> HealthClient<Service> {
        HealthClient::new(self.service.clone())
    }

    /// Returns a client of the service for moderators.
    pub fn review(&self) -> ReviewServiceClient<Service> {
        ReviewServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// Returns a client of the service for operators.
    pub fn admin(&self) -> AdminServiceClient<Service> {
        AdminServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// Returns the transport, for callers that encode their messages themselves.
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// Returns the URL of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Converts an error status of this server into a failure.
    pub fn failure(&self, status: &Status) -> Failure {
        Failure::from_status(&self.server, status)
    }
}

/// An interceptor that adds the key to every request.
#[derive(Clone)]
pub struct BearerToken(Option<MetadataValue<Ascii>>);

impl Interceptor for BearerToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_enough() {
        assert_eq!(server_url("localhost:50051").unwrap(), "http://localhost:50051");
        assert_eq!(server_url("http://h:1").unwrap(), "http://h:1");
        assert_eq!(server_url("https://h:1").unwrap(), "https://h:1");
        assert!(server_url("ftp://h:1").is_err());
    }

    #[test]
    fn a_key_is_not_shown() {
        let access = CredentialArgs { key: "hush".parse().ok(), ..CredentialArgs::default() };
        let args = ConnectArgs { access, ..ConnectArgs::default() };
        assert!(!format!("{args:?}").contains("hush"));
    }
}
