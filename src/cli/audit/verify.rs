//! `gatepost audit verify`: goes over the chain of hashes from its first record to its last. It believes nothing that the
//! server says of it but the records themselves; what it prints at the end is worth noting down elsewhere, since whoever may
//! write to the store may also write all of the chain anew.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::cli::connect::ConnectArgs;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::lines;
use crate::cli::term::{Screen, Tone};
use crate::cli::{json, text};
use crate::pb;

/// Events a call.
const PAGE: i32 = 1_000;
/// How many wrong records are named.
const MOST_NAMED: usize = 20;

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
    end: Vec<End>,
    /// Verify an export instead of what a server keeps; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// A place in the chain and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    number: u64,
    hash: String,
}

impl FromStr for End {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let wrong = "must be a number, a colon and 64 hexadecimal digits, as `gatepost audit verify` prints them";
        let (number, hash) = typed.trim().split_once(':').ok_or(wrong)?;
        let whole = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.parse().ok().filter(|_| whole).ok_or(wrong)?;
        Ok(Self { number, hash: hash.to_lowercase() })
    }
}

/// Goes over the chain and says what it found.
pub async fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let mut chain = Chain { ends: args.end.clone(), ..Chain::default() };
    match &args.file {
        Some(file) => of_file(file, &mut chain)?,
        None => of_server(&args.connect, &mut chain).await?,
    }
    let mut screen = Screen::new();
    for end in std::mem::take(&mut chain.ends) {
        chain.wrong.push(format!("{}: the chain does not reach there any more, and once did", end.number));
    }
    for wrong in chain.wrong.iter().take(MOST_NAMED) {
        screen.line(&screen.paint(Tone::Bad, &text::line(wrong, 300)))?;
    }
    if chain.wrong.len() > MOST_NAMED {
        screen.line(&format!("and {} more", chain.wrong.len() - MOST_NAMED))?;
    }
    let (tone, word) = if chain.wrong.is_empty() { (Tone::Good, "whole") } else { (Tone::Bad, "NOT WHOLE") };
    let erased = if chain.erased == 0 { String::new() } else { format!(", {} of them erased", chain.erased) };
    let from = if chain.first > 1 {
        format!(", from {} on (what was before was forgotten in time)", chain.first)
    } else {
        String::new()
    };
    screen.line(&format!(
        "{}: {} acts{erased}, {} of them decisions of moderators{from}",
        screen.paint(tone, word),
        chain.seen,
        chain.decisions
    ))?;
    if chain.number > 0 {
        screen.line(&format!("end {}:{}", chain.number, hex(&chain.hash)))?;
    }
    screen.flush()?;
    Ok(ExitCode::from(if chain.wrong.is_empty() { 0 } else { FAILED }))
}

async fn of_server(connect: &ConnectArgs, chain: &mut Chain) -> Result<(), Failure> {
    let site = connect.site()?;
    let connection = connect.connect().await?;
    let mut page_token = String::new();
    loop {
        let request = pb::ListAuditEventsRequest { site: site.clone(), page_size: PAGE, page_token, ..Default::default() };
        let page = connection.review().list_audit_events(request).await;
        let page = page.map_err(|status| connection.failure(&status))?.into_inner();
        if chain.seen == 0 {
            chain.begin(page.forgotten, &page.forgotten_hash);
        }
        page.events.iter().for_each(|event| chain.take(event));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            if chain.number < page.newest {
                chain.wrong.push(format!("{} to {}: missing", chain.number + 1, page.newest));
            } else if chain.number == page.newest && page.newest_hash != chain.hash {
                chain.wrong.push(format!("{}: the end that the server keeps is another one", page.newest));
            }
            return Ok(());
        }
    }
}

fn of_file(file: &Path, chain: &mut Chain) -> Result<(), Failure> {
    let mut lines = lines::open(file, |source, _| source)?;
    while let Some(line) = lines.next().map_err(|error| lines::unreadable(file, &error))? {
        let wrong = |problem: String| Failure::failed(format!("{} line {}: {problem}", file.display(), line.number));
        let fields = line.fields().map_err(wrong)?;
        let event: pb::AuditEvent = json::read(serde_json::Value::Object(fields)).map_err(wrong)?;
        if chain.seen == 0 && event.number > 1 {
            // The beginning may have been forgotten in time: what the first goes on from cannot be known from here.
            chain.trust_first = true;
            chain.number = event.number - 1;
        }
        chain.take(&event);
    }
    Ok(())
}

/// The chain as far as it was gone over.
#[derive(Default)]
struct Chain {
    first: u64,
    number: u64,
    hash: Vec<u8>,
    /// The next record's own hash is believed: what it goes on from is not known.
    trust_first: bool,
    seen: u64,
    erased: u64,
    decisions: u64,
    ends: Vec<End>,
    wrong: Vec<String>,
}

impl Chain {
    fn begin(&mut self, forgotten: u64, hash: &[u8]) {
        self.number = forgotten;
        self.hash = if hash.is_empty() { vec![0; 32] } else { hash.to_vec() };
        for end in std::mem::take(&mut self.ends) {
            if end.number > forgotten || end.number == forgotten && end.hash == hex(&self.hash) {
                self.ends.extend(Some(end).filter(|end| end.number > forgotten));
            } else if end.number == forgotten {
                self.wrong.push(format!("{forgotten}: the chain up to here is another than the one noted"));
            } else {
                self.wrong.push(format!("{}: lies before what is still kept, and cannot be checked", end.number));
            }
        }
    }

