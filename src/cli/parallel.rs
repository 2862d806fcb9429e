//! Work on the lines of a file that is shared out among all cores.

use std::path::Path;
use std::thread;

use super::failure::Failure;
use super::lines::{Line, Lines, read_failure};

/// Lines, and bytes of them, that one core gets at a time.
const CHUNK_LINES: usize = 256;
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Works on every line, chunk by chunk, each chunk shared out among `cores`, and hands over what came of them in the
/// order of the lines. `file` is named when it cannot be read on.
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
            // A panic has already told of itself.
            for outcome in share.map_err(|_| Failure::failed("judging broke off; please report it with the file"))? {
                take(outcome)?;
            }
        }
    }
}
