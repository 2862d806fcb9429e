//! One call: asked within its deadline, and where that is wanted asked again, as a careful host would.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use tokio::time::timeout_at;
use tonic::client::Grpc;
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::StatusExt;

use super::comments::Comments;
use super::record::{Call, Missed, Record};
use super::wire::{PATH, Request, Verdict, Wire};
use crate::cli::connect::Service;
use crate::cli::text;

/// How often a call is sent at most, and the pauses between: those of gRPC's retry policy (gRFC A6).
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How much of what a server said is kept as an example.
const EXAMPLE: usize = 200;

/// A connection and the server at its other end.
pub struct Line {
    /// The place of the server among those named.
    pub server: usize,
    /// What carries calls.
    pub client: Grpc<Service>,
}

/// All that calls need.
pub struct Caller {
    /// The connections, the servers taking turns.
    pub lines: Vec<Line>,
    /// How many different servers they lead to.
    pub servers: usize,
    /// What is sent.
    pub comments: Arc<Comments>,
    /// How long after a call was due its answer is of no use any more.
    pub timeout: Duration,
    /// Whether what may pass is asked again.
    pub retry: bool,
    /// What came of it.
    pub record: Mutex<Record>,
    /// Calls that have begun and not ended.
    pub on_their_way: AtomicU64,
}

impl Caller {
    /// Works on the record. Nothing that holds it can fail, so that it is whole.
    pub fn record<T>(&self, work: impl FnOnce(&mut Record) -> T) -> T {
        work(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a call that was due at a moment, and counts how it ended.
    pub async fn call(&self, number: u64, due: Instant) {
        let (sent, deadline) = (Instant::now(), due + self.timeout);
        self.on_their_way.fetch_add(1, Ordering::Relaxed);
        let mut line = usize::try_from(number).unwrap_or_default() % self.lines.len();
        let mut attempts = 0;
        let (server, result) = loop {
            attempts += 1;
            let Line { server, client } = &self.lines[line];
            let request = Request { comments: Arc::clone(&self.comments), number, probe: false };
            let missed = match ask(client, request, deadline).await {
                Ok(verdict) => break (*server, Ok(verdict)),
                Err(missed) => missed,
            };
            let pause = self.pause(&missed, attempts);
            // A pause beyond the deadline would only keep the caller waiting for nothing.
            let Some(pause) = pause.filter(|pause| Instant::now() + *pause < deadline) else { break (*server, Err(missed)) };
            tokio::time::sleep(pause).await;
            // Neighbouring lines lead to different servers.
            line = (line + 1) % self.lines.len();
        };
        self.record(|record| record.ended(Call { due, sent, attempts, server, result }));
        self.on_their_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts calls on their way as failed: nobody waits for them any more.
    pub fn abandon(&self) {
        let calls = self.on_their_way.load(Ordering::Relaxed);
        self.record(|record| record.abandon(calls));
    }

    /// How long to wait before the next attempt. `None`: there is none.
    fn pause(&self, missed: &Missed, attempts: u32) -> Option<Duration> {
        let may_pass = match missed.code {
            Code::Unavailable => true,
            Code::ResourceExhausted => missed.retry_after.is_some(),
            _ => false,
        };
        if !self.retry || !may_pass || attempts >= ATTEMPTS {
            return None;
        }
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(attempts - 1)).min(LONGEST_PAUSE);
        let pause = pause.mul_f64(0.8 + 0.4 * fastrand::f64());
        // What a server says of itself does not bind the next one.
        let asked = missed.retry_after.filter(|_| self.servers == 1).unwrap_or_default();
        Some(pause.max(asked))
    }
}

/// Asks once.
///
/// # Errors
/// Why there is no verdict.
pub async fn ask(client: &Grpc<Service>, request: Request, deadline: Instant) -> Result<Verdict, Missed> {
    let too_late = || Missed {
        code: Code::DeadlineExceeded,
        reason: "timeout".to_owned(),
        message: "no answer in time".to_owned(),
        retry_after: None,
    };
    let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or_else(too_late)?;
    let mut request = tonic::Request::new(request);
    request.set_timeout(left);
    let mut client = client.clone();
    let answering = async {
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        client.unary(request, PathAndQuery::from_static(PATH), Wire).await
    };
    // The channel has a timer too, but it does not run while a call waits for the connection.
    match timeout_at(deadline.into(), answering).await {
        Err(_) => Err(too_late()),
        Ok(Ok(answer)) => answer.into_inner().verdict.ok_or_else(|| Missed {
            code: Code::Internal,
            reason: "no_verdict".to_owned(),
            message: "the answer holds no verdict".to_owned(),
            retry_after: None,
        }),
        Ok(Err(status)) if caused_by::<TimeoutExpired>(&status) => Err(too_late()),
        Ok(Err(status)) => Err(missed(&status)),
    }
}

/// What a status means for the one who counts.
fn missed(status: &Status) -> Missed {
    let message = text::line(status.message(), EXAMPLE);
    if let Some(cause) = status.source() {
        // It was made on this side, because the connection broke: to a host that is UNAVAILABLE, whatever tonic calls it.
        let message = format!("{message}: {}", text::line(&innermost(cause), EXAMPLE));
        return Missed { code: Code::Unavailable, reason: "connection".to_owned(), message, retry_after: None };
    }
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| text::line(&info.reason, 64)).unwrap_or_default();
    let retry_after = details.retry_info().and_then(|info| info.retry_delay);
    Missed { code: status.code(), reason, message, retry_after }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

fn caused_by<E: Error + 'static>(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn caller(servers: usize, retry: bool) -> Caller {
        let now = Instant::now();
        let making = super::super::comments::Making { site: None, keep_ids: false, fresh_authors: false, dry_run: true };
        Caller {
            lines: Vec::new(),
            servers,
            comments: Arc::new(Comments::read(None, making).unwrap().0),
            timeout: Duration::from_secs(1),
            retry,
            record: Mutex::new(Record::new(now, now, Duration::from_secs(1), servers)),
            on_their_way: AtomicU64::new(0),
        }
    }

