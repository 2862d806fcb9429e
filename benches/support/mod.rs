//! What the benches share: servers as processes of their own, and comments to send them.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use gatepost::pb;

/// Any error will do: a bench that cannot go on says why and stops.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// A new comment by a new author each time: repeats would be answered from the record.
pub fn comment() -> pb::Comment {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let sentence = "I do not agree with the article, and it says little about who supplied the goods. ";
    pb::Comment {
        site: "blog.example".into(),
        comment_id: format!("{}-{number}", std::process::id()),
        body: sentence.chars().cycle().take(480).collect(),
        author: Some(pb::Author { name: "Ada".into(), user_id: format!("user-{number}"), ..Default::default() }),
        client: Some(pb::Client {
            ip: format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A server. Killed when dropped.
pub struct Process {
    pub child: Child,
    pub url: String,
}

impl Process {
    /// Processor time so far, in microseconds. Linux counts it in hundredths of a second.
    pub fn cpu(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<f64>().ok());
        Ok((ticks(11).ok_or("no utime")? + ticks(12).ok_or("no stime")?) * 1e4)
    }

    /// Resident memory in megabytes.
    pub fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(kilobytes.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits until it listens.
pub fn launch(program: &str, arguments: &[&str]) -> Result<Process> {
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines().map_while(std::result::Result::ok);
    let address = lines.by_ref().find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
    let address = address.ok_or_else(|| format!("{program} does not start"))?;
    std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
    Ok(Process { child, url: format!("http://{address}") })
}

/// A Redis. Killed when dropped.
pub struct RunningRedis {
    pub child: Child,
    pub url: String,
}

impl RunningRedis {
    /// Starts one in a folder with more options. `None`: not installed.
    pub fn start(folder: &std::path::Path, more: &[&str]) -> Result<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder).args(more);
        let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else { return Ok(None) };
        let mut lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines().map_while(std::result::Result::ok);
        if !lines.any(|line| line.contains("Ready to accept connections")) {
            return Err("redis-server does not start".into());
        }
        // Read on, or it would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Some(Self { child, url: format!("redis://127.0.0.1:{port}") }))
    }
}

impl Drop for RunningRedis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
