//! Starts the real server on a free port with its own data directory, and calls it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::review_service_client::ReviewServiceClient;
use gatepost::pb::{self, Verdict};
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// The site of most tests.
pub const SITE: &str = "blog.example";
/// How long a test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running `gatepost serve`, which is killed when dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
    under: Vec<String>,
    extra: Vec<String>,
    log: Log,
}

/// The log lines that a server has written so far.
pub type Log = Arc<Mutex<Vec<String>>>;

impl Server {
    /// Starts a server with a policy for [`SITE`] (`""`: the default) and flags. Everything else has its default, except the
    /// port and the data directory.
    pub async fn start(policy: &str, flags: &[&str]) -> Self {
        Self::start_under(|_| Vec::new(), policy, flags).await
    }

    /// Starts a server like [`start`](Self::start), through a program whose arguments end in `gatepost serve …` and which
    /// execs it. `under` gets the data directory, which does not exist yet.
    pub async fn start_under(under: impl FnOnce(&Path) -> Vec<String>, policy: &str, flags: &[&str]) -> Self {
        let policies = Some(policy).filter(|policy| !policy.is_empty()).map(|policy| ("blog.toml", for_site(policy)));
        Self::launched(under, policies.as_slice(), flags)
    }

    /// Starts a [steady](Self::steady_with) server with the embedded store.
    pub async fn steady() -> Self {
        Self::steady_with("", &[]).await
    }

    /// Starts a server with a policy for [`SITE`] (`""`: none) and flags, for tests whose outcome must not depend on chance or
    /// load: no comment is drawn for a spot check, and the timeout of Redis, which shares the processors with the tests, is
    /// long. These are not the defaults; a test of the defaults must use [`start`](Self::start).
    pub async fn steady_with(policy: &str, flags: &[&str]) -> Self {
        let mut policies = Vec::new();
        if !flags.contains(&"--policy-dir") {
            policies.push(("default.toml", "[review]\nspot_checks = 0\n".to_owned()));
            policies.extend(Some(policy).filter(|policy| !policy.is_empty()).map(|policy| ("blog.toml", for_site(policy))));
        }
        let patient = flags.contains(&"--store") && !flags.contains(&"--store-timeout");
        let patience: &[&str] = if patient { &["--store-timeout", "10s"] } else { &[] };
        Self::launched(|_| Vec::new(), &policies, &[flags, patience].concat())
    }

    fn launched(under: impl FnOnce(&Path) -> Vec<String>, policies: &[(&str, String)], flags: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let under = under(&folder.path().join("data"));
        let mut extra: Vec<String> = flags.iter().map(ToString::to_string).collect();
        if !policies.is_empty() {
            let policy_dir = folder.path().join("policies");
            std::fs::create_dir(&policy_dir).unwrap();
            for (file, text) in policies {
                std::fs::write(policy_dir.join(file), text).unwrap();
            }
            extra.extend(["--policy-dir".to_owned(), policy_dir.display().to_string()]);
        }
        let log = Log::default();
        let started = launch_logged(&under, &folder.path().join("data"), "127.0.0.1:0", &extra, &log);
        let (child, address) = started.expect("the server starts");
        Self { child, address, folder, under, extra, log }
    }

