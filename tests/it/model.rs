//! Tests of `model evaluate`, `policy tune` and `policy check` on made-up rows.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{code, err, gatepost, out, pipe, run};

/// Returns rows of three kinds: harmless remarks, advertising, abuse.
fn rows(count: usize) -> String {
    let mut rows = String::new();
    for n in 0..count {
        let split = if n % 2 == 0 { "dev" } else { "test" };
        let row = match n % 6 {
            0 => format!(
                r#"{{"text": "Cheap pills, buy now at http://pills.example/buy{n}", "label": "spam", "split": "{split}"}}"#
            ),
            1 => format!(
                r#"{{"body": "You are a stupid idiot, number {n}", "label": "toxic", "labels": {{"insult": 1}}, "lang": "en", "split": "{split}"}}"#
            ),
            2 => format!(r#"{{"text": "Unclear {n}", "label": "toxic", "ambiguous": true, "split": "{split}"}}"#),
            _ => format!(
                r#"{{"text": "I walked by the river on day {n} and it was lovely", "label": "ham", "labels": {{"insult": 0}}, "lang": "en", "source": "walks", "split": "{split}"}}"#
            ),
        };
        writeln!(rows, "{row}").unwrap();
    }
    rows
}

fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn json(args: &[&str]) -> Value {
    let output = run(args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    serde_json::from_str(out(&output)).unwrap_or_else(|error| panic!("{error}: {}", out(&output)))
}

fn set<'a>(report: &'a Value, head: &str, name: &str) -> &'a Value {
    let heads = report["heads"].as_array().unwrap();
    let head = heads.iter().find(|one| one["head"] == head).unwrap_or_else(|| panic!("no head {head} in {report}"));
    let sets = head["sets"].as_array().unwrap();
    sets.iter().find(|set| set["name"] == name).unwrap_or_else(|| panic!("no set {name} in {head}"))
}

// === model evaluate ===

#[test]
fn a_model_is_measured_per_head_and_source() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "mixed.jsonl", &rows(60));
    let report = json(&["model", "evaluate", "--format", "json", &file]);
    assert_eq!((&report["rows"], &report["left_out"]["ambiguous"]), (&50.into(), &10.into()));
    let spam = set(&report, "spam", "all");
    assert_eq!((&spam["rows"], &spam["positives"], &spam["abstained"]), (&50.into(), &10.into(), &0.into()));
    assert_eq!(spam["auc"], 1.0, "{spam}");
    assert_eq!(set(&report, "spam", "mixed")["rows"], 20);
    assert!(set(&report, "spam", "walks")["auc"].is_null(), "one class says nothing of order");
    assert_eq!(set(&report, "insult", "all")["rows"], 40, "only rows with labels.insult");
    let decisions = &report["decisions"][0];
    assert_eq!((&decisions["ham"]["comments"], &decisions["bad"]["comments"]), (&30.into(), &20.into()));
}

#[test]
fn means_over_blogs_count_each_blog_the_same() {
    let mut rows = String::new();
    for n in 0..120 {
        // One blog has three times as many rows as the other, and another harmless text.
        let (blog, text) = if n % 4 == 0 { ("small", "I walked by the river") } else { ("large", "We met at the old mill") };
        writeln!(rows, r#"{{"text": "{text} on day {n}", "label": "ham", "blog": "{blog}"}}"#).unwrap();
        writeln!(rows, r#"{{"text": "Cheap pills at http://pills.shop/buy{n}", "label": "spam", "blog": "{blog}"}}"#).unwrap();
    }
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "blogs.jsonl", &rows);
    let report = json(&["model", "evaluate", "--format", "json", "--by", "blog", &file]);
    let means = &report["means"][0];
    assert_eq!((&means["by"], &means["ham_held"]["values"]), (&"blog".into(), &2.into()), "{means}");
    let of = |name: &str| {
        let all = report["decisions"].as_array().unwrap();
        all.iter().find(|one| one["by"] == "blog" && one["name"] == name).unwrap()["bad"]["approved"].as_f64().unwrap()
    };
    let mean = (of("small") + of("large")) / 2.0;
    assert!((means["bad_approved"]["mean"].as_f64().unwrap() - mean).abs() < 1e-9, "{means}");
    let table = run(&["model", "evaluate", "--by", "blog", &file]);
    assert!(out(&table).contains("mean over blog: ham held"), "{}", out(&table));
}

#[test]
fn the_table_says_the_same_and_no_text_of_a_comment() {
    let output = pipe(&["model", "evaluate", "--where", "split=test", "--by", "split", "-"], rows(60).as_bytes());
    assert_eq!(code(&output), 0, "{}", err(&output));
    for part in ["\nspam\n", "\ntoxicity\n", "AUC", "bad approved", "stdin", "walks"] {
        assert!(out(&output).contains(part), "{part} in {}", out(&output));
    }
    assert!(!out(&output).contains("river"));
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_names_stay_text() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "a.jsonl", &rows(60).replace("walks", "<script>alert(1)</script>"));
    let page = folder.path().join("report.html");
    let output = run(&["model", "evaluate", "--html", &page.display().to_string(), &file]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && page.contains("&lt;script&gt;alert(1)"), "{page}");
    for foreign in ["<script", "href=", "src=", "url(", "@import", "river"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn one_field_can_be_the_truth_of_one_head() {
    let rows =
        "{\"text\": \"a walk\", \"gold\": 0, \"kind\": \"x\"}\n{\"text\": \"buy pills\", \"gold\": 1, \"kind\": \"y\"}\n";
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "gold.jsonl", rows);
    let gold = json(&["model", "evaluate", "--format", "json", "--head", "spam", &file]);
    assert_eq!(set(&gold, "spam", "all")["positives"], 1);
    assert_eq!(gold["decisions"][0]["ham"]["comments"], 1);
    let named = json(&["model", "evaluate", "--format", "json", "--truth", "threat=kind:y", &file]);
    assert_eq!((named["heads"].as_array().unwrap().len(), &set(&named, "threat", "all")["positives"]), (1, &1.into()));
}

#[test]
fn a_recipe_says_how_its_files_are_read() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "youtube_spam.jsonl", &rows(12));
    let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/base.toml").display().to_string();
    let report = json(&["model", "evaluate", "--format", "json", "--recipe", &recipe, &file]);
    let heads: Vec<&Value> = report["heads"].as_array().unwrap().iter().map(|head| &head["head"]).collect();
    assert_eq!(heads, ["spam"], "the recipe reads nothing else from that file");
}

