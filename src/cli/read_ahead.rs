//! Reading ahead on a separate thread.

use std::thread;

use tokio::sync::mpsc;

/// Reads items on a separate thread, up to the first error, and returns a channel of at most `capacity` of them.
///
/// Reading may block on a pipe, which must not delay requests to a server. The thread ends after the last item, or when the
/// receiver is dropped.
pub fn read_ahead<T, E>(
    capacity: usize,
    items: impl Iterator<Item = Result<T, E>> + Send + 'static,
) -> mpsc::Receiver<Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let (sender, receiver) = mpsc::channel(capacity);
    thread::spawn(move || {
        for item in items {
            let is_error = item.is_err();
            if sender.blocking_send(item).is_err() || is_error {
                return;
            }
        }
    });
    receiver
}
