//! Invariants of policy files: all mistakes are reported with their places, or the policies mean the same whenever they are
//! read and described.

use std::time::{Duration, SystemTime};

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::pb;
use gatepost::policy::Policies;

use super::texts;

/// Reads policy files together.
pub fn policy(data: &[u8]) {
    let files: Vec<_> = texts(data).take(3).collect();
    let files = || ["a.toml", "b.toml", "c.toml"].into_iter().zip(&files).map(|(name, text)| (name, text.as_ref()));
    // An empty text stands for a missing file: an empty file would be the default policy.
    let read = || Policies::read(files().filter(|(_, text)| !text.is_empty()));
    match read() {
        Err(mistakes) => {
            super::settings::check_mistakes(&mistakes, &files().collect::<Vec<_>>());
            assert_eq!(read().err().as_ref(), Some(&mistakes), "the same mistakes each time");
        }
        Ok(policies) => {
            assert_eq!(described(&policies), described(&read().expect("read before")), "the same meaning each time");
            check_judging(policies);
        }
    }
}

fn described(policies: &Policies) -> Vec<(Vec<String>, String, Vec<String>)> {
    let all = policies.by_sites().into_iter().map(|(sites, policy)| {
        let lines = policy.describe();
        assert!(lines.iter().all(|line| !line.is_empty() && !line.contains('\n')), "{lines:?}");
        (sites.iter().map(|site| site.as_str().to_owned()).collect(), policy.version().to_owned(), lines)
    });
    all.collect()
}

/// Checks that any valid policy can judge a comment.
fn check_judging(policies: Policies) {
    let sites: Vec<String> =
        policies.by_sites().into_iter().flat_map(|(sites, _)| sites).map(|site| site.as_str().to_owned()).take(2).collect();
    let judge = Judge::new(Model::builtin().expect("compiled in"), policies);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for site in sites.into_iter().chain(["any.example".to_owned()]) {
        let message = pb::Comment {
            site,
            comment_id: "1".to_owned(),
            body: "Great post! Buy cheap pills at http://pills.example/now, you idiot".to_owned(),
            author: Some(pb::Author { name: "Ann".to_owned(), email: "a@b.example".to_owned(), ..Default::default() }),
            form: Some(pb::Form { honeypot: "x".to_owned(), fill_seconds: Some(0.5) }),
            ..Default::default()
        };
        let comment = Comment::parse(message, now).expect("a valid comment");
        let verdict = judge.judge(&comment, &Facts::default(), now);
        assert!(!verdict.reasons.is_empty() && verdict.scores.iter().all(|(_, score)| (0.0..=1.0).contains(score)));
    }
}
