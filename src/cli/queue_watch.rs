//! `gatepost queue --watch`: follows which comments enter and leave the queue, across restarts of the server.

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

/// Follows the queue until Ctrl-C is pressed.
pub async fn follow(connection: &Connection, site: &str, format: Format) -> Result<ExitCode, Failure> {
    let mut screen = TerminalOutput::new();
    if format == Format::Csv {
        screen.write(&csv_line(pb::AuditEvent::FIELDS.iter())?)?;
        screen.flush()?;
    }
    until_ctrl_c(follow_with_reconnect(connection, site, format, &mut screen)).await?;
    Ok(ExitCode::SUCCESS)
}

/// Follows the queue, and opens the stream again when it breaks.
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

/// Follows one stream until it breaks, and returns the status with which it broke.
async fn follow_once(
    connection: &Connection,
    site: &str,
    format: Format,
    screen: &mut TerminalOutput,
    reconnect: &mut Reconnect,
) -> Result<Status, Failure> {
    let mut stream = match connection.review().watch_queue(pb::WatchQueueRequest { site: site.to_owned() }).await {
        Ok(response) => response.into_inner(),
        Err(status) => return Ok(status),
    };
    if reconnect.opened() {
        terminal::log_line(&format!(
            "gatepost: {} is back; `gatepost audit` shows the changes in the meantime",
            connection.server()
        ));
    }
    loop {
        match stream.message().await {
            Ok(Some(change)) => {
                reconnect.received();
                print(screen, format, &change)?;
            }
            Ok(None) => return Ok(Status::unavailable("the server ended the stream")),
            Err(status) => return Ok(status),
        }
    }
}

fn print(screen: &mut TerminalOutput, format: Format, change: &pb::WatchQueueResponse) -> Result<(), Failure> {
    let empty = Default::default();
    let event = change.event.as_ref().unwrap_or(&empty);
    match format {
        Format::Table => {
            let (tone, direction) = match Decision::from_wire(event.after) {
                Some(Decision::Hold) => (Tone::Warning, "enters"),
                after => (Tone::from(after), "leaves"),
            };
            let excerpt = change
                .comment
                .as_ref()
                .and_then(|comment| comment.comment.as_ref())
                .map(|comment| text::escape_line(&comment.body, 60));
            screen.line(&format!(
                "{}  {}  {}  {} by {}  {}",
                times::format_timestamp(event.at.as_ref()),
                screen.paint(tone, direction),
                text::escape_line(&event.comment_id, 256),
                verdict_view::decision_word(event.after),
                text::escape_line(&event.by, 128),
                excerpt.unwrap_or_default()
            ))?;
        }
        // A stream has no end, so it cannot be a single JSON document.
        Format::Json => screen.line(&json::write(change, true)?)?,
        Format::Jsonl => screen.line(&json::write(change, false)?)?,
        Format::Csv => screen.write(&csv_line(event.fields())?)?,
        Format::Ids => screen.line(&event.comment_id)?,
    }
    screen.flush()
}
