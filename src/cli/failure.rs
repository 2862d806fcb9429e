//! Why a command did not do what it was asked: an exit code, and words that say what to do next.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::text;

/// Exit code: something went wrong that none of the others describes.
pub const FAILED: u8 = 1;
/// Exit code: what was typed, or the comment that was given, cannot be understood.
pub const USAGE: u8 = 2;
/// Exit code: no server there.
pub const UNREACHABLE: u8 = 3;
/// Exit code: the server does not accept the key.
pub const REFUSED: u8 = 4;
/// Exit code: some of several failed, the rest is done.
pub const PARTLY_FAILED: u8 = 5;

/// What stands before the fields of a request that break a rule.
const INVALID: &str = "the request is invalid:";

/// An end that is not success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    /// Whether the server said that asking again helps.
    retryable: bool,
    /// Empty: nobody needs to be told.
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, retryable: false, message: message.into() }
    }

    /// Something went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FAILED, message)
    }

    /// What was typed makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    /// The fields of a request that break a rule, one a line.
    pub fn invalid_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut message = INVALID.to_owned();
        for (field, problem) in fields {
            // Writing to a String cannot fail.
            let _ = write!(message, "\n  {field}: {problem}");
        }
        Self::usage(message)
    }

    /// Nobody answers at `server`.
    pub fn unreachable(server: &str, cause: &dyn Error) -> Self {
        let message = format!(
            "cannot reach {server}: {}; is `gatepost serve` running? If it is elsewhere, name it with --server or GATEPOST_SERVER",
            root_cause(cause)
        );
        Self::new(UNREACHABLE, message)
    }

    /// `server` was there, went away and did not come back in time.
    pub fn connection_lost(server: &str, status: &Status) -> Self {
        match Self::from_status(server, status) {
            // Whether it cannot be reached or ends every call early: it is away.
            failure if failure.code == FAILED && status.code() == Code::Unavailable => Self { code: UNREACHABLE, ..failure },
            failure => failure,
        }
    }

    /// Standard output does not take more. When its reader has gone, as `head` does, that is no failure.
    pub fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(0, "");
        }
        Self::failed(format!("cannot write to standard output: {error}"))
    }

    /// What `server` answered instead of an answer.
    pub fn from_status(server: &str, status: &Status) -> Self {
        let said = status.message();
        match status.code() {
            _ if unreachable(status) => Self::unreachable(server, cause(status).unwrap_or(status)),
            Code::InvalidArgument => match status.get_details_bad_request() {
                Some(bad) if !bad.field_violations.is_empty() => {
                    Self::invalid_fields(bad.field_violations.iter().map(|v| (v.field.as_str(), v.description.as_str())))
                }
                _ => Self::usage(format!("{server} does not accept the request: {said}")),
            },
            Code::Unauthenticated | Code::PermissionDenied => {
                Self::new(REFUSED, format!("{server} refuses: {said}; give a key for this site with --key or GATEPOST_KEY"))
            }
            Code::Unimplemented => Self::failed(format!(
                "{server} does not know how to do that: {said}; it may be of another version than this program"
            )),
            Code::DeadlineExceeded | Code::Cancelled => Self::failed(format!(
                "{server} did not answer in time ({said}); try again, and look at its log if it happens often"
            )),
            Code::Unavailable | Code::ResourceExhausted => {
                let may_pass = status.get_details_retry_info().is_some();
                Self { retryable: may_pass, ..Self::failed(format!("{server} cannot answer now: {said}; try again")) }
            }
            Code::NotFound => Self::failed(said),
            code => Self::failed(format!("{server} failed: {said} ({code:?})")),
        }
    }

    /// The same, after something that should be known too.
    #[must_use]
    pub fn with_progress(mut self, done: &str) -> Self {
        if !self.message.is_empty() {
            self.message = format!("{done}; then: {}", self.message);
        }
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn with_advice(mut self, next: &str) -> Self {
        if !self.message.is_empty() {
            self.message = format!("{}; {next}", self.message);
        }
        self
    }

    /// The words, for a failure that is only one of many.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// Whether the server said that asking again helps.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// Whether the fault lies in this one request, so that others may fare better.
    pub fn is_invalid_request(&self) -> bool {
        self.code == USAGE
    }
}

/// Returns a problem with one of many comments as one line: which request was invalid is said beside it.
pub fn problem_line(problem: &str) -> String {
    text::escape_line(problem.trim_start_matches(INVALID).trim(), 400)
}

/// How several acts of which some failed end.
pub fn exit_code_of_batch(failed: u64, all: u64) -> ExitCode {
    ExitCode::from(match failed {
        0 => 0,
        _ if failed == all => FAILED,
        _ => PARTLY_FAILED,
    })
}

/// Whether the status was made on this side, because there is no connection.
pub fn unreachable(status: &Status) -> bool {
    cause(status).is_some()
}

fn cause(status: &Status) -> Option<&(dyn Error + 'static)> {
    let source = status.source()?;
    source.is::<tonic::transport::Error>().then_some(source)
}

/// The last cause of a chain, e.g. `Connection refused`: the outer ones only say that connecting failed.
fn root_cause(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => root_cause(source),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    #[test]
    fn every_invalid_field_has_a_line() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("ids", "is empty").add_bad_request_violation("site", "is required");
        let status = Status::with_error_details(Code::InvalidArgument, "invalid", details);
        let failure = Failure::from_status("http://there", &status);
        assert_eq!(failure.code, USAGE);
        assert_eq!(failure.message, "the request is invalid:\n  ids: is empty\n  site: is required");
    }

    #[test]
    fn a_store_that_is_away_is_not_a_server_that_is_away() {
        let failure = Failure::from_status("http://there", &Status::unavailable("the store is unavailable"));
        assert_eq!(failure.code, FAILED);
    }

    #[test]
    fn a_missing_key_is_refused() {
        assert_eq!(Failure::from_status("http://there", &Status::unauthenticated("no key")).code, REFUSED);
    }

    #[test]
    fn a_closed_pipe_ends_quietly() {
        let failure = Failure::stdout(&io::ErrorKind::BrokenPipe.into());
        assert_eq!((failure.code, failure.message.as_str()), (0, ""));
    }
}
