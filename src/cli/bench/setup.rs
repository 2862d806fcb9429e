//! Prepares the load: opens the connections and sends each server one dry run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tonic::Code;
use tonic::client::Grpc;

use super::args::BenchArgs;
use super::attempt;
use super::background::{BackgroundConnections, BackgroundTarget, ConnectionKind};
use super::call::LoadConnection;
use super::codec::EncodedRequest;
use super::comments::{self, RequestSet};
use super::outcome::CallFailure;
use crate::cli::failure::Failure;

/// Opens the connections of the load, to each server in turn, and returns them with the URLs of the servers.
pub async fn connect(args: &BenchArgs) -> Result<(Vec<LoadConnection>, Vec<String>), Failure> {
    let addresses = args.servers();
    let count = usize::from(args.connections).max(addresses.len());
    let (mut connections, mut servers) = (Vec::with_capacity(count), Vec::new());
    for (server, address) in addresses.iter().enumerate().cycle().take(count) {
        let connection = args.access.connect(address).await?;
        if servers.len() < addresses.len() {
            servers.push(connection.server().to_owned());
        }
        connections.push(LoadConnection { server, client: Grpc::new(connection.service()) });
    }
    Ok((connections, servers))
}

/// Sends each server one dry run, so that a wrong API key or a server without this method is reported before the load.
///
/// # Errors
/// Returns an error if a server refuses the key or does not implement the method. Other failures show in the load.
pub async fn probe(
    connections: &[LoadConnection],
    servers: &[String],
    comments: &Arc<RequestSet>,
    timeout: Duration,
) -> Result<(), Failure> {
    for (connection, server) in connections.iter().zip(servers) {
        let request = EncodedRequest { comments: Arc::clone(comments), number: 0, probe: true };
        match attempt::send(&connection.client, request, Instant::now() + timeout).await {
            Err(CallFailure { code: Code::Unauthenticated | Code::PermissionDenied, message, .. }) => {
                return Err(Failure::from_status(server, &tonic::Status::permission_denied(message)));
            }
            Err(CallFailure { code: Code::Unimplemented, message, .. }) => {
                return Err(Failure::from_status(server, &tonic::Status::unimplemented(message)));
            }
            // Other failures may pass or concern only this comment; the load will show them.
            _ => {}
        }
    }
    Ok(())
}

/// Opens the connections beside the load. They end when `over` becomes true.
pub async fn open_background(
    args: &BenchArgs,
    servers: &[String],
    comments: &Arc<RequestSet>,
    over: &watch::Receiver<bool>,
) -> Result<Vec<BackgroundConnections>, Failure> {
    let all = [
        (ConnectionKind::Idle, args.idle),
        (ConnectionKind::HalfOpen, args.half_open),
        (ConnectionKind::SlowReaders, args.slow_readers),
    ];
    let wanted: Vec<_> = all.into_iter().filter(|(_, wanted)| *wanted > 0).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<_> = wanted.iter().map(|(kind, _)| *kind).collect();
    let bearer = args.access.bearer()?.and_then(|bearer| bearer.to_str().ok().map(str::to_owned));
    let mut targets = Vec::new();
    for server in servers {
        let site = args.site().unwrap_or(comments::DEFAULT_SITE).to_owned();
        targets.push(Arc::new(BackgroundTarget::resolve(server, bearer.clone(), site, Arc::clone(comments), &kinds).await?));
    }
    let mut groups = Vec::new();
    for (kind, wanted) in wanted {
        groups.push(BackgroundConnections::open(kind, wanted.into(), &targets, over).await);
    }
    Ok(groups)
}
