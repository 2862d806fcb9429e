//! Sends an archive to the server over a stream that is opened again when it breaks.
//!
//! Answers arrive in order, the number of unanswered comments is bounded, and each comment is sent until it is answered.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::archive::Archive;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition};
use super::progress::Progress;
use super::report::{ImportOutcome, ImportReport};
use super::selection::ImportSelection;
use crate::cli::connect::Connection;
use crate::cli::failure::Failure;
use crate::cli::read_ahead::read_ahead;
use crate::cli::retry::{self, Backoff};
use crate::cli::text;
use crate::pb;

/// Maximum number of comments that are read but not yet settled. The server processes fewer at once, so that it never waits
/// for the client.
const WINDOW: usize = 64;
/// Maximum size of a request, in bytes, a little less than the server accepts.
const MAX_REQUEST: usize = 1_000_000;
/// Interval at which the progress is checked while no answer arrives.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// Reasons of errors on single comments that mean that the server is temporarily unavailable.
const TRANSIENT_REASONS: [&str; 3] = ["STORE_UNAVAILABLE", "SHUTTING_DOWN", "TIMED_OUT"];

/// The transfer of one file to the server.
pub struct ImportStream<'a> {
    file: &'a Path,
    connection: &'a Connection,
    selection: ImportSelection,
    dry_run: bool,
    retries: u32,
    report: &'a mut ImportReport,
    progress: &'a mut Progress,
    entries: mpsc::Receiver<Result<ArchiveEntry, String>>,
    /// Unsettled and unreported entries in file order. A settled entry waits for those before it.
    window: VecDeque<Pending>,
    /// The error that ended the file early.
    read_error: Option<String>,
    /// Whether any comment was found, valid or not.
    found: bool,
}

/// An entry that has not been reported.
struct Pending {
    position: EntryPosition,
    state: PendingState,
}

/// The state of an entry that has not been reported.
enum PendingState {
    /// The entry was sent, and is sent again on the next stream.
    Sent(Box<pb::CheckCommentsRequest>),
    /// The outcome is known.
    Settled(ImportOutcome),
}

/// The end of a stream.
enum StreamEnd {
    /// Nothing is left to send.
    Done,
    /// The stream broke.
    Lost(Status),
    /// The server is reachable, but temporarily unavailable.
    Failing(Status),
}

impl<'a> ImportStream<'a> {
    /// Starts to read the archive, after the entries that are done already.
    pub fn new(
        file: &'a Path,
        archive: Archive,
        connection: &'a Connection,
        (selection, dry_run, retries): (ImportSelection, bool, u32),
        report: &'a mut ImportReport,
        progress: &'a mut Progress,
    ) -> Self {
        let found = progress.done() > 0;
        let entries = read(archive, progress.done());
        let window = VecDeque::with_capacity(WINDOW);
        Self { file, connection, selection, dry_run, retries, report, progress, entries, window, read_error: None, found }
    }

    /// Sends all entries. Returns whether the archive has any comment.
    ///
    /// # Errors
    /// Returns an error if the server refuses or stays unavailable, or if the file cannot be read to its end. Comments that
    /// were answered before it are done.
    pub async fn run(mut self) -> Result<bool, Failure> {
        let (mut backoff, mut attempts) = (Backoff::default(), 0);
        loop {
            let before = self.progress.done();
            let (failure, why) = match self.run_stream().await? {
                StreamEnd::Done => break,
                StreamEnd::Lost(status) => (Failure::connection_lost(self.connection.server(), &status), status),
                StreamEnd::Failing(status) => (self.connection.failure(&status), status),
            };
            if !retry::is_retryable(&why) {
                return Err(failure);
            }
            if self.progress.done() > before {
                (backoff, attempts) = (Backoff::default(), 0);
            }
            if attempts == self.retries {
                return Err(failure.with_advice("run it again to go on"));
            }
            if attempts == 0 {
                let why = text::escape_line(failure.message(), 400);
                self.report.log(&format!("gatepost: {why}\ngatepost: trying again, up to {} times", self.retries));
            }
            attempts += 1;
            backoff.wait().await;
        }
        match self.read_error {
            None => Ok(self.found),
            Some(problem) => Err(Failure::failed(format!("{}: {problem}", self.file.display()))),
        }
    }

