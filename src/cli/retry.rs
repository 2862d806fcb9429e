//! Retries after a broken connection, with exponential backoff.

use std::time::Duration;

use tonic::{Code, Status};

/// Backoff before the first retry, without jitter.
const INITIAL_BACKOFF: Duration = Duration::from_millis(250);
/// Maximum backoff, without jitter.
const MAX_BACKOFF: Duration = Duration::from_secs(15);

/// Returns whether a retry may help. It cannot if the request itself is refused.
pub fn is_retryable(status: &Status) -> bool {
    !matches!(
        status.code(),
        Code::InvalidArgument | Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented | Code::NotFound
    )
}

/// An exponential backoff: the pause before the next attempt, which doubles each time.
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(INITIAL_BACKOFF)
    }
}

impl Backoff {
    /// Waits before the next attempt, and doubles the pause up to [`MAX_BACKOFF`].
    pub async fn wait(&mut self) {
        tokio::time::sleep(jittered(self.0)).await;
        self.0 = (self.0 * 2).min(MAX_BACKOFF);
    }
}

/// Returns between half of the pause and all of it, so that the clients of a restarted server do not all reconnect at once.
fn jittered(pause: Duration) -> Duration {
    // Without system randomness, wait for the whole pause.
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
