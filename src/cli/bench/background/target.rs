//! The server that connections beside the load lead to.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;
use tokio::net::lookup_host;

use super::super::comments::RequestSet;
use super::kind::ConnectionKind;
use crate::cli::failure::Failure;

/// The server that connections lead to, and the content of their requests.
pub struct BackgroundTarget {
    /// The resolved address of the server.
    pub address: SocketAddr,
    /// The host and port, for the `:authority` header.
    pub authority: String,
    /// The value of the `authorization` header, if there is an API key.
    pub bearer: Option<String>,
    /// The site that requests name.
    pub site: String,
    /// The comments to send.
    pub comments: Arc<RequestSet>,
}

impl BackgroundTarget {
    /// Parses and resolves the address of a server.
    ///
    /// # Errors
    /// Returns an error if the address is invalid, cannot be resolved, or needs TLS that these connections do not speak.
    pub async fn resolve(
        server: &str,
        bearer: Option<String>,
        site: String,
        comments: Arc<RequestSet>,
        kinds: &[ConnectionKind],
    ) -> Result<Self, Failure> {
        let no_address = || Failure::usage(format!("{server} is not a server address; give --server http://HOST:PORT"));
        let uri: Uri = server.parse().map_err(|_| no_address())?;
        let tls = uri.scheme_str() == Some("https");
        if tls && kinds.iter().any(|kind| *kind != ConnectionKind::HalfOpen) {
            return Err(Failure::usage("--idle and --slow-readers do not support TLS; give --server http://HOST:PORT"));
        }
        let authority = uri.authority().ok_or_else(no_address)?;
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let addresses = lookup_host((host, port)).await.map_err(|error| Failure::unreachable(server, &error))?;
        let address = addresses.into_iter().next().ok_or_else(no_address)?;
        Ok(Self { address, authority: authority.as_str().to_owned(), bearer, site, comments })
    }
}
