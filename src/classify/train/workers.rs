//! Trains heads in parallel.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::TrainError;
use super::head::TrainedHead;
use super::progress::Progress;
use super::trainer::HeadTrainer;

/// Trains all heads and returns them in the order of their trainers. At most as many heads are trained at a time as there
/// are processors, because each needs its own tables.
///
/// # Errors
/// Returns an error if a head cannot be trained.
pub fn train_heads(trainers: &[HeadTrainer<'_>], progress: &(dyn Fn(Progress) + Sync)) -> Result<Vec<TrainedHead>, TrainError> {
    let total = trainers.iter().map(HeadTrainer::steps).sum();
    let (done, next) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let step = |steps: usize| {
        let done = done.fetch_add(steps, Ordering::Relaxed) + steps;
        progress(Progress::Learned(done, total));
    };
    let work = || {
        let mut trained = Vec::new();
        while let Some((at, trainer)) = trainers.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            trained.push((at, trainer.train(&step)?));
        }
        Ok(trained)
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(trainers.len());
    let mut trained = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap_or(Err(TrainError::Panic)));
        results.collect::<Result<Vec<_>, _>>().map(|trained| trained.concat())
    })?;
    trained.sort_unstable_by_key(|(at, _)| *at);
    Ok(trained.into_iter().map(|(_, head)| head).collect())
}
