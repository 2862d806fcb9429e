//! The terminal: taken over, drawn on, and given back whatever happens.

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

/// How often the clock is looked at.
const TICK_INTERVAL: Duration = Duration::from_millis(250);

/// Shows the state and changes it until the moderator has left. Gives the last state.
///
/// # Errors
/// A terminal that does not do as it is told.
pub async fn run(
    mut state: ScreenState,
    theme: &Theme,
    wire: &ReviewClient,
    mut answers: UnboundedReceiver<ServerReply>,
) -> Result<ScreenState, Failure> {
    let broken = |error: io::Error| Failure::failed(format!("the terminal cannot be used: {error}"));
    let mut taken = TerminalGuard::enter().map_err(broken)?;
    let mut input = EventStream::new();
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(broken)?;
    let mut tick = interval(TICK_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let event = tokio::select! {
            // Keys first: what a person does is never kept waiting by what a server says.
            biased;
            typed = input.next() => match typed {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => Event::Key(key),
                // Another size: what follows is a new drawing.
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
            wire.send(effect);
        }
        if state.shutdown.as_ref().is_some_and(|leaving| leaving.done) {
            return Ok(state);
        }
        let mut most = 0;
        taken.terminal.draw(|frame| most = view::draw(&state, *theme, frame)).map_err(broken)?;
        state.scroll = state.scroll.min(most);
    }
}

/// A terminal taken over. Given back when dropped.
struct TerminalGuard {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl TerminalGuard {
    fn enter() -> io::Result<Self> {
        restore_terminal_on_panic();
        enable_raw_mode()?;
        // From here on something is to be given back, whatever fails.
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

/// If even this fails there is no terminal left to care for.
fn restore_terminal() {
    let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}

/// A panic's words would be lost on the screen that is about to vanish.
fn restore_terminal_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore_terminal();
            before(panic);
        }));
    });
}
