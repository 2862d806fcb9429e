//! Runs the checks of the fuzzers without a fuzzer: on their seeds, on all inputs that they ever found, and on randomly
//! damaged seeds. Also tests files that never end.

#[path = "../../fuzz/invariants/mod.rs"]
mod invariants;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::cli::{err, gatepost};
use invariants::TARGETS;

/// Returns the stored inputs of a fuzz target, each with its path.
fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let folders = ["corpus-seeds", "findings"].map(|folder| fuzz.join(folder).join(target));
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().map(|entry| entry.unwrap().path());
    let mut kept: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    kept.sort();
    kept
}

#[test]
fn every_seed_and_every_finding_keeps_what_is_promised() {
    for (name, target) in TARGETS {
        let kept = kept(name);
        assert!(kept.len() > 1, "{name} has no seeds");
        for (path, input) in kept {
            // The output is shown if the test fails.
            println!("{}", path.display());
            target(&input);
        }
    }
}

/// A random change to an input.
#[derive(Debug, Clone)]
enum Damage {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Without(prop::sample::Index, usize),
    Again(prop::sample::Index, usize, usize),
    Words(prop::sample::Index, String),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        let words = "(\u{0}|\u{301}|ﷺ|\u{200b}|&amp;|<b>|]]>|http://a\\.co|\"|\\[|\\{|#|=|9{20}|-1|\\PC{1,8})";
        prop_oneof![
            (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Byte(at, byte)),
            any::<prop::sample::Index>().prop_map(Self::Cut),
            (any::<prop::sample::Index>(), 1..40_usize).prop_map(|(at, length)| Self::Without(at, length)),
            (any::<prop::sample::Index>(), 1..40_usize, 1..200_usize)
                .prop_map(|(at, length, times)| Self::Again(at, length, times)),
            (any::<prop::sample::Index>(), words).prop_map(|(at, words)| Self::Words(at, words)),
        ]
    }

    fn befall(&self, input: &mut Vec<u8>) {
        let place = |at: &prop::sample::Index, input: &[u8]| at.index(input.len() + 1);
        match self {
            Self::Byte(at, byte) => {
                let at = at.index(input.len().max(1));
                if let Some(old) = input.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Cut(at) => input.truncate(place(at, input)),
            Self::Without(at, length) => {
                let begin = place(at, input);
                input.drain(begin..(begin + length).min(input.len()));
            }
            Self::Again(at, length, times) => {
                let begin = place(at, input);
                let piece = input[begin..(begin + length).min(input.len())].repeat(*times);
                input.splice(begin..begin, piece);
            }
            Self::Words(at, words) => {
                let begin = place(at, input);
                input.splice(begin..begin, words.bytes());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_seeds_keep_what_is_promised(
        target in prop::sample::select(TARGETS.to_vec()),
        seed: prop::sample::Index,
        damage in prop::collection::vec(Damage::any(), 0..8),
    ) {
        let (name, target) = target;
        let kept = kept(name);
        let mut input = kept[seed.index(kept.len())].1.clone();
        damage.iter().for_each(|damage| damage.befall(&mut input));
        target(&input);
    }
}

/// Checks comments of the maximum length that are as expensive as possible.
#[test]
fn the_worst_bodies_cost_no_more_than_their_length() {
    let bomb = |piece: &str| piece.repeat(65_000 / piece.len());
    for (format, body) in [
        (0, bomb("a ")),
        (0, bomb("b a ")),
        (0, bomb("a.co,")),
        (0, bomb("a.co ")),
        (0, bomb("://a.co")),
        (0, bomb("http://a,")),
        (0, bomb("a@b.co,")),
        (2, bomb("<b>a</b>")),
        (2, format!("&amp;{}", bomb("& "))),
        (2, bomb("&amp;")),
        (2, bomb("<a href=http://co>")),
        (3, bomb("[a](http://co)")),
        (3, bomb("*a_ ")),
        (3, format!("[r]: http://{}.co\n\n{}", "x".repeat(30_000), "[r] ".repeat(8_000))),
    ] {
        let mut input = vec![format, 0];
        input.extend(body.bytes());
        let begun = Instant::now();
        // Each body is judged four times, by an unoptimised program on a machine that is busy with other tests.
        invariants::comment_fields(&input);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(10), "{took:?} for {:?}…", &body[..20]);
    }
}

/// Asserts that the program refuses a file soon, with these words.
#[track_caller]
fn refused(args: &[&str], variable: Option<(&str, &str)>, expected: &[&str]) {
    let begun = Instant::now();
    let output = gatepost(args).envs(variable).output().unwrap();
    let said = err(&output).to_owned() + String::from_utf8_lossy(&output.stdout).as_ref();
    assert!(!output.status.success(), "{args:?} was taken: {said}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{args:?} took {:?}", begun.elapsed());
    for words in expected {
        assert!(said.contains(words), "{args:?} said {said}");
    }
}

/// Creates a sparse file of one gigabyte.
fn gigabyte(path: &Path) -> String {
    File::create(path).unwrap().set_len(1 << 30).unwrap();
    path.display().to_string()
}

#[test]
fn model_files_without_end_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let large = gigabyte(&folder.path().join("large.gpmodel"));
    for (file, why) in [(large.as_str(), "1073741824 bytes long"), ("/dev/zero", "does not end")] {
        refused(&["model", "info", "--model", file], None, &[file, why, "at most 8388608 bytes"]);
        refused(&["serve", "--listen", "127.0.0.1:0", "--store", "memory:", "--model", file], None, &[file, why]);
    }
}

#[test]
fn settings_files_without_end_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let large = gigabyte(&folder.path().join("large.toml"));
    for (file, why) in [(large.as_str(), "1073741824 bytes long"), ("/dev/zero", "does not end")] {
        refused(&["serve", "--config", file], None, &[file, why, "at most 1048576 bytes"]);
        let secret = Some(("GATEPOST_STORE_FILE", file));
        refused(&["serve", "--listen", "127.0.0.1:0"], secret, &["GATEPOST_STORE_FILE", file, why]);
    }
}