    /// Sends the unanswered entries again and then the next ones, until all are answered or the stream ends.
    async fn run_stream(&mut self) -> Result<StreamEnd, Failure> {
        // The channel is never full, because it holds no more than the window.
        let (sender, requests) = mpsc::channel(WINDOW);
        for pending in &self.window {
            if let PendingState::Sent(request) = &pending.state {
                let _ = sender.try_send((**request).clone());
            }
        }
        let mut client = self.connection.moderation();
        let mut answers = match client.check_comments(ReceiverStream::new(requests)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(StreamEnd::Lost(status)),
        };
        let mut has_more = true;
        let mut tick = tokio::time::interval(PROGRESS_INTERVAL);
        loop {
            self.report_settled()?;
            if !has_more && self.window.is_empty() {
                return Ok(StreamEnd::Done);
            }
            tokio::select! {
                entry = self.entries.recv(), if has_more && self.window.len() < WINDOW => match entry {
                    None => has_more = false,
                    Some(Err(problem)) => {
                        self.read_error = Some(problem);
                        has_more = false;
                    }
                    Some(Ok(entry)) => self.take(entry, &sender),
                },
                answer = answers.message() => match answer {
                    Ok(Some(answer)) => {
                        if let Some(status) = self.take_answer(answer)? {
                            return Ok(StreamEnd::Failing(status));
                        }
                    }
                    Ok(None) => return Ok(StreamEnd::Lost(Status::unavailable("the server ended the stream"))),
                    Err(status) => return Ok(StreamEnd::Lost(status)),
                },
                // Wake up to check the progress.
                _ = tick.tick() => {}
            }
        }
    }

    /// Adds an entry to the window, and sends it if it is to be sent.
    fn take(&mut self, entry: ArchiveEntry, sender: &mpsc::Sender<pb::CheckCommentsRequest>) {
        self.found |= !matches!(entry.content, EntryContent::NotAComment(_));
        self.report.count_notes(&entry);
        let pending = self.pending(entry);
        if let PendingState::Sent(request) = &pending.state {
            // A broken stream is noticed when its answers are read; the entry is then sent on the next one.
            let _ = sender.try_send((**request).clone());
        }
        self.window.push_back(pending);
    }

    /// Decides what to do with an entry.
    fn pending(&self, ArchiveEntry { position, content, .. }: ArchiveEntry) -> Pending {
        let state = match content {
            EntryContent::Invalid(problem) => PendingState::Settled(ImportOutcome::Failed(problem)),
            EntryContent::NotAComment(kind) => PendingState::Settled(ImportOutcome::Skipped(kind)),
            EntryContent::Comment(comment, status) => match self.selection.decision_to_record(status) {
                Err(why) => PendingState::Settled(ImportOutcome::Skipped(why.to_owned())),
                Ok(_) if comment.encoded_len() > MAX_REQUEST => PendingState::Settled(ImportOutcome::Failed(format!(
                    "is {} bytes long; the maximum is {MAX_REQUEST}",
                    comment.encoded_len()
                ))),
                Ok(decided) => PendingState::Sent(Box::new(pb::CheckCommentsRequest {
                    comment: Some(*comment),
                    dry_run: self.dry_run,
                    decided: decided.map_or(0, |decision| decision.to_wire().into()),
                })),
            },
        };
        Pending { position, state }
    }

    /// Settles the oldest unanswered entry. Returns a status if the server is temporarily unavailable.
    ///
    /// # Errors
    /// Returns an error if the answer does not belong to that entry.
    fn take_answer(&mut self, answer: pb::CheckCommentsResponse) -> Result<Option<Status>, Failure> {
        let unexpected = || {
            let server = self.connection.server();
            Failure::failed(format!("{server} sent an answer to another comment; check that it is a Gatepost server"))
        };
        let sent = self.window.iter_mut().find_map(|pending| match &pending.state {
            PendingState::Sent(request) => {
                Some((request.comment.as_ref().map_or("", |comment| &comment.comment_id).to_owned(), pending))
            }
            PendingState::Settled(_) => None,
        });
        let (id, pending) = sent.ok_or_else(unexpected)?;
        let outcome = match answer {
            pb::CheckCommentsResponse { error: Some(error), .. } if TRANSIENT_REASONS.contains(&error.reason.as_str()) => {
                return Ok(Some(Status::unavailable(error.message)));
            }
            pb::CheckCommentsResponse { error: Some(error), .. } => {
                ImportOutcome::Failed(format!("comment {id}: {}", error.message))
            }
            pb::CheckCommentsResponse { verdict: Some(verdict), .. } if verdict.comment_id == id => {
                ImportOutcome::Done(Box::new(verdict))
            }
            pb::CheckCommentsResponse { .. } => return Err(unexpected()),
        };
        pending.state = PendingState::Settled(outcome);
        Ok(None)
    }

    /// Reports the settled entries up to the first unsettled one.
    fn report_settled(&mut self) -> Result<(), Failure> {
        while let Some(Pending { state: PendingState::Settled(_), .. }) = self.window.front() {
            if let Some(Pending { position, state: PendingState::Settled(outcome) }) = self.window.pop_front() {
                self.report.add(self.file, position, outcome)?;
                self.progress.advance();
            }
        }
        if self.progress.is_due() {
            self.report.flush()?;
            self.progress.write()?;
        }
        Ok(())
    }
}

/// Reads the archive on a thread of its own, after the entries that are done already.
fn read(mut archive: Archive, done: u64) -> mpsc::Receiver<Result<ArchiveEntry, String>> {
    let entries = std::iter::from_fn(move || archive.next().transpose());
    let remaining = (0..).zip(entries).filter(move |(number, entry)| *number >= done || entry.is_err());
    read_ahead(WINDOW, remaining.map(|(_, entry)| entry))
}
