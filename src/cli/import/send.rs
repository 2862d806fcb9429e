//! Sends an archive over one stream after another: answers in order, a bounded number on their way, each sent until it
//! is answered.

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

/// Comments read and not yet settled. More than the server has in hand at once, so that it need not wait for us.
const WINDOW: usize = 64;
/// Longest request: what the server takes is a little more.
const MAX_REQUEST: usize = 1_000_000;
/// How often the progress is looked at while no answer comes.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// What a server says of one comment when it cannot do anything just now.
const TRANSIENT_REASONS: [&str; 3] = ["STORE_UNAVAILABLE", "SHUTTING_DOWN", "TIMED_OUT"];

/// The way of one file to the server.
pub struct ImportStream<'a> {
    file: &'a Path,
    connection: &'a Connection,
    taking: ImportSelection,
    dry_run: bool,
    retries: u32,
    report: &'a mut ImportReport,
    progress: &'a mut Progress,
    entries: mpsc::Receiver<Result<ArchiveEntry, String>>,
    /// In the order of the file. What has an outcome waits for those before it.
    window: VecDeque<Pending>,
    /// What ended the file early.
    read_error: Option<String>,
    /// Whether any comment was found, good or bad.
    found: bool,
}

struct Pending {
    place: EntryPosition,
    state: PendingState,
}

enum PendingState {
    /// Sent, or to be sent again on the next stream.
    Sent(Box<pb::CheckCommentsRequest>),
    Settled(ImportOutcome),
}

/// How a stream ended.
enum StreamEnd {
    /// Nothing is left to send.
    Done,
    /// It broke.
    Lost(Status),
    /// The server is there, but can do nothing now.
    Failing(Status),
}

impl<'a> ImportStream<'a> {
    /// Begins to read, behind what is done already.
    pub fn new(
        file: &'a Path,
        archive: Archive,
        connection: &'a Connection,
        (taking, dry_run, retries): (ImportSelection, bool, u32),
        report: &'a mut ImportReport,
        progress: &'a mut Progress,
    ) -> Self {
        let found = progress.done() > 0;
        let coming = read(archive, progress.done());
        let window = VecDeque::with_capacity(WINDOW);
        Self { file, connection, taking, dry_run, retries, report, progress, entries: coming, window, read_error: None, found }
    }

    /// Sends it all. Returns whether there was any comment.
    ///
    /// # Errors
    /// The server refuses, or stays away too long; the file breaks off. What was answered until then is done.
    pub async fn run(mut self) -> Result<bool, Failure> {
        let (mut pause, mut tries) = (Backoff::default(), 0);
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
                (pause, tries) = (Backoff::default(), 0);
            }
            if tries == self.retries {
                return Err(failure.with_advice("run it again to go on"));
            }
            if tries == 0 {
                let why = text::escape_line(failure.message(), 400);
                self.report.log(&format!("gatepost: {why}\ngatepost: trying again, up to {} times", self.retries));
            }
            tries += 1;
            pause.wait().await;
        }
        match self.read_error {
            None => Ok(self.found),
            Some(problem) => Err(Failure::failed(format!("{}: {problem}", self.file.display()))),
        }
    }

    /// Sends what waits for an answer, then what comes, until all is answered.
    async fn run_stream(&mut self) -> Result<StreamEnd, Failure> {
        // Never full: it holds no more than the window.
        let (sender, requests) = mpsc::channel(WINDOW);
        for waiting in &self.window {
            if let PendingState::Sent(request) = &waiting.state {
                let _ = sender.try_send((**request).clone());
            }
        }
        let mut client = self.connection.moderation();
        let mut answers = match client.check_comments(ReceiverStream::new(requests)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(StreamEnd::Lost(status)),
        };
        let mut more = true;
        let mut tick = tokio::time::interval(PROGRESS_INTERVAL);
        loop {
            self.report_settled()?;
            if !more && self.window.is_empty() {
                return Ok(StreamEnd::Done);
            }
            tokio::select! {
                entry = self.entries.recv(), if more && self.window.len() < WINDOW => match entry {
                    None => more = false,
                    Some(Err(problem)) => {
                        self.read_error = Some(problem);
                        more = false;
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
                // Only to look at the progress.
                _ = tick.tick() => {}
            }
        }
    }

    /// Takes an entry into the window, and sends it if it is to be sent.
    fn take(&mut self, entry: ArchiveEntry, sender: &mpsc::Sender<pb::CheckCommentsRequest>) {
        self.found |= !matches!(entry.content, EntryContent::NotAComment(_));
        self.report.count_notes(&entry);
        let waiting = self.pending(entry);
        if let PendingState::Sent(request) = &waiting.state {
            // A stream that is gone says so when its answers are read, and then the next one gets it.
            let _ = sender.try_send((**request).clone());
        }
        self.window.push_back(waiting);
    }

    /// What is to be done with an entry.
    fn pending(&self, ArchiveEntry { position: place, content: found, .. }: ArchiveEntry) -> Pending {
        let state = match found {
            EntryContent::Invalid(problem) => PendingState::Settled(ImportOutcome::Failed(problem)),
            EntryContent::NotAComment(what) => PendingState::Settled(ImportOutcome::Skipped(what)),
            EntryContent::Comment(comment, status) => match self.taking.decision_to_record(status) {
                Err(why) => PendingState::Settled(ImportOutcome::Skipped(why.to_owned())),
                Ok(_) if comment.encoded_len() > MAX_REQUEST => PendingState::Settled(ImportOutcome::Failed(format!(
                    "is {} bytes long; no comment is",
                    comment.encoded_len()
                ))),
                Ok(decided) => PendingState::Sent(Box::new(pb::CheckCommentsRequest {
                    comment: Some(*comment),
                    dry_run: self.dry_run,
                    decided: decided.map_or(0, |decision| decision.to_wire().into()),
                })),
            },
        };
        Pending { place, state }
    }

    /// Takes the answer to the oldest that waits for one. A status: the server can do nothing now.
    fn take_answer(&mut self, answer: pb::CheckCommentsResponse) -> Result<Option<Status>, Failure> {
        let surprise =
            || Failure::failed(format!("{} answers what was not asked; is it a Gatepost?", self.connection.server()));
        let sent = self.window.iter_mut().find_map(|waiting| match &waiting.state {
            PendingState::Sent(request) => {
                Some((request.comment.as_ref().map_or("", |comment| &comment.comment_id).to_owned(), waiting))
            }
            PendingState::Settled(_) => None,
        });
        let (id, waiting) = sent.ok_or_else(surprise)?;
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
            pb::CheckCommentsResponse { .. } => return Err(surprise()),
        };
        waiting.state = PendingState::Settled(outcome);
        Ok(None)
    }

    /// Hands over what is settled, up to the first that is not.
    fn report_settled(&mut self) -> Result<(), Failure> {
        while let Some(Pending { state: PendingState::Settled(_), .. }) = self.window.front() {
            if let Some(Pending { place, state: PendingState::Settled(outcome) }) = self.window.pop_front() {
                self.report.add(self.file, place, outcome)?;
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

/// Reads the archive beside the sending, behind the entries that are done already.
fn read(mut archive: Archive, done: u64) -> mpsc::Receiver<Result<ArchiveEntry, String>> {
    let entries = std::iter::from_fn(move || archive.next().transpose());
    let left = (0..).zip(entries).filter(move |(number, entry)| *number >= done || entry.is_err());
    read_ahead(WINDOW, left.map(|(_, entry)| entry))
}
