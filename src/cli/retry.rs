//! When a broken connection is worth another try, and after which pause.

use std::time::Duration;

use tonic::{Code, Status};

/// How long the first and the longest pause before a new attempt may be.
const INITIAL_BACKOFF: Duration = Duration::from_millis(250);
const MAX_BACKOFF: Duration = Duration::from_secs(15);

/// Whether trying again may help: not when the request itself is refused.
pub fn is_retryable(status: &Status) -> bool {
    !matches!(
        status.code(),
        Code::InvalidArgument | Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented | Code::NotFound
    )
}

/// The pause before the next attempt: longer each time.
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(INITIAL_BACKOFF)
    }
}

impl Backoff {
    /// Waits.
    pub async fn wait(&mut self) {
        tokio::time::sleep(jittered(self.0)).await;
        self.0 = (self.0 * 2).min(MAX_BACKOFF);
    }
}

/// Between half of the pause and all of it, so that the clients of a server that was away do not all come at once.
fn jittered(pause: Duration) -> Duration {
    // Without randomness of the system there is at least a pause.
    let share = getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX));
    pause.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_scattered_within_bounds() {
        for _ in 0..100 {
            let pause = jittered(MAX_BACKOFF);
            assert!((MAX_BACKOFF / 2..=MAX_BACKOFF).contains(&pause), "{pause:?}");
        }
    }
}
