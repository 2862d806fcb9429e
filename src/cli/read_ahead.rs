//! Reading on a thread of its own.

use std::thread;

use tokio::sync::mpsc;

/// Reads items on a thread of its own, up to the first error: reading may wait for a pipe, which must not hold up the calls
/// to a server. At most `room` items wait to be received. The thread ends with its items, or when nobody receives any more.
pub fn read_ahead<T, E>(room: usize, items: impl Iterator<Item = Result<T, E>> + Send + 'static) -> mpsc::Receiver<Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let (sender, receiver) = mpsc::channel(room);
    thread::spawn(move || {
        for item in items {
            let broken = item.is_err();
            if sender.blocking_send(item).is_err() || broken {
                return;
            }
        }
    });
    receiver
}
