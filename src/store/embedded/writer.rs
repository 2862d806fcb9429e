//! The writer's thread: takes all waiting jobs, runs them in one transaction, commits once, then answers.
//!
//! A commit costs the same for one job as for a hundred, so under load there is one disk sync per batch.

use std::fs::File;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot, watch};

use super::engine::Database;
use super::sweep::Sweep;
use super::wipe::Wipe;
use crate::error::Error;

/// Maximum number of jobs in one transaction.
const MAX_BATCH: usize = 256;
/// Capacity of the queue of jobs. Callers wait while it is full.
const MAX_WAITING: usize = 1_024;

/// A handle to the writer's thread.
pub(super) struct Writer {
    jobs: mpsc::Sender<Task>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A message to the thread.
enum Task {
    Job(Box<dyn Job>),
    /// A wake-up to run chores.
    Tick,
    Stop,
}

/// A unit of work with the caller that waits for it.
trait Job: Send {
    /// Runs the work inside a transaction. Returns whether it succeeded. May be called again after a rollback.
    fn run(&mut self, database: &mut Database) -> bool;
    /// Sends the result of the work to the caller, or why it was not committed.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct PendingJob<T, F> {
    work: F,
    outcome: Option<Result<T, Error>>,
    caller: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Job for PendingJob<T, F>
where
    T: Send,
    F: FnMut(&mut Database) -> Result<T, Error> + Send,
{
    fn run(&mut self, database: &mut Database) -> bool {
        self.outcome.insert((self.work)(database)).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let outcome = match (committed, self.outcome) {
            // The error of the work itself is more specific than that the transaction failed.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Error::store("the work was not done")),
            (Err(error), _) => Err(Error::store(error)),
        };
        // The caller may have cancelled. What was committed stays, and a retry finds it.
        let _ = self.caller.send(outcome);
    }
}

impl Writer {
    /// Starts the thread, which holds `lock` for as long as it can write.
    pub fn start(database: Database, chores: Chores, newest: watch::Sender<i64>, lock: File) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let work = move || {
            run_thread(database, chores, waiting, &newest);
            drop(lock);
        };
        let thread = thread::Builder::new().name("gatepost-store".to_owned()).spawn(work).map_err(Error::store)?;
        Ok(Self { jobs, thread: Mutex::new(Some(thread)) })
    }

    /// Runs some work in a transaction on the thread. Returns its result once it is committed.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (caller, answer) = oneshot::channel();
        let stopped = || Error::store("the store is closed");
        self.jobs.send(Task::Job(Box::new(PendingJob { work, outcome: None, caller }))).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Returns a function that wakes the thread to run its chores.
    pub fn ticker(&self) -> impl Fn() + Send + 'static {
        let jobs = self.jobs.downgrade();
        move || {
            // If the queue is full, the thread is awake anyway and runs its chores after the batch.
            let _ = jobs.upgrade().map(|jobs| jobs.try_send(Task::Tick));
        }
    }

    /// Waits until the thread has done the jobs that were sent so far and has closed the database.
    pub async fn stop(&self) {
        // Fails if the thread has already stopped.
        let _ = self.jobs.send(Task::Stop).await;
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        // A panic of the thread was reported when it happened.
        let _ = tokio::task::spawn_blocking(|| thread.map(JoinHandle::join)).await;
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that the store can be opened again at once.
    fn drop(&mut self) {
        // The thread ends when the last sender is gone.
        self.jobs = mpsc::channel(1).0;
        if let Some(thread) = self.thread.get_mut().ok().and_then(Option::take) {
            let _ = thread.join();
        }
    }
}

/// Runs the thread: handles batches of tasks until it is stopped or all senders are gone.
fn run_thread(mut database: Database, mut chores: Chores, mut waiting: mpsc::Receiver<Task>, newest: &watch::Sender<i64>) {
    let mut tasks = Vec::with_capacity(MAX_BATCH);
    let mut stopping = false;
    while !stopping && waiting.blocking_recv_many(&mut tasks, MAX_BATCH) > 0 {
        let mut jobs = Vec::with_capacity(tasks.len());
        for task in tasks.drain(..) {
            match task {
                Task::Job(job) => jobs.push(job),
                Task::Tick => {}
                Task::Stop => stopping = true,
            }
        }
        if !jobs.is_empty() {
            run_jobs(&mut database, jobs, newest);
        }
        chores.run_due(&mut database);
        // With no job waiting, the rest of the sweep runs now, one slice at a time.
        while !stopping && waiting.is_empty() && chores.sweep.is_behind() {
            chores.sweep(&mut database);
        }
    }
    database.finish();
    drop(database);
    // After the database: see [`Wipe`].
    drop(chores);
}

/// Maintenance work that the thread does between jobs.
pub(super) struct Chores {
    pub sweep: Sweep,
    pub wipe: Wipe,
}

impl Chores {
    /// Runs the chores that are due, in small steps.
    fn run_due(&mut self, database: &mut Database) {
        if database.take_erased() {
            self.wipe.request();
        }
        if self.sweep.is_due() {
            self.sweep(database);
        }
        if self.wipe.is_due() {
            self.wipe.step(database.connection());
        }
    }

    fn sweep(&mut self, database: &mut Database) {
        // A failed slice is retried later. A permanent fault also fails the next job, which reports it.
        let swept = database.begin().and_then(|()| self.sweep.slice(database.connection())).and_then(|()| database.commit());
        match swept {
            Ok(_) => self.sweep.committed(),
            Err(_) => {
                database.roll_back();
                self.sweep.rolled_back();
            }
        }
    }
}

/// Runs all jobs in one transaction. If one of them fails, runs each in its own, so that only that one fails.
fn run_jobs(database: &mut Database, mut jobs: Vec<Box<dyn Job>>, newest: &watch::Sender<i64>) {
    let result = transact(database, &mut jobs, newest);
    if matches!(result, Err(Failed::Job)) && jobs.len() > 1 {
        for job in jobs {
            run_jobs(database, vec![job], newest);
        }
        return;
    }
    let result = result.map_err(|failed| match failed {
        Failed::Job => "the work failed".to_owned(),
        Failed::Transaction(error) => error,
    });
    for job in jobs {
        job.answer(result.clone());
    }
}

/// Why a transaction was rolled back.
enum Failed {
    Job,
    Transaction(String),
}

fn transact(database: &mut Database, jobs: &mut [Box<dyn Job>], newest: &watch::Sender<i64>) -> Result<(), Failed> {
    let failed = |error: Error| Failed::Transaction(cause(&error));
    database.begin().map_err(failed)?;
    if !jobs.iter_mut().all(|job| job.run(database)) {
        database.roll_back();
        return Err(Failed::Job);
    }
    match database.commit() {
        Ok(event) => {
            if let Some(event) = event {
                newest.send_replace(event);
            }
            Ok(())
        }
        Err(error) => {
            database.roll_back();
            Err(failed(error))
        }
    }
}

/// Returns the message of the underlying error, since the outer one only says that the store is unavailable.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).unwrap_or(error).to_string()
}
