//! One call: sent within its deadline and, with `--retry`, retried as a careful host would.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tonic::Code;
use tonic::client::Grpc;

use super::attempt::send;
use super::codec::EncodedRequest;
use super::comments::RequestSet;
use super::outcome::{CallFailure, CompletedCall};
use super::record::LoadRecorder;
use crate::cli::connect::Service;

/// Maximum number of attempts at a call. This and the backoff are those of gRPC's retry policy (gRFC A6).
const MAX_ATTEMPTS: u32 = 4;
/// Backoff before the second attempt; each later one doubles it.
const INITIAL_BACKOFF: Duration = Duration::from_millis(100);
/// Upper bound of the backoff, before jitter.
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// A connection and the server at its other end.
pub struct LoadConnection {
    /// Index of the server among those given on the command line.
    pub server: usize,
    /// The gRPC client of the connection.
    pub client: Grpc<Service>,
}

/// The connections, requests and counters that calls share.
pub struct LoadClient {
    /// The connections; neighbouring ones lead to different servers if there are several.
    pub connections: Vec<LoadConnection>,
    /// Number of different servers that the connections lead to.
    pub servers: usize,
    /// The requests to send.
    pub comments: Arc<RequestSet>,
    /// Timeout of a call, counted from when it was due.
    pub timeout: Duration,
    /// Whether calls that fail for a passing reason are retried.
    pub retry: bool,
    /// The counts of the calls that have ended.
    pub record: Mutex<LoadRecorder>,
    /// Number of calls in flight.
    pub in_flight: AtomicU64,
}

impl LoadClient {
    /// Runs a closure on the record. Nothing that holds the lock panics, so a poisoned lock is ignored.
    pub fn with_record<T>(&self, work: impl FnOnce(&mut LoadRecorder) -> T) -> T {
        work(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the call that was due at `due`, and records its outcome.
    pub async fn call(&self, number: u64, due: Instant) {
        let (sent, deadline) = (Instant::now(), due + self.timeout);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let mut connection = usize::try_from(number).unwrap_or_default() % self.connections.len();
        let mut attempts = 0;
        let (server, result) = loop {
            attempts += 1;
            let LoadConnection { server, client } = &self.connections[connection];
            let request = EncodedRequest { comments: Arc::clone(&self.comments), number, probe: false };
            let failure = match send(client, request, deadline).await {
                Ok(verdict) => break (*server, Ok(verdict)),
                Err(failure) => failure,
            };
            let pause = self.retry_delay(&failure, attempts);
            // A retry after the deadline could not succeed.
            let Some(pause) = pause.filter(|pause| Instant::now() + *pause < deadline) else { break (*server, Err(failure)) };
            tokio::time::sleep(pause).await;
            // The next connection leads to the next server.
            connection = (connection + 1) % self.connections.len();
        };
        self.with_record(|record| record.record_call(CompletedCall { due, sent, attempts, server, result }));
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Records the calls in flight as failed, because the run ends without waiting for them.
    pub fn abandon(&self) {
        let calls = self.in_flight.load(Ordering::Relaxed);
        self.with_record(|record| record.record_abandoned(calls));
    }

    /// Returns the delay before the next attempt, or `None` if the call is not retried.
    fn retry_delay(&self, failure: &CallFailure, attempts: u32) -> Option<Duration> {
        let may_pass = match failure.code {
            Code::Unavailable => true,
            Code::ResourceExhausted => failure.retry_after.is_some(),
            _ => false,
        };
        if !self.retry || !may_pass || attempts >= MAX_ATTEMPTS {
            return None;
        }
        let pause = (INITIAL_BACKOFF * 2_u32.saturating_pow(attempts - 1)).min(MAX_BACKOFF);
        let pause = pause.mul_f64(0.8 + 0.4 * fastrand::f64());
        // The delay that a server asks for does not bind the next server.
        let server_delay = failure.retry_after.filter(|_| self.servers == 1).unwrap_or_default();
        Some(pause.max(server_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::RequestOptions;
    use super::*;

    fn caller(servers: usize, retry: bool) -> LoadClient {
        let now = Instant::now();
        let options = RequestOptions { site: None, keep_ids: false, fresh_authors: false, dry_run: true };
        LoadClient {
            connections: Vec::new(),
            servers,
            comments: Arc::new(RequestSet::read(None, options).unwrap().0),
            timeout: Duration::from_secs(1),
            retry,
            record: Mutex::new(LoadRecorder::new(now, now, Duration::from_secs(1), servers)),
            in_flight: AtomicU64::new(0),
        }
    }

    fn shed(code: Code, retry_after: Option<Duration>) -> CallFailure {
        CallFailure { code, reason: "OVERLOADED".to_owned(), message: "busy".to_owned(), retry_after }
    }

    #[test]
    fn only_what_may_pass_is_asked_again_and_not_for_ever() {
        let caller = caller(1, true);
        let second = Some(Duration::from_secs(1));
        assert!(caller.retry_delay(&shed(Code::Unavailable, None), 1).is_some());
        assert!(caller.retry_delay(&shed(Code::Unavailable, None), 4).is_none());
        assert!(caller.retry_delay(&shed(Code::ResourceExhausted, None), 1).is_none());
        assert!(caller.retry_delay(&shed(Code::InvalidArgument, second), 1).is_none());
        assert!(super::tests::caller(1, false).retry_delay(&shed(Code::Unavailable, None), 1).is_none());
    }

    #[test]
    fn a_server_that_wants_a_pause_gets_it_but_not_from_the_next_one() {
        let asked = shed(Code::Unavailable, Some(Duration::from_secs(1)));
        assert_eq!(caller(1, true).retry_delay(&asked, 1), Some(Duration::from_secs(1)));
        let pause = caller(2, true).retry_delay(&asked, 1).unwrap();
        assert!((Duration::from_millis(80)..=Duration::from_millis(120)).contains(&pause), "{pause:?}");
        let later = caller(2, true).retry_delay(&asked, 3).unwrap();
        assert!((Duration::from_millis(320)..=Duration::from_millis(480)).contains(&later), "{later:?}");
    }
}
