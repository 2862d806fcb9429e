//! `gatepost audit verify`: verifies the hash chain from its first record to its last.
//!
//! Only the records themselves are trusted, not what the server says about them. The printed end should be noted elsewhere,
//! because anyone with write access to the store can rewrite the whole chain.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::chain::{ChainVerifier, NotedEnd, hex};
use crate::cli::connect::ConnectArgs;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::lines;
use crate::cli::terminal::{TerminalOutput, Tone};
use crate::cli::{json, text};
use crate::pb;

/// Events per request.
const PAGE_SIZE: i32 = 1_000;
/// Maximum number of problems that are printed.
const MAX_NAMED: usize = 20;

pub const EXAMPLES: &str = "Examples:
  gatepost audit verify --site blog.example
  gatepost audit verify --end 1204:5f0c…      also compare the chain with an end noted earlier
  gatepost audit verify --file audit.jsonl    an export of `gatepost audit --oldest-first --format jsonl`

Exit codes: 0 whole, 1 not whole.";

/// Options of `audit verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// End of the chain as an earlier run printed it; may be given several times
    #[arg(long, value_name = "NUMBER:HASH")]
    end: Vec<NotedEnd>,
    /// Verify an export instead of the server's audit log; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Verifies the chain and prints the result.
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

/// Prints the problems, a summary of the chain and its end.
fn print(chain: &ChainVerifier) -> Result<(), Failure> {
    let mut screen = TerminalOutput::new();
    for problem in chain.problems.iter().take(MAX_NAMED) {
        screen.line(&screen.paint(Tone::Bad, &text::escape_line(problem, 300)))?;
    }
    if chain.problems.len() > MAX_NAMED {
        screen.line(&format!("and {} more", chain.problems.len() - MAX_NAMED))?;
    }
    let (tone, word) = if chain.problems.is_empty() { (Tone::Good, "whole") } else { (Tone::Bad, "NOT WHOLE") };
    let erased = if chain.erased == 0 { String::new() } else { format!(", {} of them erased", chain.erased) };
    let from = if chain.first > 1 { format!(", from {} on (earlier events have expired)", chain.first) } else { String::new() };
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
                chain.problems.push(format!("{}: the end stored on the server is different", page.newest));
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
