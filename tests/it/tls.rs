//! Tests of TLS: only safe protocol versions, clients identified by their certificates, and renewal of a certificate without a
//! dropped call.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepost::pb;
use gatepost::pb::moderation_service_client::ModerationServiceClient;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status};

use crate::harness::{PATIENCE, SITE, Server, comment};

/// A folder of certificates.
struct Certificates {
    folder: TempDir,
    ca: Issuer<'static, KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let ca = authority(&folder.path().join("ca.pem"));
        let certificates = Self { folder, ca };
        certificates.issue("server", "localhost", false);
        certificates.issue("blog", "blog.internal", false);
        let clients = format!("[[client]]\nname = \"blog.internal\"\nrole = \"host\"\nsites = [\"{SITE}\"]\n");
        std::fs::write(certificates.path("clients.toml"), clients).unwrap();
        certificates
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Issues a certificate and its key, as `name.pem` and `name.key`.
    fn issue(&self, name: &str, host: &str, expired: bool) {
        issue(self.folder.path(), &self.ca, name, host, expired);
    }

    /// Returns the flags of a server that uses the certificates.
    fn flags(&self) -> Vec<String> {
        let files = [
            ("--tls-cert", "server.pem"),
            ("--tls-key", "server.key"),
            ("--tls-client-ca", "ca.pem"),
            ("--tls-clients", "clients.toml"),
        ];
        files.iter().flat_map(|(flag, file)| [flag.to_string(), self.path(file).display().to_string()]).collect()
    }

    async fn server(&self) -> Server {
        let flags = self.flags();
        let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        flags.extend(["--admin-key", "an-admin-key-for-tests-only-0123456789"]);
        Server::steady_with("", &flags).await
    }

    /// Returns a channel with a client certificate, or without one.
    async fn channel(&self, server: &Server, identity: Option<&str>) -> Result<Channel, tonic::transport::Error> {
        let mut tls =
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.read("ca.pem"))).domain_name("localhost");
        if let Some(name) = identity {
            tls = tls.identity(Identity::from_pem(self.read(&format!("{name}.pem")), self.read(&format!("{name}.key"))));
        }
        let url = format!("https://127.0.0.1:{}", server.address().port());
        Endpoint::from_shared(url).unwrap().tls_config(tls).unwrap().connect().await
    }
}

