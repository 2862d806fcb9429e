//! `gatepost audit verify`: goes over the chain of hashes from its first record to its last. It believes nothing that the
//! server says of it but the records themselves; what it prints at the end is worth noting down elsewhere, since whoever may
//! write to the store may also write all of the chain anew.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::chain::{ChainVerifier, NotedEnd, hex};
use crate::cli::connect::ConnectArgs;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::lines;
use crate::cli::terminal::{TerminalOutput, Tone};
use crate::cli::{json, text};
use crate::pb;

/// Events a call.
const PAGE_SIZE: i32 = 1_000;
/// How many wrong records are named.
const MAX_NAMED: usize = 20;

pub const EXAMPLES: &str = "Examples:
  gatepost audit verify --site blog.example
  gatepost audit verify --end 1204:5f0c…      the chain must still hold what it held when this was noted
  gatepost audit verify --file audit.jsonl    what `gatepost audit --oldest-first --format jsonl` printed

Exit codes: 0 whole, 1 not.";

/// Options of `audit verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// An earlier end of the chain, as this command prints it
    #[arg(long, value_name = "NUMBER:HASH")]
    end: Vec<NotedEnd>,
    /// Verify an export instead of what a server keeps; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Goes over the chain and says what it found.
pub async fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let mut chain = ChainVerifier::new(args.end.clone());
    match &args.file {
        Some(file) => verify_file(file, &mut chain)?,
        None => verify_server(&args.connect, &mut chain).await?,
    }
    chain.finish();
    print(&chain)?;
    Ok(ExitCode::from(if chain.problems.is_empty() { 0 } else { FAILED }))
}

/// Prints what is wrong, what the chain holds and where it ends.
fn print(chain: &ChainVerifier) -> Result<(), Failure> {
    let mut screen = TerminalOutput::new();
    for wrong in chain.problems.iter().take(MAX_NAMED) {
        screen.line(&screen.paint(Tone::Bad, &text::escape_line(wrong, 300)))?;
    }
    if chain.problems.len() > MAX_NAMED {
        screen.line(&format!("and {} more", chain.problems.len() - MAX_NAMED))?;
    }
    let (tone, word) = if chain.problems.is_empty() { (Tone::Good, "whole") } else { (Tone::Bad, "NOT WHOLE") };
    let erased = if chain.erased == 0 { String::new() } else { format!(", {} of them erased", chain.erased) };
    let from = if chain.first > 1 {
        format!(", from {} on (what was before was forgotten in time)", chain.first)
    } else {
        String::new()
    };
    screen.line(&format!(
        "{}: {} acts{erased}, {} of them decisions of moderators{from}",
        screen.paint(tone, word),
        chain.events,
        chain.decisions
    ))?;
    if chain.number > 0 {
        screen.line(&format!("end {}:{}", chain.number, hex(&chain.hash)))?;
    }
    screen.flush()
}

async fn verify_server(connect: &ConnectArgs, chain: &mut ChainVerifier) -> Result<(), Failure> {
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let mut page_token = String::new();
    loop {
        let request = pb::ListAuditEventsRequest { site: site.clone(), page_size: PAGE_SIZE, page_token, ..Default::default() };
        let page = connection.review().list_audit_events(request).await;
        let page = page.map_err(|status| connection.failure(&status))?.into_inner();
        if chain.events == 0 {
            chain.start_after(page.forgotten, &page.forgotten_hash);
        }
        page.events.iter().for_each(|event| chain.push(event));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            if chain.number < page.newest {
                chain.problems.push(format!("{} to {}: missing", chain.number + 1, page.newest));
            } else if chain.number == page.newest && page.newest_hash != chain.hash {
                chain.problems.push(format!("{}: the end that the server keeps is another one", page.newest));
            }
            return Ok(());
        }
    }
}

fn verify_file(file: &Path, chain: &mut ChainVerifier) -> Result<(), Failure> {
    let mut lines = lines::open(file, |source, _| source)?;
    while let Some(line) = lines.next().map_err(|error| lines::read_failure(file, &error))? {
        let wrong = |problem: String| Failure::failed(format!("{} line {}: {problem}", file.display(), line.number));
        let fields = line.fields().map_err(wrong)?;
        let event: pb::AuditEvent = json::read(serde_json::Value::Object(fields)).map_err(wrong)?;
        if chain.events == 0 {
            chain.start_at(&event);
        }
        chain.push(&event);
    }
    Ok(())
}
