//! Authentication: reads the credential of a request and finds its caller.

use std::net::IpAddr;

use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::connection::ConnectionUse;
use crate::error::Error;
use crate::keys::{Caller, Certificate, KeyRing, PresentedKey};

/// Headers that proxies add to the requests that they forward.
const PROXY_HEADERS: [&str; 8] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-cluster-client-ip",
];
/// Prefixes of further headers that proxies add.
const PROXY_HEADER_PREFIXES: [&str; 3] = ["x-forwarded-", "x-envoy-", "x-original-"];

/// The credential of a call.
#[derive(Clone)]
pub(super) enum Credential {
    /// A key.
    Key(PresentedKey),
    /// A client certificate.
    Certificate(Certificate),
    /// No credential.
    None,
}

impl Credential {
    /// Returns the caller. As long as there are no keys, only callers on this machine are accepted.
    ///
    /// # Errors
    /// Returns [`Error::Unauthenticated`] if the credential is missing, unknown or expired.
    pub async fn authenticate(&self, ring: &KeyRing, local: bool) -> Result<Caller, Error> {
        let caller = match self {
            // An unknown key may have been created on another server.
            Self::Key(key) if ring.requires_keys() => ring.caller(key).await?,
            _ => self.current_caller(ring)?,
        };
        if !local && !ring.requires_keys() {
            return Err(Error::Unauthenticated {
                reason: "KEY_MISSING",
                problem: "this server has no keys yet and so answers only callers on its own machine, addressed as localhost \
                          or 127.0.0.1 and without a proxy in between; make a key there (`gatepost keys create`) and send it \
                          as `authorization: Bearer KEY`",
            });
        }
        Ok(caller)
    }

    /// Returns the caller according to the keys and certificates that this server has loaded.
    pub fn current_caller(&self, ring: &KeyRing) -> Result<Caller, Error> {
        match self {
            // A server that never had keys accepts every local caller, including those with a key of another server.
            Self::Key(_) | Self::None if !ring.requires_keys() => Ok(Caller::anonymous_admin()),
            Self::Key(key) => ring.cached_caller(key),
            Self::Certificate(certificate) => certificate.caller().ok_or(Error::Unauthenticated {
                reason: "CERTIFICATE_UNKNOWN",
                problem: "this client certificate has expired or has no entry in tls_clients; send a key instead as \
                          `authorization: Bearer KEY`",
            }),
            // Until the keys are loaded, it is unknown whether callers need one.
            Self::None if !ring.is_loaded() => Err(Error::Starting),
            Self::None => Err(Error::Unauthenticated {
                reason: "KEY_MISSING",
                problem: "this server requires a key: send it as `authorization: Bearer KEY`",
            }),
        }
    }
}

/// The parts of a request that identify its caller.
pub(super) struct CallCredentials {
    pub uri: http::Uri,
    pub credential: Credential,
    /// Whether the request comes from this machine and not through a proxy or a web page, which could relay anyone.
    pub local: bool,
    pub connection: Option<ConnectionUse>,
}

impl CallCredentials {
    /// Reads a request's headers, and the client certificate of its connection.
    pub fn from_request<B>(request: &Request<B>) -> Self {
        let credential = match (bearer_key(request), request.extensions().get::<Certificate>()) {
            (Some(key), _) => Credential::Key(PresentedKey::parse(&key)),
            (None, Some(certificate)) => Credential::Certificate(certificate.clone()),
            (None, None) => Credential::None,
        };
        let connection = request.extensions().get::<ConnectionUse>().cloned();
        Self { uri: request.uri().clone(), credential, local: is_local(request), connection }
    }
}

/// Returns whether a request comes from a program on this machine, as far as its headers show.
fn is_local<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let is_proxy_header = |name: &http::HeaderName| PROXY_HEADER_PREFIXES.iter().any(|start| name.as_str().starts_with(start));
    let by_proxy = PROXY_HEADERS.iter().any(|name| headers.contains_key(*name)) || headers.keys().any(is_proxy_header);
    // Browsers add these headers on behalf of pages, and send no gRPC request of a page without them.
    let by_page = headers.contains_key("origin") || headers.contains_key("sec-fetch-site");
    let is_grpc = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let is_relayed = by_proxy || by_page || !is_grpc;
    // HTTP/2 names the host in the address, HTTP/1 in a header.
    let header = || request.headers().get(http::header::HOST)?.to_str().ok()?.parse().ok();
    let authority: Option<http::uri::Authority> = request.uri().authority().cloned().or_else(header);
    let is_local_host = authority.is_some_and(|authority| {
        let host = authority.host().trim_matches(['[', ']']);
        let plain = !authority.as_str().contains('@');
        plain && (host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    });
    is_local_host && !is_relayed
}

/// Returns the bearer key of a request, or `None` if it has none.
fn bearer_key<B>(request: &Request<B>) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}
