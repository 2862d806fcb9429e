//! Tests of `gatepost review` in a terminal: the real program gets keys, and the screen is read.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use gatepost::pb::{self, Decision};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by};

/// The program in a terminal of 80 columns and 24 lines.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    // Kept, because dropping it would hang up the terminal.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn open(server: &Server, args: &[&str]) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_gatepost"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GATEPOST_")) {
            command.env_remove(name);
        }
        command.env("GATEPOST_SERVER", server.url());
        command.env("XDG_CONFIG_HOME", server.data_dir());
        command.env("TERM", "xterm-256color");
        command.args(["review", "--site", SITE, "--moderator", "mia"]);
        command.args(args);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let rows = NonZeroU16::new(24).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, NonZeroU16::new(80).unwrap(), 0)));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..length]);
            }
        });
        Self { child, keys: pair.master.take_writer().unwrap(), screen, _master: pair.master }
    }

    fn shows(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until all of these words are on the screen.
    #[track_caller]
    fn wait_for(&self, words: &[&str]) {
        let until = Instant::now() + PATIENCE;
        while !words.iter().all(|word| self.shows().contains(word)) {
            assert!(Instant::now() < until, "{words:?} do not show:\n{}", self.shows());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the program to end and returns its exit code.
    fn ends(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.shows());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.child.kill();
    }
}

async fn decisions(server: &Server) -> Vec<(String, Decision, String)> {
    let mut all = Vec::new();
    for id in ["c-1", "c-2", "c-3"] {
        let request = pb::GetVerdictRequest { site: SITE.into(), comment_id: id.into() };
        let verdict = server.host().get_verdict(request).await.unwrap().into_inner().verdict.unwrap();
        all.push((id.to_owned(), verdict.decision(), verdict.decided_by));
    }
    all
}

async fn three_held() -> Server {
    let server = Server::steady_with(HOLD_ALL, &["--store", "memory:"]).await;
    for n in 1..=3 {
        let body = format!("Cheap pills number {n}!!! Buy now at http://cheap-pills.example/{n}");
        let verdict = server.check(by("slim", &format!("c-{n}"), &body)).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Hold);
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderator_decides_with_single_keys() {
    let server = three_held().await;
    let mut terminal = Terminal::open(&server, &["--order", "oldest"]);
    terminal.wait_for(&["HOLD  c-1", "number 1!!!"]);
    terminal.press("f");
    terminal.wait_for(&["HOLD  c-2", "number 2!!!"]);
    terminal.press("d");
    terminal.wait_for(&["Reject: why?"]);
    terminal.press("\r");
    terminal.wait_for(&["HOLD  c-3", "rejected"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shows());
    let of = |id: &str, decision, by: &str| (id.to_owned(), decision, by.to_owned());
    let expected =
        [of("c-1", Decision::Approve, "mia"), of("c-2", Decision::Reject, "mia"), of("c-3", Decision::Hold, "MACHINE")];
    assert_eq!(decisions(&server).await, expected);
    // The last output of the program may still be on its way through the pseudo-terminal.
    let given_back = || {
        let screen = terminal.screen.lock().unwrap();
        !screen.screen().alternate_screen() && !screen.screen().hide_cursor()
    };
    let until = Instant::now() + PATIENCE;
    while !given_back() {
        assert!(Instant::now() < until, "the terminal is not given back");
        thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_and_comes_back_is_noticed_both_times() {
    let mut server = Server::start(HOLD_ALL, &[]).await;
    server.check(by("slim", "c-1", "Cheap pills number 1!!!")).await.unwrap();
    let mut terminal = Terminal::open(&server, &[]);
    terminal.wait_for(&["HOLD  c-1"]);
    server.kill();
    terminal.wait_for(&["server lost", "number 1!!!"]);
    server.start_again();
    terminal.wait_for(&["the server is back", "HOLD  c-1"]);
    terminal.press("f");
    terminal.wait_for(&["approved"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shows());
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let output = crate::cli::run(&["review", "--site", SITE]);
    assert_eq!(crate::cli::code(&output), 2);
    assert!(crate::cli::err(&output).contains("review needs a terminal"), "{}", crate::cli::err(&output));
}