#[test]
fn policy_files_without_end_are_refused() {
    for kind in ["sparse", "device", "pipe", "folder"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hostile.toml");
        let why = match kind {
            "sparse" => {
                gigabyte(&path);
                "1073741824 bytes long; at most 1048576 bytes"
            }
            "device" => {
                std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
                "not a regular file"
            }
            "pipe" => {
                assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
                "not a regular file"
            }
            _ => {
                fs::create_dir(&path).unwrap();
                "not a regular file"
            }
        };
        let folder = folder.path().to_str().unwrap();
        refused(&["policy", "check", folder], None, &["hostile.toml", why]);
        refused(
            &["serve", "--listen", "127.0.0.1:0", "--store", "memory:", "--policy-dir", folder],
            None,
            &["hostile.toml", why],
        );
    }
}

#[test]
fn a_file_of_nothing_but_mistakes_is_answered_soon_and_in_few_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mistakes: String = (0..60_000).map(|number| format!("mistake_{number} = 1\n")).collect();
    assert!(mistakes.len() > 1_000_000);
    let mistakes = &mistakes[..1_040_000];
    fs::write(folder.path().join("wrong.toml"), mistakes).unwrap();
    let begun = Instant::now();
    let output = gatepost(&["policy", "check", folder.path().to_str().unwrap()]).output().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    assert!((100..110).contains(&lines), "{lines} lines");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn brackets_and_dots_without_end_do_not_use_up_the_stack() {
    let folder = tempfile::tempdir().unwrap();
    for deep in ["[".repeat(500_000), format!("a = {}", "[".repeat(500_000)), format!("{}b = 1", "a.".repeat(400_000))] {
        fs::write(folder.path().join("deep.toml"), deep).unwrap();
        refused(&["policy", "check", folder.path().to_str().unwrap()], None, &["deep.toml"]);
    }
    let line = format!("{{\"text\":{}", "[".repeat(500_000));
    let file = folder.path().join("deep.jsonl");
    fs::write(&file, line).unwrap();
    refused(&["check", "--file", file.to_str().unwrap()], None, &["not JSON"]);
}