#[test]
fn a_line_that_is_no_comment_is_named_and_the_rest_measured() {
    let output = pipe(&["model", "evaluate", "-"], b"{\"text\": \"hello\", \"label\": \"ham\"}\nnonsense\n");
    assert_eq!(code(&output), 5);
    assert!(err(&output).contains("-:2: is not JSON"), "{}", err(&output));
    assert_eq!(code(&run(&["model", "evaluate", "/nowhere/at/all.jsonl"])), 1);
    assert_eq!(code(&run(&["model", "evaluate"])), 2);
}

// === policy tune ===

#[test]
fn a_proposal_is_a_policy_that_does_what_it_says() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "mixed.jsonl", &rows(600));
    let args = ["policy", "tune", "--max-missed", "10%", "--queue-per-day", "900", "--data", &file, "--format"];
    let with = |format| [&args[..], &[format]].concat();
    let report = json(&with("json"));
    assert_eq!(report["fit"], "both", "{}", report["summary"]);
    assert!(report["proposal"]["outcome"]["spam"]["approved"].as_f64().unwrap() <= 0.1);
    assert!(report["levels"].as_array().unwrap().len() > 1);

    let toml = run(&with("toml"));
    let policies = TempDir::new().unwrap();
    let policy = write(&policies, "own.toml", out(&toml));
    assert_eq!(code(&run(&["policy", "check", &policy])), 0, "{}", out(&toml));
    let folder = policies.path().display().to_string();
    let measured = json(&["model", "evaluate", "--format", "json", "--policy-dir", &folder, &file]);
    let approved = |label: &str| {
        let labels = measured["decisions"][0]["labels"].as_array().unwrap();
        labels.iter().find(|one| one["label"] == label).unwrap()["approved"].clone()
    };
    for label in ["ham", "spam", "toxic"] {
        assert_eq!(approved(label), report["proposal"]["outcome"][label]["approved"], "{label}");
    }
}

#[test]
fn what_cannot_be_met_is_said() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "mixed.jsonl", &rows(120));
    let output = run(&["policy", "tune", "--max-missed", "0%", "--queue-per-day", "0", "--spam-share", "5%", "--data", &file]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let shown = out(&output);
    assert!(shown.contains("The goals cannot both be met") || shown.contains("No thresholds approve"), "{shown}");
    assert!(shown.contains("3000 harmless rows are needed"), "{shown}");
    assert!(shown.contains("[thresholds."), "{shown}");
}

#[test]
fn nothing_is_proposed_from_nothing() {
    let output = pipe(&["policy", "tune", "--data", "-"], b"{\"text\": \"hello\", \"label\": \"ham\"}\n");
    assert_eq!((code(&output), out(&output)), (1, ""));
    assert!(err(&output).contains("both harmless and bad ones are needed"), "{}", err(&output));
    let shares = ["policy", "tune", "--data", "-", "--max-missed"];
    assert_eq!(code(&run(&[&shares[..], &["1"]].concat())), 2);
}

// === policy check ===

#[test]
fn every_mistake_of_a_policy_has_its_line() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.toml", "sites = [\"a.example\"]\n[links]\nhold = -1\n[thresholds.spum]\n");
    write(&folder, "notes.txt", "no policy");
    let output = run(&["policy", "check", &folder.path().display().to_string()]);
    assert_eq!(code(&output), 1);
    let lines: Vec<&str> = out(&output).lines().collect();
    assert!(lines[0].contains("a.toml:3: links.hold") && lines[1].contains("a.toml:4: unknown key"), "{lines:?}");
}

#[test]
fn a_good_policy_is_put_into_words() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "a.toml", "sites = [\"a.example\"]\n[thresholds.toxicity]\nhold = 0.6\n");
    let output = run(&["policy", "check", &file]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for part in ["for a.example\n", "toxicity: held from 0.6, never rejected", "for every other site\n"] {
        assert!(out(&output).contains(part), "{part} in {}", out(&output));
    }
    let empty = TempDir::new().unwrap();
    assert_eq!(code(&run(&["policy", "check", &empty.path().display().to_string()])), 1);
}

#[test]
fn every_command_of_them_shows_examples() {
    for command in [["model", "evaluate"], ["policy", "tune"], ["policy", "check"]] {
        let output = gatepost(&command).arg("--help").output().unwrap();
        assert!(out(&output).contains("Examples:\n  gatepost "), "{command:?}: {}", out(&output));
    }
}
