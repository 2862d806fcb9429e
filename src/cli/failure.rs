//! The failure of a command: an exit code, and a message that says what to do next.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::text;

/// Exit code of a failure that no other code describes.
pub const FAILED: u8 = 1;
/// Exit code if the arguments or the given comment are invalid.
pub const USAGE: u8 = 2;
/// Exit code if the server cannot be reached.
pub const UNREACHABLE: u8 = 3;
/// Exit code if the server does not accept the key.
pub const REFUSED: u8 = 4;
/// Exit code if some items of a batch failed and the others are done.
pub const PARTLY_FAILED: u8 = 5;

/// Beginning of a message that lists the invalid fields of a request.
const INVALID: &str = "the request is invalid:";

/// The failure of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    /// Whether the server said that a retry may help.
    retryable: bool,
    /// The message, or an empty string if nothing is to be printed.
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, retryable: false, message: message.into() }
    }

    /// Returns a failure that has no exit code of its own.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FAILED, message)
    }

    /// Returns a failure caused by invalid arguments.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    /// Returns a failure that lists the invalid fields of a request, one per line.
    pub fn invalid_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut message = INVALID.to_owned();
        for (field, problem) in fields {
            // Writing to a String cannot fail.
            let _ = write!(message, "\n  {field}: {problem}");
        }
        Self::usage(message)
    }

    /// Returns the failure of a server that cannot be reached.
    pub fn unreachable(server: &str, cause: &dyn Error) -> Self {
        let message = format!(
            "cannot reach {server}: {}; is `gatepost serve` running? If it is elsewhere, name it with --server or GATEPOST_SERVER",
            root_cause(cause)
        );
        Self::new(UNREACHABLE, message)
    }

    /// Returns the failure of a server that became unavailable and did not come back in time.
    pub fn connection_lost(server: &str, status: &Status) -> Self {
        match Self::from_status(server, status) {
            // A server that ends every request early counts as unreachable too.
            failure if failure.code == FAILED && status.code() == Code::Unavailable => Self { code: UNREACHABLE, ..failure },
            failure => failure,
        }
    }

    /// Returns the failure to write to standard output.
    ///
    /// If the reader has closed the pipe, as `head` does, the exit code is 0 and the message is empty.
    pub fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(0, "");
        }
        Self::failed(format!("cannot write to standard output: {error}"))
    }

    /// Converts an error status from `server` into a failure.
    pub fn from_status(server: &str, status: &Status) -> Self {
        let message = status.message();
        match status.code() {
            _ if unreachable(status) => Self::unreachable(server, cause(status).unwrap_or(status)),
            Code::InvalidArgument => match status.get_details_bad_request() {
                Some(bad) if !bad.field_violations.is_empty() => {
                    Self::invalid_fields(bad.field_violations.iter().map(|v| (v.field.as_str(), v.description.as_str())))
                }
                _ => Self::usage(format!("{server} does not accept the request: {message}")),
            },
            Code::Unauthenticated | Code::PermissionDenied => Self::new(
                REFUSED,
                format!("{server} denied access: {message}; give a key for this site with --key or GATEPOST_KEY"),
            ),
            Code::Unimplemented => Self::failed(format!(
                "{server} does not support this request: {message}; it may be of another version than this program"
            )),
            Code::DeadlineExceeded | Code::Cancelled => Self::failed(format!(
                "{server} did not answer in time ({message}); try again, and check its log if this happens often"
            )),
            Code::Unavailable | Code::ResourceExhausted => {
                let retryable = status.get_details_retry_info().is_some();
                Self { retryable, ..Self::failed(format!("{server} cannot answer now: {message}; try again")) }
            }
            Code::NotFound => Self::failed(message),
            code => Self::failed(format!("{server} failed: {message} ({code:?})")),
        }
    }

    /// Prepends what was done before the failure.
    #[must_use]
    pub fn with_progress(mut self, done: &str) -> Self {
        if !self.message.is_empty() {
            self.message = format!("{done}; then: {}", self.message);
        }
        self
    }

    /// Appends advice on what to do next.
    #[must_use]
    pub fn with_advice(mut self, advice: &str) -> Self {
        if !self.message.is_empty() {
            self.message = format!("{}; {advice}", self.message);
        }
        self
    }

    /// Returns the message without the exit code, for a failure that is one of many.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// Returns whether the server said that a retry may help.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// Returns whether the request itself is invalid, so that other requests may succeed.
    pub fn is_invalid_request(&self) -> bool {
        self.code == USAGE
    }
}

/// Formats a problem with one of many comments as a single line, without the introduction of [`Failure::invalid_fields`].
pub fn problem_line(problem: &str) -> String {
    text::escape_line(problem.trim_start_matches(INVALID).trim(), 400)
}

/// Returns the exit code of a batch of which `failed` of `all` items failed.
pub fn exit_code_of_batch(failed: u64, all: u64) -> ExitCode {
    ExitCode::from(match failed {
        0 => 0,
        _ if failed == all => FAILED,
        _ => PARTLY_FAILED,
    })
}

/// Returns whether the status was created on the client because there is no connection.
pub fn unreachable(status: &Status) -> bool {
    cause(status).is_some()
}

fn cause(status: &Status) -> Option<&(dyn Error + 'static)> {
    let source = status.source()?;
    source.is::<tonic::transport::Error>().then_some(source)
}

/// Returns the innermost cause of an error, e.g. `Connection refused`. The outer ones only say that connecting failed.
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
