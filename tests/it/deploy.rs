//! Checks that everything that documents and deploy/ name exists: options, variables, flags, metrics, alerts, versions.
//!
//! `deploy/check` checks that these files are well-formed, with the tools that read them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::{code, err, out, run};

const MANUAL: &str = "docs/operations.md";

pub fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Collects all files of a folder and its subfolders.
pub fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Secrets are not part of the repository and must not show up in the message of a failing test.
        match path.is_dir() {
            true if path.ends_with("secrets") => {}
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Returns the name and text of each document and each file of deploy/. Lines that end in `\` are joined with the next one.
/// The change log is left out, because it describes earlier versions.
pub fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "models/README.md"]
        .iter()
        .map(|file| root.join(file))
        .collect();
    files(&root.join("docs"), &mut found);
    files(&root.join("deploy"), &mut found);
    found
        .iter()
        .map(|path| {
            (path.strip_prefix(root).unwrap().display().to_string(), fs::read_to_string(path).unwrap().replace("\\\n", " "))
        })
        .collect()
}

/// Returns every word of letters, digits and underscores that begins with `start`, with the offset of its end.
fn words<'a>(text: &'a str, start: &str) -> Vec<(&'a str, usize)> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(start)
        .filter(|(at, _)| !text[..*at].ends_with(inside))
        .map(|(at, _)| {
            let end = text[at..].find(|c| !inside(c)).map_or(text.len(), |length| at + length);
            (&text[at..end], end)
        })
        .collect()
}

/// Returns the names of all options, which are in deploy/gatepost.toml. A test in `src/config.rs` shows that the file is
/// complete.
fn options() -> BTreeSet<String> {
    let names = read("deploy/gatepost.toml");
    names
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.starts_with('#'))
        .collect()
}

pub fn help(command: &[&str]) -> String {
    out(&run(&[command, &["--help"]].concat())).to_owned()
}

#[test]
fn every_variable_in_documents_and_deploy_files_is_an_option() {
    // Variables of clients, and the variable that names the configuration file.
    let mut others = BTreeSet::new();
    for command in commands().iter().filter(|command| command[0] != "help") {
        let help = help(&command.iter().map(String::as_str).collect::<Vec<_>>());
        others.extend(words(&help, "GATEPOST_").into_iter().map(|(word, _)| word.to_owned()));
    }
    let options = options();
    let is_option = |variable: &str| {
        variable.strip_prefix("GATEPOST_").is_some_and(|name| options.contains(&name.to_lowercase()))
            || others.contains(variable)
    };
    let mut unknown = Vec::new();
    for (file, text) in documents() {
        for (variable, _) in words(&text, "GATEPOST_") {
            // The prefix alone stands for all variables.
            let fine = variable == "GATEPOST_" || is_option(variable) || variable.strip_suffix("_FILE").is_some_and(is_option);
            if !fine {
                unknown.push(format!("{file}: {variable}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn every_command_in_documents_and_deploy_files_has_the_flags_that_it_is_given() {
    let commands: BTreeSet<String> = subcommands(&[]);
    let mut helps = BTreeMap::new();
    let mut unknown = Vec::new();
    for (file, text) in documents() {
        for line in text.lines() {
            for (at, name) in line.match_indices("gatepost ") {
                // Up to the end of the command, not of the line.
                let command = line[at + name.len()..].split(['`', '|', ';', '#']).next().unwrap_or_default();
                let mut words = command.split(|c: char| c.is_whitespace() || "\"(),".contains(c));
                let Some(first) = words.next().filter(|word| commands.contains(*word)) else { continue };
                let mut command = vec![first];
                let mut words = words.peekable();
                let further = subcommands(&[first]);
                if let Some(second) = words.next_if(|word| further.contains(*word)) {
                    command.push(second);
                } else if !further.is_empty() && !does_alone(&[first]) {
                    let second = words.peek().copied().unwrap_or_default();
                    unknown.push(format!("{file}: {first} has no {second}: {}", line.trim()));
                    continue;
                }
                let help = helps.entry(command.join(" ")).or_insert_with(|| help(&command));
                for flag in words.map(|word| word.split('=').next().unwrap_or(word)).filter(|word| word.starts_with("--")) {
                    let there = help
                        .match_indices(flag)
                        .any(|(at, _)| !help[at + flag.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'));
                    if !there {
                        unknown.push(format!("{file}: {} has no {flag}: {}", command.join(" "), line.trim()));
                    }
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// Returns whether a command with subcommands does something without one.
fn does_alone(command: &[&str]) -> bool {
    let help = help(command);
    let usage = help.split("Usage: ").nth(1).unwrap_or_default().lines().next().unwrap_or_default();
    !usage.contains("<COMMAND>")
}

/// Returns all commands and subcommands of the program.
fn commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for first in subcommands(&[]) {
        commands.extend(subcommands(&[&first]).into_iter().map(|second| vec![first.clone(), second]));
        commands.push(vec![first]);
    }
    commands
}

/// Returns the commands of the program, or the subcommands of a command, as its help lists them.
fn subcommands(of: &[&str]) -> BTreeSet<String> {
    let help = help(of);
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    listed
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Returns the metrics of the program: all strings in the source that look like one.
fn metrics() -> BTreeSet<String> {
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    let rust = sources.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let named = rust.flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        words(&text, "gatepost_")
            .into_iter()
            .filter(|(word, end)| text[..end - word.len()].ends_with('"') && text[*end..].starts_with('"'))
            .map(|(word, _)| word.to_owned())
            .collect::<Vec<_>>()
    });
    named.collect()
}

/// The suffixes that the text format adds to the name of a metric, depending on its kind.
const ENDINGS: [&str; 5] = ["", "_total", "_bucket", "_sum", "_count"];

#[test]
fn every_metric_in_alerts_dashboard_and_documents_exists() {
    let metrics = metrics();
    let exists = |name: &str| ENDINGS.iter().any(|ending| name.strip_suffix(ending).is_some_and(|base| metrics.contains(base)));
    let mut unknown = BTreeSet::new();
    for (file, text) in documents() {
        let queries = ["deploy/alerts.yml", "deploy/alerts.test.yml", "deploy/grafana/dashboard.json"];
        if queries.contains(&file.as_str()) || file.ends_with(".md") {
            unknown.extend(
                words(&text, "gatepost_")
                    .into_iter()
                    .filter(|(name, _)| !exists(name))
                    .map(|(name, _)| format!("{file}: {name}")),
            );
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn the_manual_names_every_metric_option_and_alert() {
    let manual = read(MANUAL);
    let named = |text: &str| manual.contains(&format!("`{text}")) || manual.contains(&format!("### {text}\n"));
    let alerts = read("deploy/alerts.yml");
    let alerts = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let mut missing: Vec<String> =
        alerts.filter(|alert| !manual.contains(&format!("### {alert}\n"))).map(str::to_owned).collect();
    missing.extend(metrics().into_iter().chain(options()).filter(|name| !named(name)));
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_alert_says_where_the_manual_tells_what_to_do() {
    for rule in read("deploy/alerts.yml").split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap();
        assert!(rule.contains(&format!("act: {MANUAL}#{}\n", name.to_lowercase())), "{name}");
        assert!(
            read("deploy/alerts.test.yml").contains(&format!("alertname=\"{name}\"}}', value: 1")),
            "{name} is not shown to fire"
        );
    }
}

#[test]
fn the_example_policies_are_right() {
    for folder in ["deploy/policies", "deploy/kubernetes/policies"] {
        let checked = run(&["policy", "check", Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).to_str().unwrap()]);
        assert_eq!(code(&checked), 0, "{}", err(&checked));
    }
}

#[test]
fn the_image_is_built_with_the_rust_and_named_with_the_version_of_cargo_toml() {
    let dockerfile = read("deploy/Dockerfile");
    assert!(dockerfile.contains(&format!("\nFROM docker.io/library/rust:{}-", env!("CARGO_PKG_RUST_VERSION"))), "{dockerfile}");
    assert!(dockerfile.contains(&format!("\nARG VERSION={}\n", env!("CARGO_PKG_VERSION"))), "{dockerfile}");
}

#[test]
fn the_image_is_built_from_all_that_is_compiled_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored = read(".dockerignore");
    let passes: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut sources = Vec::new();
    files(&root.join("src"), &mut sources);
    let mut found = 0;
    for source in sources.iter().filter(|source| source.extension().is_some_and(|ending| ending == "rs")) {
        let text = fs::read_to_string(source).unwrap();
        for start in ["include_str!(\"", "include_bytes!(\""] {
            for rest in text.split(start).skip(1) {
                let file = source.parent().unwrap().join(rest.split('"').next().unwrap());
                let file = fs::canonicalize(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let file = file.strip_prefix(fs::canonicalize(root).unwrap()).unwrap().display().to_string();
                let passed = passes.iter().any(|passed| file == *passed || file.starts_with(&format!("{passed}/")));
                assert!(passed, "{file} is compiled in, and .dockerignore keeps it out of the image's build");
                found += 1;
            }
        }
    }
    assert!(found > 20, "{found}");
}
