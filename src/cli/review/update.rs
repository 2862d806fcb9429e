//! The update function: from the state and an event, it makes the new state and the requests to send. It does no I/O.

mod acts;
mod browse;
mod input;
mod outcomes;
mod replies;
mod requests;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use super::event::{Effect, Event};
use super::mode::InputMode;
use super::state::{ScreenState, Shutdown};

/// How long the screen waits for unconfirmed acts after a signal to terminate.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Applies an event to the state and returns the requests to send.
pub fn update(state: &mut ScreenState, now: SystemTime, event: Event) -> Vec<Effect> {
    state.now = now;
    let mut effects = Vec::new();
    match event {
        Event::Key(event) => effects.extend(input::press(state, event)),
        Event::Tick => {}
        Event::Stop => {
            state.mode = InputMode::Browse;
            state.shutdown.get_or_insert_with(Shutdown::started).deadline = Some(now + SHUTDOWN_GRACE);
        }
        Event::Reply(answer) => replies::apply(state, answer),
    }
    requests::request_missing(state, &mut effects);
    effects
}
