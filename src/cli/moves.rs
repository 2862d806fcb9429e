//! `gatepost queue --watch`: what enters and leaves the queue, as it happens, across restarts of the server.

use std::process::ExitCode;

use super::audit::AUDIT_FIELDS;
use super::connect::Connection;
use super::explain;
use super::failure::Failure;
use super::json;
use super::output::{Format, Record, csv_line};
use super::retry::{self, Pause};
use super::term::{self, Screen, Tone};
use super::text;
use crate::pb;
use crate::verdict::Decision;

/// Follows until Ctrl-C.
pub async fn follow(connection: &Connection, site: &str, format: Format) -> Result<ExitCode, Failure> {
    let mut screen = Screen::new();
    if format == Format::Csv {
        screen.write(&csv_line(AUDIT_FIELDS.iter())?)?;
        screen.flush()?;
    }
    tokio::select! {
        ended = keep_following(connection, site, format, &mut screen) => ended?,
        stopped = tokio::signal::ctrl_c() => stopped.map_err(|error| Failure::failed(format!("cannot wait for Ctrl-C: {error}")))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn keep_following(connection: &Connection, site: &str, format: Format, screen: &mut Screen) -> Result<(), Failure> {
    let mut pause = Pause::default();
    let mut away = false;
    loop {
        let broken = match connection.review().watch_queue(pb::WatchQueueRequest { site: site.to_owned() }).await {
            Err(status) => status,
            Ok(moves) => {
                let mut moves = moves.into_inner();
                if std::mem::take(&mut away) {
                    term::tell(&format!(
                        "gatepost: {} is back; what moved meanwhile is in `gatepost audit`",
                        connection.server()
                    ));
                }
                loop {
                    match moves.message().await {
                        Ok(Some(moved)) => {
                            pause = Pause::default();
                            print(screen, format, &moved)?;
                        }
                        Ok(None) => break tonic::Status::unavailable("the server ended the stream"),
                        Err(status) => break status,
                    }
                }
            }
        };
        if !retry::may_pass(&broken) {
            return Err(connection.failure(&broken));
        }
        if !std::mem::replace(&mut away, true) {
            let why = text::line(connection.failure(&broken).message(), 400);
            term::tell(&format!("gatepost: {why}\ngatepost: reconnecting until it is back; Ctrl-C ends"));
        }
        pause.wait().await;
    }
}

fn print(screen: &mut Screen, format: Format, moved: &pb::WatchQueueResponse) -> Result<(), Failure> {
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
                .map(|comment| text::line(&comment.body, 60));
            screen.line(&format!(
                "{}  {}  {}  {} by {}  {}",
                explain::moment(event.at.as_ref()),
                screen.paint(tone, way),
                text::line(&event.comment_id, 256),
                explain::word(event.after),
                text::line(&event.by, 128),
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
