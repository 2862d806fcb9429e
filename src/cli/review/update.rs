//! What follows from what happens: a new state, and what to ask of the server. Pure.

mod acts;
mod answers;
mod browse;
mod input;
mod outcomes;
mod settle;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use super::event::{Effect, Event};
use super::mode::Mode;
use super::state::{Leaving, State};

/// How long the system waits for a program that it wants to end.
const GRACE: Duration = Duration::from_secs(3);

/// One step.
pub fn update(state: &mut State, now: SystemTime, event: Event) -> Vec<Effect> {
    state.now = now;
    let mut effects = Vec::new();
    match event {
        Event::Key(event) => effects.extend(input::press(state, event)),
        Event::Tick => {}
        Event::Stop => {
            state.mode = Mode::Browse;
            state.shutdown.get_or_insert_with(Leaving::started).deadline = Some(now + GRACE);
        }
        Event::Reply(answer) => answers::take(state, answer),
    }
    settle::settle(state, &mut effects);
    effects
}
