//! What happens before the load begins: connections are made, and each server is asked once.

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

/// Connects as often as asked, the servers taking turns, and tells the servers' addresses.
pub async fn connect(args: &BenchArgs) -> Result<(Vec<LoadConnection>, Vec<String>), Failure> {
    let named = args.servers();
    let count = usize::from(args.connections).max(named.len());
    let (mut lines, mut servers) = (Vec::with_capacity(count), Vec::new());
    for (server, name) in named.iter().enumerate().cycle().take(count) {
        let connection = args.access.connect(name).await?;
        if servers.len() < named.len() {
            servers.push(connection.server().to_owned());
        }
        lines.push(LoadConnection { server, client: Grpc::new(connection.service()) });
    }
    Ok((lines, servers))
}

/// Asks each server once without a trace: whoever gave a wrong key or a broken file learns of it now, not from a report.
pub async fn probe(
    lines: &[LoadConnection],
    servers: &[String],
    comments: &Arc<RequestSet>,
    timeout: Duration,
) -> Result<(), Failure> {
    for (line, server) in lines.iter().zip(servers) {
        let request = EncodedRequest { comments: Arc::clone(comments), number: 0, probe: true };
        match attempt::send(&line.client, request, Instant::now() + timeout).await {
            Err(CallFailure { code: Code::Unauthenticated | Code::PermissionDenied, message, .. }) => {
                return Err(Failure::from_status(server, &tonic::Status::permission_denied(message)));
            }
            Err(CallFailure { code: Code::Unimplemented, message, .. }) => {
                return Err(Failure::from_status(server, &tonic::Status::unimplemented(message)));
            }
            // What passes, or is of this one comment, the load itself will show.
            _ => {}
        }
    }
    Ok(())
}

/// Opens the connections that stand beside the load.
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
    let mut doors = Vec::new();
    for server in servers {
        let site = args.site().unwrap_or(comments::DEFAULT_SITE).to_owned();
        doors.push(Arc::new(BackgroundTarget::resolve(server, bearer.clone(), site, Arc::clone(comments), &kinds).await?));
    }
    let mut crowds = Vec::new();
    for (kind, wanted) in wanted {
        crowds.push(BackgroundConnections::open(kind, wanted.into(), &doors, over).await);
    }
    Ok(crowds)
}
