//! TLS: the server's certificate and the clients' permissions, reloaded when their files change.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::config::TlsFiles;
use crate::error::BoxError;
use crate::files;
use crate::keys::{AllowedSites, Caller, Certificate, Role};
use crate::telemetry::METRICS;

/// The server's certificate, and what it accepts from clients.
pub struct Tls {
    files: TlsFiles,
    loaded: ArcSwap<LoadedFiles>,
    generations: AtomicU64,
}

/// A client certificate from a handshake.
struct ShownCertificate {
    chain: Vec<CertificateDer<'static>>,
    names: Vec<String>,
    /// Expiry, in seconds since 1970.
    ends: i64,
    /// The generation of the files with which the certificate was last verified.
    verified: AtomicU64,
}

struct LoadedFiles {
    config: Arc<ServerConfig>,
    /// The number of times the files were loaded before.
    generation: u64,
    /// Verifies client certificates, or `None` if none are accepted.
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// The callers by the names in their certificates, in lower case.
    clients: HashMap<String, Caller>,
}

/// The file that maps certificates to roles and sites.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientsFile {
    #[serde(default)]
    client: Vec<ClientEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientEntry {
    name: String,
    role: Role,
    sites: Vec<String>,
}

impl Tls {
    /// Loads all files.
    ///
    /// # Errors
    /// Returns an error with the path if a file cannot be read or is invalid.
    pub fn load(files: TlsFiles) -> Result<Self, BoxError> {
        let loaded = LoadedFiles::read(&files, 0)?;
        Ok(Self { files, loaded: ArcSwap::from_pointee(loaded), generations: AtomicU64::new(1) })
    }

    /// Reloads all files. If one of them is invalid, the loaded ones stay in force.
    ///
    /// # Errors
    /// Returns the errors of [`load`](Self::load).
    pub fn reload(&self) -> Result<(), BoxError> {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        self.loaded.store(Arc::new(LoadedFiles::read(&self.files, generation)?));
        Ok(())
    }

    /// Returns the paths of the files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let TlsFiles { cert, key, client_ca, clients } = &self.files;
        [cert, key, client_ca, clients].into_iter().flatten().map(std::path::PathBuf::as_path)
    }

    /// Returns an acceptor with the current files. Existing connections keep their certificates.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.loaded.load().config))
    }

    /// Returns the client certificate of a handshake, or `None` without one. Its caller is looked up in the current files each
    /// time it is asked for.
    pub fn certificate(self: &Arc<Self>, chain: &[CertificateDer<'_>]) -> Option<Certificate> {
        let first = chain.first()?;
        let shown = ShownCertificate {
            names: names(first),
            ends: expiry(first)?,
            chain: chain.iter().map(|certificate| certificate.clone().into_owned()).collect(),
            verified: AtomicU64::new(self.loaded.load().generation),
        };
        let tls = Arc::clone(self);
        Some(Certificate::new(move || tls.caller(&shown)))
    }

    fn caller(&self, shown: &ShownCertificate) -> Option<Caller> {
        let now = UnixTime::now();
        if i64::try_from(now.as_secs()).unwrap_or(i64::MAX) > shown.ends {
            return None;
        }
        let loaded = self.loaded.load();
        if shown.verified.load(Ordering::Relaxed) != loaded.generation {
            let (first, others) = shown.chain.split_first()?;
            loaded.verifier.as_ref()?.verify_client_cert(first, others, now).ok()?;
            shown.verified.store(loaded.generation, Ordering::Relaxed);
        }
        shown.names.iter().find_map(|name| loaded.clients.get(name).cloned())
    }

    /// Returns whether clients can authenticate with certificates.
    pub fn knows_clients(&self) -> bool {
        self.files.clients.is_some()
    }

    /// Returns whether any certificate has the rights of an admin key for all sites.
    pub fn has_admin(&self) -> bool {
        let loaded = self.loaded.load();
        let all = |caller: &Caller| caller.role == Role::Admin && *caller.sites == AllowedSites::All;
        loaded.verifier.is_some() && loaded.clients.values().any(all)
    }
}

impl LoadedFiles {
    fn read(files: &TlsFiles, generation: u64) -> Result<Self, BoxError> {
        let (Some(cert), Some(key)) = (&files.cert, &files.key) else {
            return Err("tls_cert and tls_key are both needed".into());
        };
        let chain = certificates(cert)?;
        let private = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|error| format!("{} holds no private key in PEM: {error}", key.display()))?;
        let builder = ServerConfig::builder();
        let mut client_verifier = None;
        let builder = match &files.client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(ca)? {
                    roots.add(root).map_err(|error| format!("{}: {error}", ca.display()))?;
                }
                // Clients without a certificate need a key.
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build();
                let verifier = verifier.map_err(|error| format!("{}: {error}", ca.display()))?;
                client_verifier = Some(Arc::clone(&verifier));
                builder.with_client_cert_verifier(verifier)
            }
        };
        let expires = chain.first().and_then(expiry);
        let mut config = builder
            .with_single_cert(chain, private)
            .map_err(|error| format!("{} and {} do not fit together: {error}", cert.display(), key.display()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let clients = files.clients.as_deref().map_or(Ok(HashMap::new()), clients)?;
        METRICS.certificate_expires(expires.unwrap_or(0));
        Ok(Self { config: Arc::new(config), generation, verifier: client_verifier, clients })
    }
}

fn clients(path: &Path) -> Result<HashMap<String, Caller>, BoxError> {
    let text = String::from_utf8(read(path)?).map_err(|_| format!("{} is not UTF-8", path.display()))?;
    let ClientsFile { client } = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut callers = HashMap::new();
    for ClientEntry { name, role, sites } in client {
        let sites = if sites == ["*"] { AllowedSites::All } else { AllowedSites::These(sites) };
        let caller = Caller { id: name.as_str().into(), name: name.as_str().into(), role, sites: Arc::new(sites) };
        if callers.insert(name.to_lowercase(), caller).is_some() {
            return Err(format!("{} names {name:?} twice", path.display()).into());
        }
    }
    Ok(callers)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BoxError> {
    let pem = read(path)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("{} is not valid PEM: {error}", path.display()))?;
    if chain.is_empty() {
        return Err(format!("{} holds no certificate in PEM", path.display()).into());
    }
    Ok(chain)
}

fn read(path: &Path) -> Result<Vec<u8>, BoxError> {
    Ok(files::read(path, files::MAX_TEXT).map_err(|error| format!("cannot read {}: {error}", path.display()))?)
}

/// Returns the DNS names in a certificate, or its common name if it has none.
fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let dns = alternative.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_lowercase()),
        _ => None,
    });
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).map(str::to_lowercase);
    let mut names: Vec<String> = dns.collect();
    if names.is_empty() {
        // The common name counts only without DNS names, as for servers (RFC 9525).
        names.extend(common);
    }
    names
}

/// Returns when a certificate expires, in seconds since 1970.
fn expiry(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}
