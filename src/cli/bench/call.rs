//! One call: asked within its deadline, and where that is wanted asked again, as a careful host would.

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

/// How often a call is sent at most, and the pauses between: those of gRPC's retry policy (gRFC A6).
const MAX_ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection and the server at its other end.
pub struct LoadConnection {
    /// The place of the server among those named.
    pub server: usize,
    /// What carries calls.
    pub client: Grpc<Service>,
}

/// All that calls need.
pub struct LoadClient {
    /// The connections, the servers taking turns.
    pub connections: Vec<LoadConnection>,
    /// How many different servers they lead to.
    pub servers: usize,
    /// What is sent.
    pub comments: Arc<RequestSet>,
    /// How long after a call was due its answer is of no use any more.
    pub timeout: Duration,
    /// Whether what may pass is asked again.
    pub retry: bool,
    /// What came of it.
    pub record: Mutex<LoadRecorder>,
    /// Calls that have begun and not ended.
    pub in_flight: AtomicU64,
}

impl LoadClient {
    /// Works on the record. Nothing that holds it can fail, so that it is whole.
    pub fn with_record<T>(&self, work: impl FnOnce(&mut LoadRecorder) -> T) -> T {
        work(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a call that was due at a moment, and counts how it ended.
    pub async fn call(&self, number: u64, due: Instant) {
        let (sent, deadline) = (Instant::now(), due + self.timeout);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let mut line = usize::try_from(number).unwrap_or_default() % self.connections.len();
        let mut attempts = 0;
        let (server, result) = loop {
            attempts += 1;
            let LoadConnection { server, client } = &self.connections[line];
            let request = EncodedRequest { comments: Arc::clone(&self.comments), number, probe: false };
            let missed = match send(client, request, deadline).await {
                Ok(verdict) => break (*server, Ok(verdict)),
                Err(missed) => missed,
            };
            let pause = self.retry_delay(&missed, attempts);
            // A pause beyond the deadline would only keep the caller waiting for nothing.
            let Some(pause) = pause.filter(|pause| Instant::now() + *pause < deadline) else { break (*server, Err(missed)) };
            tokio::time::sleep(pause).await;
            // Neighbouring lines lead to different servers.
            line = (line + 1) % self.connections.len();
        };
        self.with_record(|record| record.record_call(CompletedCall { due, sent, attempts, server, result }));
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts calls on their way as failed: nobody waits for them any more.
    pub fn abandon(&self) {
        let calls = self.in_flight.load(Ordering::Relaxed);
        self.with_record(|record| record.record_abandoned(calls));
    }

    /// How long to wait before the next attempt. `None`: there is none.
    fn retry_delay(&self, missed: &CallFailure, attempts: u32) -> Option<Duration> {
        let may_pass = match missed.code {
            Code::Unavailable => true,
            Code::ResourceExhausted => missed.retry_after.is_some(),
            _ => false,
        };
        if !self.retry || !may_pass || attempts >= MAX_ATTEMPTS {
            return None;
        }
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(attempts - 1)).min(LONGEST_PAUSE);
        let pause = pause.mul_f64(0.8 + 0.4 * fastrand::f64());
        // What a server says of itself does not bind the next one.
        let asked = missed.retry_after.filter(|_| self.servers == 1).unwrap_or_default();
        Some(pause.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::RequestOptions;
    use super::*;

    fn caller(servers: usize, retry: bool) -> LoadClient {
        let now = Instant::now();
        let making = RequestOptions { site: None, keep_ids: false, fresh_authors: false, dry_run: true };
        LoadClient {
            connections: Vec::new(),
            servers,
            comments: Arc::new(RequestSet::read(None, making).unwrap().0),
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