    fn take(&mut self, event: &pb::AuditEvent) {
        if self.hash.is_empty() {
            self.hash = vec![0; 32];
        }
        if self.seen == 0 {
            self.first = event.number;
        }
        self.seen += 1;
        let what = || {
            let about = [&event.act, &event.comment_id, &event.subject].map(|part| text::line(part, 80));
            about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        };
        let gap = event.number != self.number + 1;
        match event.number.saturating_sub(self.number + 1) {
            _ if event.number <= self.number => {
                self.wrong.push(format!("{}: stands where {} should", event.number, self.number + 1))
            }
            0 => {}
            1 => self.wrong.push(format!("{}: missing", self.number + 1)),
            _ => self.wrong.push(format!("{} to {}: missing", self.number + 1, event.number - 1)),
        }
        let digest: Vec<u8> =
            if event.record.is_empty() { event.erased_digest.clone() } else { Sha256::digest(&event.record).to_vec() };
        let hash = Sha256::new().chain_update(&self.hash).chain_update(&digest).finalize().to_vec();
        // After a gap what it goes on from is not known; what is wrong was said.
        if hash != event.hash && !gap && !std::mem::take(&mut self.trust_first) {
            self.wrong.push(format!("{}: was changed ({})", event.number, what()));
        } else if !event.record.is_empty() && !event.erased_digest.is_empty() {
            self.wrong.push(format!("{}: the hash kept beside it was changed ({})", event.number, what()));
        } else if !event.record.is_empty() && !tells(event) {
            self.wrong.push(format!("{}: is told otherwise than it was recorded ({})", event.number, what()));
        }
        self.erased += u64::from(event.record.is_empty());
        self.decisions += u64::from(event.act == "DECIDED");
        // Only one record is wrong where one was changed.
        (self.number, self.hash) = (event.number, event.hash.clone());
        if let Some(at) = self.ends.iter().position(|end| end.number == event.number) {
            let end = self.ends.remove(at);
            if end.hash != hex(&self.hash) {
                self.wrong.push(format!("{}: the chain up to here is another than the one noted", end.number));
            }
        }
    }
}

/// Whether what is told of an event is what its record says.
fn tells(event: &pb::AuditEvent) -> bool {
    let told = pb::AuditEvent { number: 0, hash: Vec::new(), record: Vec::new(), erased_digest: Vec::new(), ..event.clone() };
    pb::AuditEvent::decode(&*event.record).is_ok_and(|recorded| recorded == told)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three acts in a chain.
    fn events() -> Vec<pb::AuditEvent> {
        let mut hash = vec![0; 32];
        (1..=3)
            .map(|number| {
                let plain = pb::AuditEvent { act: "DECIDED".into(), comment_id: format!("c{number}"), ..Default::default() };
                let record = plain.encode_to_vec();
                hash = Sha256::new().chain_update(&hash).chain_update(Sha256::digest(&record)).finalize().to_vec();
                pb::AuditEvent { number, hash: hash.clone(), record, ..plain }
            })
            .collect()
    }

    fn wrong(events: &[pb::AuditEvent]) -> Vec<String> {
        let mut chain = Chain::default();
        chain.begin(0, &[]);
        events.iter().for_each(|event| chain.take(event));
        chain.wrong
    }

    #[test]
    fn a_whole_chain_is_whole() {
        assert!(wrong(&events()).is_empty());
    }

    #[test]
    fn every_changed_byte_of_a_record_names_that_record_alone() {
        for at in 0..events()[1].record.len() {
            let mut events = events();
            events[1].record[at] ^= 1;
            let wrong = wrong(&events);
            assert!(wrong.len() == 1 && wrong[0].starts_with("2: was changed"), "{wrong:?}");
        }
    }

    #[test]
    fn a_missing_a_moved_and_an_embellished_record_are_named() {
        let mut some = events();
        some.remove(1);
        assert_eq!(wrong(&some), ["2: missing"]);
        let mut swapped = events();
        swapped.swap(1, 2);
        assert!(wrong(&swapped)[0].starts_with("2: missing"), "{:?}", wrong(&swapped));
        let mut told = events();
        told[1].by = "somebody else".into();
        assert!(wrong(&told)[0].starts_with("2: is told otherwise"));
    }

    #[test]
    fn an_erased_record_leaves_the_chain_whole() {
        let mut some = events();
        some[1].erased_digest = Sha256::digest(&some[1].record).to_vec();
        some[1].record.clear();
        assert!(wrong(&some).is_empty());
    }

    #[test]
    fn an_end_that_was_noted_must_still_be_there() {
        let noted = |end: &str| {
            let mut chain = Chain { ends: vec![end.parse().unwrap()], ..Chain::default() };
            chain.begin(0, &[]);
            events().iter().for_each(|event| chain.take(event));
            (chain.wrong.len(), chain.ends.len())
        };
        assert_eq!(noted(&format!("2:{}", hex(&events()[1].hash))), (0, 0));
        assert_eq!(noted(&format!("2:{}", "0".repeat(64))), (1, 0));
        assert_eq!(noted(&format!("9:{}", "0".repeat(64))), (0, 1), "it is told of at the end");
    }
}
