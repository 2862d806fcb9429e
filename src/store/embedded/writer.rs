//! The one thread that writes: takes all jobs that wait, does them in one transaction, commits once, then answers.
//!
//! A commit costs the same for one job as for a hundred, so that under load the disk is waited for once per batch.

use std::fs::File;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot, watch};

use super::engine::Database;
use super::sweep::Sweep;
use super::wipe::Wipe;
use crate::error::Error;

/// Most jobs in one transaction.
const MAX_BATCH: usize = 256;
/// How many jobs may wait before callers wait to hand theirs in.
const MAX_WAITING: usize = 1_024;

/// The way to the thread.
pub(super) struct Writer {
    jobs: mpsc::Sender<Task>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread is sent.
enum Task {
    Job(Box<dyn Job>),
    /// An occasion for chores.
    Tick,
    Stop,
}

/// Work, and the caller who waits for it.
trait Job: Send {
    /// Does the work inside a transaction; may be called again after a rollback. Tells whether it succeeded.
    fn run(&mut self, engine: &mut Database) -> bool;
    /// Hands over what the work gave, or why nothing of it was kept.
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
    fn run(&mut self, engine: &mut Database) -> bool {
        self.outcome.insert((self.work)(engine)).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let outcome = match (committed, self.outcome) {
            // Its own error says more than that the transaction failed.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Error::store("the work was not done")),
            (Err(error), _) => Err(Error::store(error)),
        };
        // The caller may have gone. What was committed stays; a retry finds it.
        let _ = self.caller.send(outcome);
    }
}

impl Writer {
    /// Starts the thread. It holds `lock` for as long as it can write.
    pub fn start(engine: Database, chores: Chores, newest: watch::Sender<i64>, lock: File) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let work = move || {
            run_thread(engine, chores, waiting, &newest);
            drop(lock);
        };
        let thread = thread::Builder::new().name("gatepost-store".to_owned()).spawn(work).map_err(Error::store)?;
        Ok(Self { jobs, thread: Mutex::new(Some(thread)) })
    }

    /// Has the thread do some work in a transaction, and returns when that is committed.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (caller, answer) = oneshot::channel();
        let stopped = || Error::store("the store is closed");
        self.jobs.send(Task::Job(Box::new(PendingJob { work, outcome: None, caller }))).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Returns what gives the thread an occasion for its chores when it is called.
    pub fn ticker(&self) -> impl Fn() + Send + 'static {
        let jobs = self.jobs.downgrade();
        move || {
            // A thread that has other work takes that for an occasion.
            let _ = jobs.upgrade().map(|jobs| jobs.try_send(Task::Tick));
        }
    }

    /// Lets the thread do what was asked of it so far, and waits until it has let go of the database.
    pub async fn stop(&self) {
        // Fails when it has stopped already.
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

/// The thread's whole life.
fn run_thread(mut engine: Database, mut chores: Chores, mut waiting: mpsc::Receiver<Task>, newest: &watch::Sender<i64>) {
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
            run_jobs(&mut engine, jobs, newest);
        }
        chores.run_due(&mut engine);
        // Nobody waits: what is left of the sweep is done now, a slice at a time.
        while !stopping && waiting.is_empty() && chores.sweep.is_behind() {
            chores.sweep(&mut engine);
        }
    }
    engine.finish();
    drop(engine);
    // Last: see [`Wipe`].
    drop(chores);
}

/// What the thread does between other work.
pub(super) struct Chores {
    pub sweep: Sweep,
    pub wipe: Wipe,
}

impl Chores {
    /// Does what is due, in small steps.
    fn run_due(&mut self, engine: &mut Database) {
        if engine.take_erased() {
            self.wipe.request();
        }
        if self.sweep.is_due() {
            self.sweep(engine);
        }
        if self.wipe.is_due() {
            self.wipe.step(engine.connection());
        }
    }

    fn sweep(&mut self, engine: &mut Database) {
        // What could not be swept now will be later; the next job meets the same trouble and reports it.
        let swept = engine.begin().and_then(|()| self.sweep.slice(engine.connection())).and_then(|()| engine.commit());
        match swept {
            Ok(_) => self.sweep.committed(),
            Err(_) => {
                engine.roll_back();
                self.sweep.rolled_back();
            }
        }
    }
}

/// Does all jobs in one transaction; if one of them fails, each in its own, so that only that one fails.
fn run_jobs(engine: &mut Database, mut jobs: Vec<Box<dyn Job>>, newest: &watch::Sender<i64>) {
    let result = transact(engine, &mut jobs, newest);
    if matches!(result, Err(Failed::Job)) && jobs.len() > 1 {
        for job in jobs {
            run_jobs(engine, vec![job], newest);
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

/// Why nothing of a transaction was kept.
enum Failed {
    Job,
    Transaction(String),
}

fn transact(engine: &mut Database, jobs: &mut [Box<dyn Job>], newest: &watch::Sender<i64>) -> Result<(), Failed> {
    let failed = |error: Error| Failed::Transaction(cause(&error));
    engine.begin().map_err(failed)?;
    if !jobs.iter_mut().all(|job| job.run(engine)) {
        engine.roll_back();
        return Err(Failed::Job);
    }
    match engine.commit() {
        Ok(event) => {
            if let Some(event) = event {
                newest.send_replace(event);
            }
            Ok(())
        }
        Err(error) => {
            engine.roll_back();
            Err(failed(error))
        }
    }
}

/// What the engine said: the outer error only says that the store is unavailable.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).unwrap_or(error).to_string()
}
