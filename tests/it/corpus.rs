//! Tests of the training corpus of the repository: it is well-formed, and large enough to train a model.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use gatepost::classify::evaluate;
use gatepost::classify::recipe::Recipe;
use gatepost::classify::rows::{self, PostTextKind, Row};
use gatepost::classify::train;
use gatepost::classify::{Label, Model};
use serde_json::Value;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_line_is_a_labelled_comment_of_its_own() {
    let mut seen: HashMap<String, String> = HashMap::new();
    for file in files(&top().join("corpus")) {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let place = format!("{}:{}", file.display(), number + 1);
            let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{place}: no {name}"));
            assert!(["ham", "spam", "toxic"].contains(&text("label")), "{place}");
            assert!(!text("kind").is_empty() && !text("lang").is_empty() && !text("body").trim().is_empty(), "{place}");
            // The author's name may make a harmless text spam, so a text may occur once for each name.
            let key = format!("{}\0{}", text("body"), row["author"]);
            if let Some(before) = seen.insert(key, place.clone()) {
                panic!("{place} stands in {before} too");
            }
        }
    }
    assert!(seen.len() >= 1_500, "{}", seen.len());
}

#[test]
fn a_model_trained_from_the_repository_alone_tells_spam_from_honest_comments_of_another_hand() {
    let recipe = Recipe::parse(&fs::read_to_string(top().join("models/corpus.toml")).unwrap()).unwrap();
    let hand = |row: &Row| row.text_field("file").ends_with("-4") || row.text_field("file") == "4";
    let left_out = ["spam", "names", "everyday"].map(|part| format!("corpus/{part}"));
    let rows: Vec<Row> =
        left_out.iter().flat_map(|part| rows::read_source(&[top()], part, false).unwrap()).filter(hand).collect();
    let leave_out: Vec<String> = rows.iter().map(|row| row.text_field("file").to_owned()).collect();
    let leave_out = [train::LeaveOut { field: "file".into(), values: leave_out }];
    let model: Model = train::train(&recipe, &[top()], &leave_out, &|_| ()).unwrap();
    let scored: Vec<(f32, bool)> = rows
        .iter()
        .filter_map(|row| Some((model.score(&row.input(PostTextKind::Post)).get(Label::Spam)?, row.label == "spam")))
        .collect();
    let figures = evaluate::classifier_metrics(&scored);
    println!("{figures:?}");
    assert!(figures.rows > 300 && figures.auc > 0.85, "{figures:?}");
}

#[test]
fn every_file_of_sentinels_is_compiled_in() {
    let source = fs::read_to_string(top().join("src/classify/site/sentinel.rs")).unwrap();
    let files = files(&top().join("corpus/sentinels"));
    assert!(files.len() >= 18);
    for file in files {
        let name = format!("corpus/sentinels/{}", file.file_name().unwrap().to_string_lossy());
        assert!(source.contains(&name), "{name} is not named in sentinel.rs");
    }
}
