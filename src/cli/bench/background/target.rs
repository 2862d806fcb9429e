//! Where the connections beside the load lead.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;
use tokio::net::lookup_host;

use super::super::comments::RequestSet;
use super::kind::ConnectionKind;
use crate::cli::failure::Failure;

/// Where connections lead and what is asked on them.
pub struct BackgroundTarget {
    /// The resolved address of the server.
    pub address: SocketAddr,
    /// The host and port, as requests name them.
    pub authority: String,
    /// The key to call with, if there is one.
    pub bearer: Option<String>,
    /// The site that is asked about.
    pub site: String,
    /// The comments that are sent.
    pub comments: Arc<RequestSet>,
}

impl BackgroundTarget {
    /// To a server.
    ///
    /// # Errors
    /// An address that is none, or that these connections cannot speak to.
    pub async fn resolve(
        server: &str,
        bearer: Option<String>,
        site: String,
        comments: Arc<RequestSet>,
        kinds: &[ConnectionKind],
    ) -> Result<Self, Failure> {
        let no_address = || Failure::usage(format!("{server} is no address of a server; give --server http://HOST:PORT"));
        let uri: Uri = server.parse().map_err(|_| no_address())?;
        let tls = uri.scheme_str() == Some("https");
        if tls && kinds.iter().any(|kind| *kind != ConnectionKind::HalfOpen) {
            return Err(Failure::usage("--idle and --slow-readers speak plain HTTP/2 only; give --server http://HOST:PORT"));
        }
        let authority = uri.authority().ok_or_else(no_address)?;
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let found = lookup_host((host, port)).await.map_err(|error| Failure::unreachable(server, &error))?;
        let address = found.into_iter().next().ok_or_else(no_address)?;
        Ok(Self { address, authority: authority.as_str().to_owned(), bearer, site, comments })
    }
}
