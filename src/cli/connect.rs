//! Which server, with which key, for which site; and the connection to it.

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

/// The server where none is named.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:50051";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take to begin to answer; a stream may then go on for ever.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// A silent connection is asked for a sign of life, so that `watch` notices a server that vanished without a word.
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// A page of the queue holds up to 100 comments, each with body and parent of up to 64 KiB, and their verdicts.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// Options of every command that talks to a server.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct ConnectArgs {
    /// Where the server is, as URL or host:port [default: http://127.0.0.1:50051]
    #[arg(long, env = "GATEPOST_SERVER", value_name = "URL")]
    server: Option<String>,
    #[command(flatten)]
    access: CredentialArgs,
    /// The blog, as its host names it
    #[arg(long, env = "GATEPOST_SITE", value_name = "SITE")]
    site: Option<String>,
}

/// How a client shows who it is, and whom it believes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct CredentialArgs {
    /// The key that this client may use
    #[arg(long, env = "GATEPOST_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<Secret>,
    /// Who signed the server's certificate (PEM), where the system does not trust them
    #[arg(long, env = "GATEPOST_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A certificate to show to the server (PEM); needs --client-key
    #[arg(long, env = "GATEPOST_CLIENT_CERT", value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The private key of --client-cert (PEM)
    #[arg(long, env = "GATEPOST_CLIENT_KEY", value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

/// Text that must not show up in logs.
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
    /// The server, where one was named. An empty variable names none.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref().map(str::trim).filter(|server| !server.is_empty())
    }

    /// The site, where one was named.
    pub fn site_if_any(&self) -> Option<&str> {
        self.site.as_deref().map(str::trim).filter(|site| !site.is_empty())
    }

    /// The site.
    ///
    /// # Errors
    /// When none was named.
    pub fn site(&self) -> Result<String, Failure> {
        let missing = || Failure::usage("which blog? Name it with --site or GATEPOST_SITE, e.g. --site blog.example");
        self.site_if_any().map(str::to_owned).ok_or_else(missing)
    }

    /// Connects.
    ///
    /// # Errors
    /// An address or key that is none; nobody there.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        self.access.connect(self.server().unwrap_or(DEFAULT_SERVER)).await
    }
}

impl CredentialArgs {
    /// Has an address that begins with https:// spoken to by TLS.
    fn configure_tls(&self, endpoint: Endpoint, server: &str) -> Result<Endpoint, Failure> {
        if !server.starts_with("https://") {
            return match &self.ca.as_ref().or(self.client_cert.as_ref()) {
                // Whoever names a certificate means to be safe.
                Some(_) => Err(Failure::usage(format!("{server} is not spoken to by TLS; give --server https://HOST:PORT"))),
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

    /// What every call shows, where there is a key.
    ///
    /// # Errors
    /// A key that is none.
    pub fn bearer(&self) -> Result<Option<MetadataValue<Ascii>>, Failure> {
        let Some(Secret(key)) = self.key.as_ref().filter(|Secret(key)| !key.is_empty()) else { return Ok(None) };
        let value = format!("Bearer {key}").parse::<MetadataValue<Ascii>>();
        let mut value = value.map_err(|_| Failure::usage("the key holds characters that no key has; check --key"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Connects to a server, named as URL or host:port.
    ///
    /// # Errors
    /// An address or key that is none; nobody there.
    pub async fn connect(&self, server: &str) -> Result<Connection, Failure> {
        let server = server_url(server)?;
        let bearer = self.bearer()?;
        let endpoint = Endpoint::from_shared(server.clone())
            .map_err(|_| Failure::usage(format!("{server} is no address of a server; give --server http://HOST:PORT")))?;
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

/// The URL that an address means.
fn server_url(typed: &str) -> Result<String, Failure> {
    match typed.split_once("://") {
        None => Ok(format!("http://{typed}")),
        Some(("http" | "https", _)) => Ok(typed.to_owned()),
        Some((scheme, _)) => Err(Failure::usage(format!(
            "{typed}: {scheme}:// is not spoken here, only https://HOST:PORT, http://HOST:PORT or HOST:PORT"
        ))),
    }
}

/// Carries calls to a server.
pub type Service = InterceptedService<Channel, BearerToken>;

/// A connection to a server. It reconnects by itself when a call finds it broken.
#[derive(Clone)]
pub struct Connection {
    server: String,
    service: Service,
}

impl Connection {
    /// What hosts call.
    pub fn moderation(&self) -> ModerationServiceClient<Service> {
        ModerationServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// Whether it takes calls.
    pub fn health(&self) -> HealthClient<Service> {
        HealthClient::new(self.service.clone())
    }

    /// What moderators call.
    pub fn review(&self) -> ReviewServiceClient<Service> {
        ReviewServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// What operators call.
    pub fn admin(&self) -> AdminServiceClient<Service> {
        AdminServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// What carries the calls, for callers that write their messages themselves.
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// Where it leads.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A status in words for the person at the terminal.
    pub fn failure(&self, status: &Status) -> Failure {
        Failure::from_status(&self.server, status)
    }
}

/// Shows the key with every call.
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