    /// Returns the URL of the server.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address of the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the log lines that contain these words.
    pub fn logged(&self, words: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(words)).cloned().collect()
    }

    /// Returns the ids of all held comments, each with the id of its verdict.
    pub async fn held(&self) -> HashMap<String, String> {
        let (mut held, mut token) = (HashMap::new(), String::new());
        loop {
            let request =
                pb::ListCommentsRequest { site: SITE.into(), page_size: 1_000, page_token: token, ..Default::default() };
            let page = self.desk().list_comments(request).await.unwrap().into_inner();
            for verdict in page.comments.into_iter().filter_map(|comment| comment.verdict) {
                assert_eq!(held.insert(verdict.comment_id, verdict.verdict_id), None, "queued twice");
            }
            token = page.next_page_token;
            if token.is_empty() {
                return held;
            }
        }
    }

    /// Returns the flags that the server was started with, without its port and data directory.
    pub fn extra(&self) -> &[String] {
        &self.extra
    }

    /// Returns the process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns the data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Sends SIGKILL, like the out-of-memory killer.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and returns the exit status.
    pub fn terminate(&mut self) -> ExitStatus {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.wait()
    }

    /// Waits for the server to end and returns its exit status.
    pub fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the server does not leave");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the server again on the same data and port.
    pub fn start_again(&mut self) {
        let started = launch_logged(&self.under, &self.data_dir(), &self.address.to_string(), &self.extra, &self.log);
        (self.child, self.address) = started.expect("the server starts again");
    }

    /// Shuts the server down in good order and starts it again on the same data and port.
    pub async fn restart(&mut self) {
        assert!(self.terminate().success());
        self.start_again();
    }

    /// Returns a channel that connects when it is first used.
    pub fn channel(&self) -> Channel {
        Endpoint::from_shared(self.url()).unwrap().timeout(PATIENCE).connect_lazy()
    }

    /// Returns a client for hosts.
    pub fn host(&self) -> ModerationServiceClient<Channel> {
        ModerationServiceClient::new(self.channel())
    }

    /// Returns a client for moderators.
    pub fn desk(&self) -> ReviewServiceClient<Channel> {
        ReviewServiceClient::new(self.channel())
    }

    /// Returns a channel without a timeout on its streams.
    pub async fn connect(&self) -> Channel {
        Endpoint::from_shared(self.url()).unwrap().connect().await.unwrap()
    }

    /// Has a comment checked.
    pub async fn check(&self, comment: pb::Comment) -> Result<Verdict, Status> {
        check(&mut self.host(), comment).await
    }

    /// Returns the ids of the comments in the queue.
    pub async fn queue(&self) -> Vec<String> {
        let request = pb::ListCommentsRequest { site: SITE.into(), page_size: 1_000, ..Default::default() };
        let answer = self.desk().list_comments(request).await.unwrap().into_inner();
        answer.comments.into_iter().map(|comment| comment.verdict.unwrap().comment_id).collect()
    }

    /// Decides a comment as `ada`.
    pub async fn decide(&self, id: &str, decision: pb::Decision) -> pb::ReviewResult {
        let request = pb::DecideCommentsRequest {
            site: SITE.into(),
            ids: vec![id.into()],
            decision: decision.into(),
            moderator: "ada".into(),
            ..Default::default()
        };
        self.desk().decide_comments(request).await.unwrap().into_inner().results.remove(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has a comment checked by the given client.
pub async fn check(host: &mut ModerationServiceClient<Channel>, comment: pb::Comment) -> Result<Verdict, Status> {
    let request = pb::CheckCommentRequest { comment: Some(comment), dry_run: false };
    Ok(host.check_comment(request).await?.into_inner().verdict.unwrap())
}

/// Returns a comment on [`SITE`].
pub fn comment(id: &str, body: &str) -> pb::Comment {
    pb::Comment { site: SITE.into(), comment_id: id.into(), body: body.into(), ..Default::default() }
}

/// Returns a comment by a signed-in author.
pub fn by(author: &str, id: &str, body: &str) -> pb::Comment {
    let author = Some(pb::Author { user_id: author.into(), ..Default::default() });
    pb::Comment { author, ..comment(id, body) }
}

/// Returns the text of a policy file for [`SITE`].
fn for_site(policy: &str) -> String {
    format!("sites = [\"{SITE}\"]\n{policy}")
}

/// Returns the default of an option that is a duration.
pub fn default_duration(option: &str) -> Duration {
    let defaults: toml::Table = gatepost::config::DEFAULTS.parse().unwrap();
    humantime::parse_duration(defaults[option].as_str().unwrap()).unwrap()
}

/// A policy that holds every comment.
pub const HOLD_ALL: &str = "[thresholds.spam]\nhold = 0.0\nreject = \"never\"\n";

/// Starts the program and waits until it listens. Returns its error output if it ends instead.
pub fn launch(data: &Path, listen: &str, extra: &[String]) -> Result<(Child, SocketAddr), String> {
    launch_under(&[], data, listen, extra)
}

/// Starts the program like [`launch`], through a program whose arguments end in `gatepost serve …` and which execs it.
pub fn launch_under(under: &[String], data: &Path, listen: &str, extra: &[String]) -> Result<(Child, SocketAddr), String> {
    launch_logged(under, data, listen, extra, &Log::default())
}

fn launch_logged(
    under: &[String],
    data: &Path,
    listen: &str,
    extra: &[String],
    log: &Log,
) -> Result<(Child, SocketAddr), String> {
    let program = env!("CARGO_BIN_EXE_gatepost");
    let mut command = Command::new(under.first().map_or(program, String::as_str));
    if let Some((_, more)) = under.split_first() {
        command.args(more).arg(program);
    }
    // The environment variables of the test run must not affect the server.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GATEPOST_")) {
        command.env_remove(name);
    }
    command.args(["serve", "--listen", listen, "--data-dir"]).arg(data).args(extra);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).stdin(Stdio::null()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let (tell, told) = mpsc::channel();
    let log = log.clone();
    thread::spawn(move || {
        // The log is read to the end, because the server would block on a full pipe.
        for line in stderr.lines().map_while(Result::ok) {
            log.lock().unwrap().push(line.clone());
            let _ = tell.send(line);
        }
    });
    let mut said = Vec::new();
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        if let Some(address) = line.strip_prefix("listening on ") {
            return Ok((child, address.parse().unwrap()));
        }
        said.push(line);
    }
    let _ = child.kill();
    let status = child.wait().unwrap();
    Err(format!("{status}\n{}", said.join("\n")))
}
