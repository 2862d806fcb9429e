//! Parallel processing of the lines of a file.

use std::path::Path;
use std::thread;

use super::failure::Failure;
use super::lines::{Line, Lines, read_failure};

/// Maximum number of lines per core and chunk.
const CHUNK_LINES: usize = 256;
/// Approximate maximum size of the lines per core and chunk, in bytes.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Processes every line with `work` on `cores` threads, and passes the results to `take` in line order.
///
/// The lines are read chunk by chunk, and each chunk is divided among the threads.
///
/// # Errors
/// Returns an error that names `file` if it cannot be read to its end, or the first error of `take`.
pub fn map_lines<T: Send>(
    mut lines: Lines,
    file: &Path,
    cores: usize,
    work: impl Fn(&Line) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < CHUNK_LINES * cores && bytes < CHUNK_BYTES * cores {
            let Some(line) = lines.next().map_err(|error| read_failure(file, &error))? else { break };
            bytes += line.memory();
            chunk.push(line);
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let share = chunk.len().div_ceil(cores);
        let work = &work;
        let shares: Vec<thread::Result<Vec<T>>> = thread::scope(|scope| {
            let threads: Vec<_> =
                chunk.chunks(share).map(|lines| scope.spawn(move || lines.iter().map(work).collect())).collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for share in shares {
            // The panic has printed its own message.
            for outcome in share.map_err(|_| Failure::failed("a worker thread panicked; please report this with the file"))? {
                take(outcome)?;
            }
        }
    }
}
