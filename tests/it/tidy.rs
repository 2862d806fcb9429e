//! The import table of ARCHITECTURE.md: which room may use which, and which library only where.

use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may use. Itself and `pb`'s messages always.
const ROOMS: [(&str, &[&str]); 23] = [
    ("error", &[]),
    ("files", &[]),
    ("reading", &[]),
    ("comment", &["error", "reading", "verdict"]),
    ("verdict", &[]),
    ("limit", &[]),
    ("retention", &["comment", "verdict"]),
    ("facts", &["limit", "verdict"]),
    ("classify", &["comment", "reading"]),
    ("settings", &[]),
    ("policy", &["classify", "comment", "facts", "limit", "reading", "retention", "settings", "verdict"]),
    ("judge", &["classify", "comment", "facts", "policy", "verdict"]),
    ("store", &["classify", "comment", "error", "facts", "files", "limit", "retention", "verdict"]),
    ("keys", &["error", "store"]),
    ("lists", &["comment", "error", "policy", "store"]),
    ("learning", &["classify", "comment", "error", "retention", "store", "telemetry", "verdict"]),
    (
        "moderate",
        &[
            "classify",
            "comment",
            "error",
            "facts",
            "judge",
            "learning",
            "limit",
            "lists",
            "policy",
            "store",
            "telemetry",
            "verdict",
        ],
    ),
    ("review", &["classify", "comment", "error", "facts", "learning", "store", "verdict"]),
    (
        "grpc",
        &[
            "classify",
            "comment",
            "error",
            "keys",
            "learning",
            "limit",
            "lists",
            "moderate",
            "review",
            "store",
            "telemetry",
            "verdict",
        ],
    ),
    ("config", &["files", "keys", "retention", "settings", "store", "telemetry"]),
    ("telemetry", &["error", "verdict"]),
    (
        "server",
        &[
            "classify",
            "comment",
            "config",
            "error",
            "files",
            "grpc",
            "judge",
            "keys",
            "learning",
            "lists",
            "moderate",
            "policy",
            "retention",
            "review",
            "store",
            "telemetry",
        ],
    ),
    (
        "cli",
        &["classify", "comment", "config", "facts", "files", "judge", "policy", "server", "settings", "telemetry", "verdict"],
    ),
];

/// Library, and the only places under `src` that may name it.
const LIBRARIES: [(&str, &[&str]); 26] = [
    ("tonic", &["grpc", "server.rs", "cli", "lib.rs"]),
    ("tonic_types", &["grpc", "cli"]),
    ("redis", &["store"]),
    ("rusqlite", &["store"]),
    ("linfa", &["classify/train.rs", "classify/learn.rs", "classify/evaluate.rs"]),
    ("linfa_ftrl", &["classify/train.rs", "classify/learn.rs", "classify/evaluate.rs"]),
    ("ndarray", &["classify/train.rs", "classify/learn.rs", "classify/evaluate.rs"]),
    ("url", &["reading"]),
    ("idna", &["reading"]),
    ("html5gum", &["comment"]),
    ("clap", &["cli", "main.rs"]),
    ("comfy_table", &["cli"]),
    ("plotters", &["cli"]),
    ("quick_xml", &["cli"]),
    ("hdrhistogram", &["cli"]),
    ("fastrand", &["cli"]),
    ("ratatui", &["cli/review"]),
    ("crossterm", &["cli/review"]),
    ("unicode_width", &["cli/review"]),
    ("futures_util", &["grpc"]),
    ("axum", &["server"]),
    ("hyper", &["server"]),
    ("hyper_util", &["server"]),
    ("prometheus", &["telemetry"]),
    ("opentelemetry", &["telemetry"]),
    ("tracing_opentelemetry", &["telemetry"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The file's place under `src` and its lines outside comments and tests.
fn code() -> Vec<(String, Vec<String>)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files
        .iter()
        .map(|path| {
            let place = path.strip_prefix(&src).unwrap().display().to_string();
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            (place, lines.map(str::to_owned).collect())
        })
        .collect()
}

fn room(place: &str) -> &str {
    place.split('/').next().unwrap().trim_end_matches(".rs")
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let mut wrong = Vec::new();
    for (place, lines) in code().iter().filter(|(place, _)| !["lib.rs", "main.rs"].contains(&place.as_str())) {
        let room = room(place);
        let (_, may) =
            ROOMS.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("room {room} is not in the table"));
        for line in lines {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let fine = used == room || used == "pb" || may.contains(&used.as_str());
                if !fine && !used.is_empty() {
                    wrong.push(format!("{place} uses {used}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (place, lines) in code() {
        for (library, places) in LIBRARIES {
            let home = places.iter().any(|home| {
                place == *home
                    || room(&place) == *home
                    || place.starts_with(&format!("{home}/"))
                    || place == format!("{home}.rs")
            });
            // `redis` is also the name of a room within the store, and `store::redis` is no library.
            let names = |line: &str| {
                line.match_indices(&format!("{library}::")).any(|(at, _)| {
                    !line[..at].ends_with("::") && !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            };
            wrong.extend(lines.iter().filter(|line| !home && names(line)).map(|line| format!("{place}: {}", line.trim())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_threat_model_names_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests/it"] {
        sources(&root.join(folder), &mut files);
    }
    let code: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let said = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let names = said.split('`').skip(1).step_by(2).filter(|name| {
        // Three words or more: a name of a test.
        name.matches('_').count() > 2 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let missing: Vec<&str> =
        names.filter(|name| !code.contains(&format!("fn {name}()")) && !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_file_says_its_one_job_first() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let silent: Vec<_> = files.iter().filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! ")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