    fn shed(code: Code, retry_after: Option<Duration>) -> Missed {
        let mut details = ErrorDetails::new();
        details.set_error_info("OVERLOADED", "gatepost", []);
        if retry_after.is_some() {
            details.set_retry_info(retry_after);
        }
        missed(&Status::with_error_details(code, "busy", details))
    }

    #[test]
    fn reasons_and_pauses_are_read_from_the_details() {
        let missed = shed(Code::ResourceExhausted, Some(Duration::from_millis(200)));
        assert_eq!((missed.reason.as_str(), missed.retry_after), ("OVERLOADED", Some(Duration::from_millis(200))));
    }

    #[test]
    fn only_what_may_pass_is_asked_again_and_not_for_ever() {
        let caller = caller(1, true);
        let second = Some(Duration::from_secs(1));
        assert!(caller.pause(&shed(Code::Unavailable, None), 1).is_some());
        assert!(caller.pause(&shed(Code::Unavailable, None), 4).is_none());
        assert!(caller.pause(&shed(Code::ResourceExhausted, None), 1).is_none());
        assert!(caller.pause(&shed(Code::InvalidArgument, second), 1).is_none());
        assert!(super::tests::caller(1, false).pause(&shed(Code::Unavailable, None), 1).is_none());
    }

    #[test]
    fn a_server_that_wants_a_pause_gets_it_but_not_from_the_next_one() {
        let asked = shed(Code::Unavailable, Some(Duration::from_secs(1)));
        assert_eq!(caller(1, true).pause(&asked, 1), Some(Duration::from_secs(1)));
        let pause = caller(2, true).pause(&asked, 1).unwrap();
        assert!((Duration::from_millis(80)..=Duration::from_millis(120)).contains(&pause), "{pause:?}");
        let later = caller(2, true).pause(&asked, 3).unwrap();
        assert!((Duration::from_millis(320)..=Duration::from_millis(480)).contains(&later), "{later:?}");
    }
}
