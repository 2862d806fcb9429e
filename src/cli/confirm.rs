//! Confirmation questions on the terminal.

use std::io::{self, IsTerminal};

use super::failure::Failure;
use super::terminal;

/// Returns whether a question can be asked: standard input and standard error must both be terminals.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question on standard error, and returns whether the answer is yes.
pub fn confirm(question: &str) -> Result<bool, Failure> {
    terminal::log_line(&format!("{question} [y/N]"));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Failure::failed(format!("cannot read your answer: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
