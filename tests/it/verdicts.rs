//! Tests of expected verdicts under the default policy. The cases are data in `tests/verdicts`.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::verdict::{Decision, Verdict};

/// A case: a comment of a file.
pub struct Case {
    line: usize,
    expected: Vec<Decision>,
    pub comment: pb::Comment,
}

#[test]
fn every_comment_gets_what_its_file_says() {
    let judge = Judge::new(Model::builtin().unwrap(), Policies::read([]).unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verdicts");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for case in cases(&fs::read_to_string(&path).unwrap()) {
            let (verdict, body) = (judge_case(&judge, &case), &case.comment.body);
            checked += 1;
            if !case.expected.contains(&verdict.decision) {
                let place = format!("{}:{}", path.display(), case.line);
                wrong.push(format!("{place}: {} for {body:?}: {}", verdict.decision.as_str(), verdict.reasons[0].message));
            }
        }
    }
    assert!(checked > 0, "there are cases");
    assert!(wrong.is_empty(), "{} of {checked} comments got something else:\n{}", wrong.len(), wrong.join("\n"));
}

/// Returns the verdict on the comment of a case, without other facts.
pub fn judge_case(judge: &Judge, case: &Case) -> Verdict {
    let comment = Comment::parse(case.comment.clone(), SystemTime::now()).unwrap();
    judge.judge(&comment, &Facts::default(), SystemTime::now())
}

/// Parses the cases of a file.
pub fn cases(text: &str) -> Vec<Case> {
    let mut post = pb::Post::default();
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        match line.split_once(' ') {
            _ if line.starts_with('#') || line.is_empty() => {}
            Some(("title", title)) => post.title = title.to_owned(),
            Some(("post", text)) => post.text = text.to_owned(),
            Some(("expect", decisions)) => {
                let parse = |word: &str| Decision::parse(word).unwrap_or_else(|| panic!("line {line_number}: {word:?}"));
                let comment = pb::Comment {
                    site: "blog.example".into(),
                    comment_id: format!("line-{line_number}"),
                    post: Some(post.clone()),
                    ..Default::default()
                };
                cases.push(Case { line: line_number, expected: decisions.split(' ').map(parse).collect(), comment });
            }
            _ => {
                let body = &mut cases.last_mut().unwrap_or_else(|| panic!("line {line_number}: no expect")).comment.body;
                if !body.is_empty() {
                    body.push('\n');
                }
                body.push_str(line);
            }
        }
    }
    cases
}
