//! The terminal: enters the alternate screen, runs the event loop, and restores the terminal in every case.

use std::io::{self, BufWriter, Stdout};
use std::sync::Once;
use std::time::{Duration, SystemTime};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::StreamExt;

use super::client::ReviewClient;
use super::event::{Event, ServerReply};
use super::state::ScreenState;
use super::theme::Theme;
use super::update::update;
use super::view;
use crate::cli::failure::Failure;

/// Interval of the ticks that drive time-based updates.
const TICK_INTERVAL: Duration = Duration::from_millis(250);

/// Runs the event loop until the moderator quits, and returns the final state.
///
/// # Errors
/// Returns an error if the terminal cannot be used.
pub async fn run(
    mut state: ScreenState,
    theme: &Theme,
    client: &ReviewClient,
    mut answers: UnboundedReceiver<ServerReply>,
) -> Result<ScreenState, Failure> {
    let broken = |error: io::Error| Failure::failed(format!("the terminal cannot be used: {error}"));
    let mut guard = TerminalGuard::enter().map_err(broken)?;
    let mut input = EventStream::new();
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(broken)?;
    let mut tick = interval(TICK_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let event = tokio::select! {
            // Keys have priority, so that server replies never delay the moderator.
            biased;
            typed = input.next() => match typed {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => Event::Key(key),
                // After a resize, the screen is drawn again.
                Some(Ok(_)) => Event::Tick,
                Some(Err(error)) => return Err(broken(error)),
                None => Event::Stop,
            },
            Some(answer) = answers.recv() => Event::Reply(answer),
            _ = terminate.recv() => Event::Stop,
            _ = hang_up.recv() => Event::Stop,
            _ = tick.tick() => Event::Tick,
        };
        for effect in update(&mut state, SystemTime::now(), event) {
            client.send(effect);
        }
        if state.shutdown.as_ref().is_some_and(|shutdown| shutdown.done) {
            return Ok(state);
        }
        let mut max_scroll = 0;
        guard.terminal.draw(|frame| max_scroll = view::draw(&state, *theme, frame)).map_err(broken)?;
        state.scroll = state.scroll.min(max_scroll);
    }
}

/// A terminal in raw mode on the alternate screen, which is restored when this is dropped.
struct TerminalGuard {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl TerminalGuard {
    /// Enters raw mode and the alternate screen.
    fn enter() -> io::Result<Self> {
        restore_terminal_on_panic();
        enable_raw_mode()?;
        // From here on, every failure must restore the terminal.
        let entered = execute!(io::stdout(), EnterAlternateScreen, Hide)
            .and_then(|()| Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout()))));
        match entered {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore_terminal();
                Err(error)
            }
        }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Restores the terminal. Errors are ignored, because nothing can be done about them.
fn restore_terminal() {
    let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}

/// Installs a panic hook that restores the terminal first, because a message on the alternate screen would be lost.
fn restore_terminal_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore_terminal();
            previous(panic);
        }));
    });
}
