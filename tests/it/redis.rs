//! Real `redis-server` processes: one that all tests share, each with a prefix of its own, and private ones for tests
//! that stop theirs.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The address of the shared one, which is started by the first who asks.
pub fn url() -> String {
    static SHARED: OnceLock<OwnRedis> = OnceLock::new();
    SHARED.get_or_init(OwnRedis::start).url()
}

/// A key prefix that nobody else has, so that tests run side by side on one server.
pub fn prefix() -> String {
    format!("test-{}:", uuid::Uuid::now_v7().simple())
}

/// A `redis-server` of one's own. Gone when dropped, and at the latest when the test process ends, however it ends.
pub struct OwnRedis {
    port: u16,
    folder: TempDir,
    guard: Option<Child>,
}

/// Ends the server when its standard input closes: statics are never dropped, and a killed test run drops nothing.
const GUARD: &str = r#"redis-server --port "$1" --bind 127.0.0.1 --dir "$2" --save '' --appendonly yes </dev/null &
exec >/dev/null
cat
kill -9 $!
wait $! 2>/dev/null"#;

impl OwnRedis {
    /// Starts one on a free port, keeping an append-only file.
    pub fn start() -> Self {
        let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        assert!(version.is_ok(), "redis-server is not installed: `apt-get install redis-server`, then run the tests again");
        let folder = TempDir::new().unwrap();
        // Between finding a free port and taking it somebody else may have taken it.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            if let Some(guard) = launch(port, &folder) {
                return Self { port, folder, guard: Some(guard) };
            }
        }
        panic!("redis-server did not come up in five tries");
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Keeps it from answering anybody for a while.
    pub fn pause(&self, millis: u32) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        write!(stream, "CLIENT PAUSE {millis} ALL\r\n").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// Kills it.
    pub fn stop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            guard.wait().unwrap();
        }
    }

    /// Starts it on the same port and data.
    pub fn start_again(&mut self) {
        self.guard = Some(launch(self.port, &self.folder).expect("redis-server comes up again"));
    }
}

/// `None`: it ended before it was ready.
fn launch(port: u16, folder: &TempDir) -> Option<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", GUARD, "redis"]).arg(port.to_string()).arg(folder.path());
    let mut guard = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut log = BufReader::new(guard.stdout.take().unwrap()).lines().map_while(Result::ok);
    let ready = log.by_ref().any(|line| line.contains("Ready to accept connections"));
    // Read on, or it would block on a full pipe.
    std::thread::spawn(move || log.for_each(drop));
    ready.then_some(guard)
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.stop();
    }
}
