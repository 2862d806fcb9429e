//! Starts real `redis-server` processes: one that all tests share, in which each test has its own key prefix, and private ones
//! for tests that stop theirs; also with TLS, with Sentinels and as a cluster.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long Redis processes may take to find each other.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the URL of the shared server, which is started on the first call.
pub fn url() -> String {
    static SHARED: OnceLock<OwnRedis> = OnceLock::new();
    SHARED.get_or_init(OwnRedis::start).url()
}

/// Returns the URL of the shared server with TLS, and the file of the authority that signed its certificate.
pub fn tls() -> (String, PathBuf) {
    static SHARED: OnceLock<OwnRedis> = OnceLock::new();
    let shared = SHARED.get_or_init(OwnRedis::start_with_tls);
    (format!("rediss://localhost:{}", shared.port), shared.folder.path().join("ca.pem"))
}

/// Returns the URL of the shared cluster of three masters with one replica each.
pub fn cluster() -> String {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).url()
}

/// Returns a key prefix that is unique, so that tests can run in parallel on one server.
pub fn prefix() -> String {
    format!("test-{}:", uuid::Uuid::now_v7().simple())
}

/// A private `redis-server`. It ends when this is dropped, or at the latest when the test process ends in any way.
pub struct OwnRedis {
    port: u16,
    folder: TempDir,
    options: Vec<String>,
    environment: Vec<(&'static str, PathBuf)>,
    /// The guard process, and the id of the server process.
    guard: Option<(Child, String)>,
}

/// A script that prints the process id of the server and kills the server when its standard input closes. It is needed because
/// statics are never dropped, and a killed test run drops nothing.
const GUARD: &str = r#"redis-server "$@" </dev/null &
echo "process $!"
exec >/dev/null
cat
kill -9 $!
wait $! 2>/dev/null"#;

impl OwnRedis {
    /// Starts a server on a free port with an append-only file.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further options of `redis-server`.
    pub fn start_with(more: &[&str]) -> Self {
        Self::start_in_environment(more, |_| Vec::new())
    }

    /// Starts a server with further options and with environment variables, which may depend on its data directory.
    pub fn start_in_environment(more: &[&str], environment: impl FnOnce(&Path) -> Vec<(&'static str, PathBuf)>) -> Self {
        let folder = TempDir::new().unwrap();
        let environment = environment(folder.path());
        Self::start_in(folder, environment, |port| {
            let common = ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"];
            common.iter().chain(more).map(ToString::to_string).collect()
        })
    }

    fn start_with_tls() -> Self {
        let folder = TempDir::new().unwrap();
        certify(folder.path());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (ca, cert, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
        Self::start_in(folder, Vec::new(), |port| {
            let port = port.to_string();
            let options = ["--port", "0", "--tls-port", &port, "--bind", "127.0.0.1", "--save", "", "--tls-auth-clients", "no"];
            let files = ["--tls-ca-cert-file", &ca, "--tls-cert-file", &cert, "--tls-key-file", &key];
            options.iter().chain(&files).map(ToString::to_string).collect()
        })
    }

    fn start_in(folder: TempDir, environment: Vec<(&'static str, PathBuf)>, options: impl Fn(u16) -> Vec<String>) -> Self {
        let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        assert!(version.is_ok(), "redis-server is not installed: `apt-get install redis-server`, then run the tests again");
        // Another process may take the free port before the server does.
        for _ in 0..5 {
            let port = free_port();
            let options = options(port);
            if let Some(guard) = launch(&options, &environment, folder.path()) {
                return Self { port, folder, options, environment, guard: Some(guard) };
            }
        }
        panic!("redis-server did not come up in five tries");
    }

    /// Returns the URL of the server.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Returns the data directory.
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command with `redis-cli` and returns the answer.
    pub fn ask(&self, words: &[&str]) -> String {
        ask(self.port, words)
    }

    /// Pauses all clients for a number of milliseconds.
    pub fn pause(&self, millis: u32) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        write!(stream, "CLIENT PAUSE {millis} ALL\r\n").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// Sends the process a signal, e.g. `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        let (_, process) = self.guard.as_ref().unwrap();
        assert!(Command::new("kill").args([format!("-{name}"), process.clone()]).status().unwrap().success());
    }

    /// Kills the server.
    pub fn stop(&mut self) {
        if let Some((mut guard, _)) = self.guard.take() {
            drop(guard.stdin.take());
            guard.wait().unwrap();
        }
    }

    /// Starts the server again on the same port and data.
    pub fn start_again(&mut self) {
        self.guard = Some(launch(&self.options, &self.environment, self.folder.path()).expect("redis-server comes up again"));
    }

    /// Starts the server again on the same port, without its data.
    pub fn start_empty(&mut self) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            }
        }
        self.start_again();
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A cluster of three masters with one replica each.
pub struct Cluster {
    nodes: Vec<OwnRedis>,
}

impl Cluster {
    /// Starts six servers and waits until they form a cluster whose replicas are in sync.
    pub fn start() -> Self {
        let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"];
        let nodes: Vec<OwnRedis> = (0..6).map(|_| OwnRedis::start_with(&options)).collect();
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]).args(addresses).args(["--cluster-replicas", "1", "--cluster-yes"]);
        let created = create.output().unwrap();
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        let cluster = Self { nodes };
        wait_until("the cluster forms", || {
            cluster.nodes.iter().all(|node| node.ask(&["CLUSTER", "INFO"]).contains("state:ok"))
        });
        wait_until("replicas are in step", || {
            cluster.nodes.iter().all(|node| {
                let role = node.ask(&["INFO", "replication"]);
                role.contains("role:master") || role.contains("master_link_status:up")
            })
        });
        cluster
    }

