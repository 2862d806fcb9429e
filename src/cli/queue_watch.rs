//! `gatepost queue --watch`: what enters and leaves the queue, as it happens, across restarts of the server.

use std::process::ExitCode;

use tonic::Status;

use super::connect::Connection;
use super::failure::Failure;
use super::json;
use super::output::{Format, Record, csv_line};
use super::reconnect::Reconnect;
use super::runtime::until_ctrl_c;
use super::terminal::{self, TerminalOutput, Tone};
use super::text;
use super::times;
use super::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// Follows until Ctrl-C.
pub async fn follow(connection: &Connection, site: &str, format: Format) -> Result<ExitCode, Failure> {
    let mut screen = TerminalOutput::new();
    if format == Format::Csv {
        screen.write(&csv_line(pb::AuditEvent::FIELDS.iter())?)?;
        screen.flush()?;
    }
    until_ctrl_c(follow_with_reconnect(connection, site, format, &mut screen)).await?;
    Ok(ExitCode::SUCCESS)
}

/// Follows, and follows again when the stream breaks.
async fn follow_with_reconnect(
    connection: &Connection,
    site: &str,
    format: Format,
    screen: &mut TerminalOutput,
) -> Result<(), Failure> {
    let mut reconnect = Reconnect::default();
    loop {
        let broken = follow_once(connection, site, format, screen, &mut reconnect).await?;
        reconnect.back_off(connection, &broken).await?;
    }
}

/// Follows one stream, and returns why it broke.
async fn follow_once(
    connection: &Connection,
    site: &str,
    format: Format,
    screen: &mut TerminalOutput,
    reconnect: &mut Reconnect,
) -> Result<Status, Failure> {
    let mut moves = match connection.review().watch_queue(pb::WatchQueueRequest { site: site.to_owned() }).await {
        Ok(response) => response.into_inner(),
        Err(status) => return Ok(status),
    };
    if reconnect.opened() {
        terminal::log_line(&format!("gatepost: {} is back; what moved meanwhile is in `gatepost audit`", connection.server()));
    }
    loop {
        match moves.message().await {
            Ok(Some(moved)) => {
                reconnect.received();
                print(screen, format, &moved)?;
            }
            Ok(None) => return Ok(Status::unavailable("the server ended the stream")),
            Err(status) => return Ok(status),
        }
    }
}

fn print(screen: &mut TerminalOutput, format: Format, moved: &pb::WatchQueueResponse) -> Result<(), Failure> {
    let empty = Default::default();
    let event = moved.event.as_ref().unwrap_or(&empty);
    match format {
        Format::Table => {
            let (tone, way) = match Decision::from_wire(event.after) {
                Some(Decision::Hold) => (Tone::Warning, "enters"),
                after => (Tone::from(after), "leaves"),
            };
            let start = moved
                .comment
                .as_ref()
                .and_then(|comment| comment.comment.as_ref())
                .map(|comment| text::escape_line(&comment.body, 60));
            screen.line(&format!(
                "{}  {}  {}  {} by {}  {}",
                times::format_timestamp(event.at.as_ref()),
                screen.paint(tone, way),
                text::escape_line(&event.comment_id, 256),
                verdict_view::decision_word(event.after),
                text::escape_line(&event.by, 128),
                start.unwrap_or_default()
            ))?;
        }
        // A stream has no end, so that it cannot be one document.
        Format::Json => screen.line(&json::write(moved, true)?)?,
        Format::Jsonl => screen.line(&json::write(moved, false)?)?,
        Format::Csv => screen.write(&csv_line(event.fields())?)?,
        Format::Ids => screen.line(&event.comment_id)?,
    }
    screen.flush()
}