fn authority(path: &Path) -> Issuer<'static, KeyPair> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, path.display().to_string());
    std::fs::write(path, params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

fn issue(folder: &Path, ca: &Issuer<'static, KeyPair>, name: &str, host: &str, expired: bool) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if expired {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, ca).unwrap().pem()).unwrap();
}

async fn check(channel: Channel, site: &str) -> Result<pb::Verdict, Status> {
    let comment = pb::Comment { site: site.into(), ..comment("1", "hello there") };
    let request = pb::CheckCommentRequest { comment: Some(comment), dry_run: false };
    let answer = ModerationServiceClient::new(channel).check_comment(request).await?;
    Ok(answer.into_inner().verdict.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_who_its_certificate_says_and_no_more() {
    let certificates = Certificates::new();
    certificates.issue("stranger", "stranger.internal", false);
    let server = certificates.server().await;

    let blog = certificates.channel(&server, Some("blog")).await.unwrap();
    check(blog.clone(), SITE).await.unwrap();
    assert_eq!(check(blog, "there.example").await.unwrap_err().code(), Code::PermissionDenied);
    // A client with a valid certificate that is not listed, and a client without a certificate.
    for identity in [Some("stranger"), None] {
        let channel = certificates.channel(&server, identity).await.unwrap();
        assert_eq!(check(channel, SITE).await.unwrap_err().code(), Code::Unauthenticated, "{identity:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_has_expired_or_that_another_signed_opens_nothing() {
    let certificates = Certificates::new();
    certificates.issue("late", "blog.internal", true);
    let other = authority(&certificates.path("other-ca.pem"));
    issue(certificates.folder.path(), &other, "forged", "blog.internal", false);
    let server = certificates.server().await;
    for identity in ["late", "forged"] {
        // With TLS 1.3, a client learns of the refusal with its first call.
        let outcome = match certificates.channel(&server, Some(identity)).await {
            Ok(channel) => check(channel, SITE).await.map_err(|status| status.to_string()),
            Err(error) => Err(error.to_string()),
        };
        assert!(outcome.is_err(), "{identity}: {outcome:?}");
    }
    let blog = certificates.channel(&server, Some("blog")).await.unwrap();
    check(blog, SITE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_taken_out_ends_on_open_connections_too() {
    let certificates = Certificates::new();
    let server = certificates.server().await;
    let channel = certificates.channel(&server, Some("blog")).await.unwrap();
    check(channel.clone(), SITE).await.unwrap();
    let mut host = ModerationServiceClient::new(channel.clone());
    let request = pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: Some("now".into()) };
    let mut changes = host.watch_verdicts(request).await.unwrap().into_inner();

    std::fs::write(certificates.path("clients.toml"), "").unwrap();
    let ended = tokio::time::timeout(PATIENCE, changes.message()).await.expect("the stream goes on");
    assert_eq!(ended.unwrap_err().code(), Code::Unauthenticated);
    let status = check(channel, SITE).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    // A client without a certificate is refused too.
    let nobody = certificates.channel(&server, None).await.unwrap();
    assert_eq!(check(nobody, SITE).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_whose_signer_is_not_trusted_any_more_ends_on_open_connections_too() {
    let certificates = Certificates::new();
    let server = certificates.server().await;
    let channel = certificates.channel(&server, Some("blog")).await.unwrap();
    check(channel.clone(), SITE).await.unwrap();
    let others = Certificates::new();
    std::fs::write(certificates.path("ca.pem"), others.read("ca.pem")).unwrap();
    let until = std::time::Instant::now() + PATIENCE;
    let status = loop {
        match check(channel.clone(), SITE).await {
            Ok(_) => assert!(std::time::Instant::now() < until, "it goes on"),
            Err(status) => break status,
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
}

/// Returns the ClientHello of an old version of the protocol, with cipher suites that were common then.
fn old_greeting(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x13, 0x00, 0x2f, 1, 0]);
    let mut handshake = vec![1, 0, 0, u8::try_from(hello.len()).unwrap()];
    handshake.extend(hello);
    let mut record = vec![0x16, 3, 1, 0, u8::try_from(handshake.len()).unwrap()];
    record.extend(handshake);
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_older_than_1_2_and_plain_text_are_refused() {
    let certificates = Certificates::new();
    let server = certificates.server().await;
    for minor in [1, 2] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&old_greeting(minor)).unwrap();
        let mut answer = Vec::new();
        // The connection may be reset after the alert.
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(answer.first(), Some(&0x15), "an alert, and no greeting: {answer:?}");
    }
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    check(certificates.channel(&server, Some("blog")).await.unwrap(), SITE).await.unwrap();
}

/// Returns the certificate that the server presents on a new connection.
async fn shown(certificates: &Certificates, server: &Server) -> Vec<u8> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&certificates.read("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_without_a_dropped_call_and_a_broken_one_changes_nothing() {
    let certificates = Certificates::new();
    let server = certificates.server().await;
    let before = shown(&certificates, &server).await;
    let channel = certificates.channel(&server, Some("blog")).await.unwrap();
    let renewed_both = Arc::new(AtomicBool::new(false));
    let until_then = renewed_both.clone();
    let calling = tokio::spawn(async move {
        let mut calls = 0;
        while !until_then.load(Ordering::Relaxed) {
            check(channel.clone(), SITE).await.unwrap();
            calls += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        calls
    });

    certificates.issue("server", "localhost", false);
    let until = Instant::now() + PATIENCE;
    while shown(&certificates, &server).await == before {
        assert!(Instant::now() < until, "the old one is still shown");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let renewed = shown(&certificates, &server).await;
    std::fs::write(certificates.path("server.pem"), "-----BEGIN CERTIFICATE-----\nnonsense").unwrap();
    let until = Instant::now() + PATIENCE;
    while server.logged("certificates stay as they were").is_empty() {
        assert!(Instant::now() < until, "nothing was said");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(shown(&certificates, &server).await, renewed);
    renewed_both.store(true, Ordering::Relaxed);
    let calls = calling.await.unwrap();
    assert!(calls > 10, "calls went on all the while: {calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_speak_tls() {
    use crate::cli::{code, err, gatepost, out};
    let certificates = Certificates::new();
    let server = certificates.server().await;
    let url = format!("https://localhost:{}", server.address().port());
    let path = |name: &str| certificates.path(name).display().to_string();
    let healthy = gatepost(&["health", "--server", &url, "--ca", &path("ca.pem")]).output().unwrap();
    assert_eq!((code(&healthy), out(&healthy)), (0, "serving\n"), "{}", err(&healthy));
    let (ca, cert, key) = (path("ca.pem"), path("blog.pem"), path("blog.key"));
    let shown = ["--ca", &ca, "--client-cert", &cert, "--client-key", &key];
    let checked = gatepost(&["check", "--server", &url, "--site", SITE, "hello there"]).args(shown).output().unwrap();
    assert_eq!(code(&checked), 0, "{}", err(&checked));
    // A client that does not know the server's certificate authority refuses to connect.
    let unknown = gatepost(&["health", "--server", &url]).output().unwrap();
    assert_eq!(code(&unknown), 3, "{}", err(&unknown));
}