    /// Returns a URL with two of the nodes; clients learn the others from them.
    pub fn url(&self) -> String {
        format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", self.nodes[0].port, self.nodes[4].port)
    }

    /// Kills the master that holds a key.
    pub fn kill_master_of(&mut self, key: &str) {
        let slot: u16 = self.nodes[0].ask(&["CLUSTER", "KEYSLOT", key]).trim().parse().unwrap();
        let shards = self.nodes[0].ask(&["CLUSTER", "NODES"]);
        let keeps = |line: &&str| {
            line.contains("master")
                && line.split(' ').skip(8).any(|range| {
                    let (from, to) = range.trim().split_once('-').unwrap_or((range, range));
                    from.parse().is_ok_and(|from: u16| from <= slot) && to.parse().is_ok_and(|to: u16| slot <= to)
                })
        };
        let line = shards.lines().find(keeps).unwrap_or_else(|| panic!("nobody keeps {slot} in {shards}"));
        let port = line.split([':', '@']).nth(1).unwrap();
        let port: u16 = port.parse().unwrap();
        self.nodes.iter_mut().find(|node| node.port == port).unwrap().stop();
    }

    /// Starts the killed nodes again; they become replicas of the new masters.
    pub fn revive(&mut self) {
        self.nodes.iter_mut().filter(|node| node.guard.is_none()).for_each(OwnRedis::start_again);
    }
}

/// A master, a replica, and three Sentinels that monitor them.
pub struct Watched {
    master: OwnRedis,
    _replica: OwnRedis,
    sentinels: Vec<OwnRedis>,
}

impl Watched {
    /// Starts all five servers and waits until the Sentinels know each other and the replica.
    pub fn start() -> Self {
        let master = OwnRedis::start_with(&["--repl-diskless-sync-delay", "0"]);
        let replica = OwnRedis::start_with(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
        let sentinels: Vec<OwnRedis> = (0..3).map(|_| sentinel(master.port)).collect();
        let watched = Self { master, _replica: replica, sentinels };
        wait_until("the Sentinels know each other", || {
            watched.sentinels.iter().all(|sentinel| {
                let known = sentinel.ask(&["INFO", "sentinel"]);
                known.contains("status=ok") && known.contains("slaves=1") && known.contains("sentinels=3")
            })
        });
        wait_until("the replica is in step", || watched.master.ask(&["INFO", "replication"]).contains("state=online"));
        watched
    }

    /// Returns a URL with the Sentinels and the name of the master.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
        format!("redis+sentinel://{}/main", hosts.join(","))
    }

    /// Kills the master.
    pub fn kill_master(&mut self) {
        self.master.stop();
    }

    /// Suspends the master: it does not answer, but its connections stay open.
    pub fn hang_master(&self) {
        self.master.signal("STOP");
    }

    /// Makes the Sentinels promote the replica. The old master keeps answering, as a replica.
    pub fn fail_over(&self) {
        wait_until("a Sentinel begins a failover", || self.sentinels[0].ask(&["SENTINEL", "FAILOVER", "main"]).contains("OK"));
        wait_until("the old master is a replica", || self.master.ask(&["INFO", "replication"]).contains("role:slave"));
    }

    /// Kills the Sentinels.
    pub fn stop_sentinels(&mut self) {
        self.sentinels.iter_mut().for_each(OwnRedis::stop);
    }

    /// Starts the Sentinels again.
    pub fn revive_sentinels(&mut self) {
        self.sentinels.iter_mut().for_each(OwnRedis::start_again);
    }

    /// Starts the old master again; the Sentinels make it a replica.
    pub fn revive(&mut self) {
        self.master.start_again();
    }
}

fn sentinel(master: u16) -> OwnRedis {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sentinel.conf");
    let config = format!(
        "sentinel monitor main 127.0.0.1 {master} 2\nsentinel down-after-milliseconds main 1000\n\
         sentinel failover-timeout main 3000\n"
    );
    std::fs::write(&file, config).unwrap();
    OwnRedis::start_in(folder, Vec::new(), |port| {
        let port = port.to_string();
        [&file.display().to_string(), "--port", &port, "--bind", "127.0.0.1", "--sentinel"].map(str::to_owned).to_vec()
    })
}

/// Writes a certificate for localhost, its key, and the certificate of the authority.
fn certify(folder: &Path) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in [("ca.pem", ca_certificate.pem()), ("cert.pem", server.pem()), ("key.pem", key.serialize_pem())] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn ask(port: u16, words: &[&str]) -> String {
    let answer = Command::new("redis-cli").args(["-p", &port.to_string()]).args(words).output().unwrap();
    String::from_utf8_lossy(&answer.stdout).into_owned()
}

/// Returns a free port whose cluster bus port, 10,000 above it, is free too.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        if port < 55_000 && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn wait_until(what: &str, is: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < until, "it takes too long until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Starts a server behind the guard script. Returns `None` if it ends before it is ready.
fn launch(options: &[String], environment: &[(&'static str, PathBuf)], folder: &Path) -> Option<(Child, String)> {
    let mut command = Command::new("sh");
    command.args(["-c", GUARD, "redis"]).args(options).arg("--dir").arg(folder).envs(environment.iter().cloned());
    let mut guard = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut log = BufReader::new(guard.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The server may write to its log before the shell says what process it is.
    let (mut process, mut ready) = (None, false);
    for line in log.by_ref() {
        ready |= line.contains("Ready to accept connections") || line.contains("Sentinel ID is");
        process = process.or_else(|| line.strip_prefix("process ").map(str::to_owned));
        if ready && process.is_some() {
            break;
        }
    }
    // The output is read to the end, because the server would block on a full pipe.
    std::thread::spawn(move || log.for_each(drop));
    process.filter(|_| ready).map(|process| (guard, process))
}
