//! Authentication: what a request says of who makes it, and whom that stands for.

use std::net::IpAddr;

use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::connection::ConnectionUse;
use crate::error::Error;
use crate::keys::{Caller, Certificate, KeyRing, PresentedKey};

/// What proxies add to the calls that they pass on.
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
/// With what the names of others begin that they add.
const PROXY_HEADER_PREFIXES: [&str; 3] = ["x-forwarded-", "x-envoy-", "x-original-"];

/// What a caller shows.
#[derive(Clone)]
pub(super) enum Credential {
    /// A key.
    Key(PresentedKey),
    /// A client certificate.
    Certificate(Certificate),
    /// Nothing.
    None,
}

impl Credential {
    /// Returns who makes a call. Until there are keys, only callers on this machine do.
    pub async fn authenticate(&self, ring: &KeyRing, local: bool) -> Result<Caller, Error> {
        let caller = match self {
            // A key that is not known yet may have been made on another server.
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

    /// Returns who it is by what is known now.
    pub fn current_caller(&self, ring: &KeyRing) -> Result<Caller, Error> {
        match self {
            // A server that never had a key believes everybody on its machine, also those with one of another server.
            Self::Key(_) | Self::None if !ring.requires_keys() => Ok(Caller::anonymous_admin()),
            Self::Key(key) => ring.cached_caller(key),
            Self::Certificate(certificate) => certificate.caller().ok_or(Error::Unauthenticated {
                reason: "CERTIFICATE_UNKNOWN",
                problem: "this client certificate is in none of the lines of tls_clients, or has ended; send a key instead as \
                          `authorization: Bearer KEY`",
            }),
            // Whether anybody needs a key is not known yet.
            Self::None if !ring.is_loaded() => Err(Error::Starting),
            Self::None => Err(Error::Unauthenticated {
                reason: "KEY_MISSING",
                problem: "this server asks for a key: send it as `authorization: Bearer KEY`",
            }),
        }
    }
}

/// What a request says of who makes it.
pub(super) struct CallCredentials {
    pub uri: http::Uri,
    pub credential: Credential,
    /// Whether it comes from this machine and from nobody behind a proxy or a web page, through which everybody could come.
    pub local: bool,
    pub connection: Option<ConnectionUse>,
}

impl CallCredentials {
    /// Reads the headers of a request, and what its connection has shown.
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

/// Returns whether a request comes from a program on this machine, as far as its headers tell.
fn is_local<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let added = |name: &http::HeaderName| PROXY_HEADER_PREFIXES.iter().any(|start| name.as_str().starts_with(start));
    let by_proxy = PROXY_HEADERS.iter().any(|name| headers.contains_key(*name)) || headers.keys().any(added);
    // Browsers say on whose behalf they ask, and no page can ask for gRPC without them asking first.
    let by_page = headers.contains_key("origin") || headers.contains_key("sec-fetch-site");
    let grpc = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let through = by_proxy || by_page || !grpc;
    // HTTP/2 names the host in the address, HTTP/1 in a header.
    let header = || request.headers().get(http::header::HOST)?.to_str().ok()?.parse().ok();
    let authority: Option<http::uri::Authority> = request.uri().authority().cloned().or_else(header);
    let here = authority.is_some_and(|authority| {
        let host = authority.host().trim_matches(['[', ']']);
        let plain = !authority.as_str().contains('@');
        plain && (host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    });
    here && !through
}

/// Returns the key that a call brings.
fn bearer_key<B>(request: &Request<B>) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}
