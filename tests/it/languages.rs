//! Tests of the default policy on comments in twenty-seven languages that no model was trained on: those in `tests/languages`,
//! and sentinels of the languages that have no file there. `cargo test --test it languages -- --nocapture` prints the figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::facts::{AuthorCounts, Facts};
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::verdict::{Decision, Verdict};
use serde_json::Value;

/// The languages of the comments among the sentinels.
const OF_SENTINELS: [&str; 11] = ["cs", "da", "el", "fa", "fi", "hi", "hi-Latn", "hu", "ro", "sv", "vi"];

fn judge(policy: &str) -> Judge {
    let files: Vec<(&str, &str)> = if policy.is_empty() { Vec::new() } else { vec![("blog.toml", policy)] };
    Judge::new(Model::builtin().unwrap(), Policies::read(files).unwrap())
}

fn said(body: &str) -> pb::Comment {
    pb::Comment { site: "blog".into(), comment_id: "1".into(), body: body.into(), ..Default::default() }
}

fn verdict(judge: &Judge, message: pb::Comment, facts: &Facts) -> Verdict {
    judge.judge(&Comment::parse(message, SystemTime::now()).unwrap(), facts, SystemTime::now())
}

/// Returns every row with its language.
fn rows() -> Vec<(String, Value)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = fs::read_dir(top.join("tests/languages")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.extend(OF_SENTINELS.map(|language| top.join(format!("corpus/sentinels/{language}-1.jsonl"))));
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let lines: Vec<String> = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let row = |line: &String| -> Value { serde_json::from_str(line).unwrap() };
    lines.iter().map(row).map(|row| (row["lang"].as_str().unwrap().to_owned(), row)).collect()
}

#[test]
fn harmless_comments_pass_and_spam_and_abuse_are_held_in_every_language() {
    let judge = judge("");
    // The number of comments and how many of them were held, by language and kind.
    let mut counts: BTreeMap<(String, &str), [u32; 2]> = BTreeMap::new();
    for (language, row) in rows() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut message = said(row["body"].as_str().unwrap());
        if let Some(author) = row.get("author").filter(|author| author.is_object()) {
            let url = author.get("url").map(text);
            message.author = Some(pb::Author { name: text(&author["name"]), url, ..Default::default() });
        }
        let verdict = verdict(&judge, message, &Facts::default());
        let kind = match row["label"].as_str().unwrap() {
            "spam" if row["kind"].as_str().unwrap().ends_with("_nolink") => "spam without a link",
            "spam" => "spam",
            "toxic" => "abuse",
            _ => "harmless",
        };
        let count = counts.entry((language, kind)).or_default();
        count[0] += 1;
        count[1] += u32::from(verdict.decision != Decision::Approve);
    }
    let mut sums: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for ((language, kind), [all, held]) in &counts {
        println!("{language:8} {kind:20} {held} of {all} held");
        let sum = sums.entry(*kind).or_default();
        (sum[0], sum[1]) = (sum[0] + all, sum[1] + held);
        assert!(*kind != "harmless" || held * 5 <= *all, "{language}: {held} of {all} harmless comments are held");
    }
    println!("{sums:?}");
    let share = |kind: &str| f64::from(sums[kind][1]) / f64::from(sums[kind][0]);
    assert_eq!(counts.keys().filter(|(_, kind)| *kind == "harmless").count(), 27);
    assert!(share("harmless") <= 0.06 && share("spam") >= 0.85, "{sums:?}");
    assert!(share("spam without a link") >= 0.45 && share("abuse") >= 0.55, "{sums:?}");
}

#[test]
fn the_language_of_a_comment_is_found_from_its_words() {
    let judge = judge("");
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for (language, row) in rows() {
        let body = row["body"].as_str().unwrap();
        let found = verdict(&judge, said(body), &Facts::default()).language;
        all += 1;
        if found == language { right += 1 } else { wrong.push(format!("{language} taken for {found}: {body}")) }
    }
    println!("{right} of {all}\n{}", wrong.join("\n"));
    assert!(right * 100 >= all * 95, "{right} of {all}");
}

#[test]
fn in_a_language_without_a_score_for_abuse_newcomers_wait_and_the_policy_can_change_it() {
    let croatian = "Puno hvala na ovom receptu, moja teta je isprobala raž prošle nedjelje i cijela obitelj je bila zadovoljna";
    let signed_in = || {
        let author = pb::Author { name: "Ana".into(), user_id: "ana".into(), ..Default::default() };
        pb::Comment { author: Some(author), ..said(croatian) }
    };
    let known = Facts { author: Some(AuthorCounts { approved: 1, ..AuthorCounts::default() }), ..Facts::default() };
    let decisions = |policy: &str| {
        let judge = judge(policy);
        [Facts::default(), known.clone()].map(|facts| verdict(&judge, signed_in(), &facts).decision)
    };
    assert_eq!(decisions(""), [Decision::Hold, Decision::Approve]);
    assert_eq!(decisions("[language]\nunscored = \"hold\"\n"), [Decision::Hold, Decision::Hold]);
    assert_eq!(decisions("[language]\nunscored = \"approve\"\n"), [Decision::Approve, Decision::Approve]);
    let verdict = verdict(&judge(""), said(croatian), &Facts::default());
    assert_eq!((verdict.reasons[0].code.as_ref(), verdict.language.as_ref()), ("LANGUAGE_UNSCORED", "hr"), "{verdict:?}");
    assert!(verdict.scores.iter().any(|(label, _)| label == "spam"), "spam is scored in every language");
}

#[test]
fn a_site_may_name_its_languages() {
    let policy = "[language]\nof_site = [\"en\", \"fr\"]\nothers = \"hold\"\n";
    let of = |body: &str| verdict(&judge(policy), said(body), &Facts::default());
    assert_eq!(of("Merci beaucoup pour cette recette, toute la famille était contente").decision, Decision::Approve);
    assert_eq!(of("Thanks a lot, the whole family liked it").decision, Decision::Approve);
    let german = of("Vielen Dank für das Rezept, die ganze Familie war begeistert");
    assert_eq!((german.decision, german.reasons[0].code.as_ref()), (Decision::Hold, "LANGUAGE_OTHER"), "{german:?}");
    let wrong = Policies::read([("blog.toml", "[language]\nof_site = [\"klingonese\"]\n")]).unwrap_err();
    assert!(wrong.to_string().contains("is not the tag of a language"), "{wrong}");
}
