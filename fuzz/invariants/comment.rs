//! Invariants of comments: a comment is refused with all reasons, or gets a verdict that can be stored and shown.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::facts::{AuthorCounts, DecidedDuplicate, DuplicateCounts, Facts, FloodCounts, LimitState, PreviousDecision};
use gatepost::judge::Judge;
use gatepost::limit::Scope;
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::verdict::{Decision, Reason, Verdict};
use prost::Message;

use super::texts;

/// Maximum encoded size of a verdict, in bytes: far below the maximum size of a message.
const MAX_VERDICT: usize = 64 * 1024;
/// Maximum difference between a score and the sum of the weights that explain it, as probabilities.
const ROUNDING: f64 = 1e-3;

/// A policy with a rule for everything.
const STRICT: &str = include_str!("strict.toml");

fn judge() -> &'static Judge {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    JUDGE.get_or_init(|| {
        let policies = Policies::read([("strict.toml", STRICT)]).expect("the policy of the fuzzers is valid");
        Judge::new(Model::builtin().expect("compiled in"), policies)
    })
}

/// Parses and judges a comment in protobuf encoding.
pub fn comment_wire(data: &[u8]) {
    if let Ok(message) = pb::Comment::decode(data) {
        check_comment(message, 0);
    }
}

/// Parses and judges a comment with every field filled from text.
pub fn comment_fields(data: &[u8]) {
    let Some((&[format, flags], data)) = data.split_first_chunk() else { return };
    let mut texts = texts(data).map(|text| text.into_owned());
    let mut next = || texts.next().unwrap_or_default();
    let message = pb::Comment {
        site: if flags & 1 == 0 { "strict.example" } else { "other.example" }.to_owned(),
        comment_id: "1".to_owned(),
        body: next(),
        body_format: i32::from(format % 4),
        author: Some(pb::Author { name: next(), url: Some(next()), email: next(), user_id: next(), ..Default::default() }),
        client: Some(pb::Client { ip: next(), ..Default::default() }),
        post: Some(pb::Post { title: next(), text: next(), ..Default::default() }),
        language: next(),
        form: Some(pb::Form { honeypot: next(), fill_seconds: (flags & 2 != 0).then_some(f64::from(flags) / 64.0) }),
        parent_text: next(),
        ..Default::default()
    };
    check_comment(message, flags);
}

/// Checks the invariants of a comment.
fn check_comment(message: pb::Comment, flags: u8) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let comment = match Comment::parse(message.clone(), now) {
        Ok(comment) => comment,
        Err(violations) => {
            assert!(!violations.is_empty());
            for violation in violations {
                assert!(violation.field.starts_with("comment.") && !violation.problem.is_empty(), "{violation:?}");
                assert!(violation.problem.len() < 300, "a violation fits a line: {violation:?}");
            }
            return;
        }
    };
    let stored = comment.stored_message();
    assert!(stored.author.as_ref().is_none_or(|author| author.email.is_empty()), "an e-mail address is kept");
    assert!(stored.client.as_ref().is_none_or(|client| client.ip.is_empty()), "an IP address is kept");
    assert!(stored.post.as_ref().is_none_or(|post| post.text.is_empty()), "a post's text is kept");
    check_spans(&comment);
    for link in comment.links() {
        assert!(comment.text().as_str().get(link.span.clone()).is_some_and(|part| !part.is_empty()), "{link:?}");
    }
    for facts in facts(flags) {
        let verdict = judge().judge(&comment, &facts, now);
        check_verdict(&verdict, &message);
        let again = judge().judge(&comment, &facts, now);
        assert_eq!(Verdict { id: verdict.id.clone(), ..again }, verdict, "the same comment, facts and policy");
    }
}

/// Returns no facts, and some of every kind.
fn facts(flags: u8) -> [Facts; 2] {
    let limit = LimitState {
        scope: Scope::ALL[usize::from(flags >> 2) % Scope::ALL.len()],
        limit: 5,
        remaining: u32::from(flags >> 7),
        retry_after: Duration::from_secs(u64::from(flags & 16)),
    };
    let full = Facts {
        limits: vec![limit],
        author: Some(AuthorCounts { approved: u32::from(flags >> 4), held: 1, rejected: 1 }),
        previous: (flags & 32 != 0).then_some(PreviousDecision { decision: Decision::Reject, by_moderator: flags & 64 != 0 }),
        duplicates: DuplicateCounts { here: u32::from(flags >> 5), elsewhere: u32::from(flags >> 6) },
        decided_duplicate: (flags & 3 != 0).then(|| DecidedDuplicate {
            comment_id: "c".into(),
            decided_by: "mia".into(),
            rejected: flags & 1 != 0,
            base_logits: [Some(0.0), None],
        }),
        flood: FloodCounts { authors: u32::from(flags & 7), held: u32::from(flags >> 3) },
    };
    [Facts::default(), full]
}

/// Checks that every part of the reduced text maps to a part of the body or to none.
fn check_spans(comment: &Comment) {
    let (text, body) = (comment.text().as_str(), &comment.stored_message().body);
    // A reference may be used often, but the parser bounds the text that results.
    assert!(text.len() <= body.len() * 2 + 200_000, "{} bytes of text from {}", text.len(), body.len());
    let length = body.chars().count();
    let every = text.len() / 100 + 1;
    let starts: Vec<usize> = text.char_indices().step_by(every).map(|(at, _)| at).chain([text.len()]).collect();
    for pair in starts.windows(2) {
        let (begin, end) = (pair[0], pair[1]);
        let source = comment.text().source(begin..end);
        if let Some(source) = source {
            assert!(body.get(source.clone()).is_some_and(|part| !part.is_empty()), "{source:?} is no part of the body");
            let span =
                pb::Reason::from(Reason::new("X", "").with_span(comment.span(begin..end))).span.expect("a part of the body");
            assert!(span.begin < span.end && span.end as usize <= length, "{span:?} of {length}");
        }
    }
}

/// Checks that a verdict can be stored, sent and shown.
fn check_verdict(verdict: &Verdict, message: &pb::Comment) {
    assert!(!verdict.reasons.is_empty(), "no decision without a reason");
    for (label, score) in &verdict.scores {
        assert!((0.0..=1.0).contains(score), "{label} {score}");
    }
    let length = message.body.chars().count();
    let wire = pb::Verdict::from(verdict.clone());
    for reason in &wire.reasons {
        assert!(!reason.message.is_empty() && reason.message.chars().count() <= 300, "{reason:?}");
        assert!(reason.weight.is_finite(), "{reason:?}");
        if let Some(span) = &reason.span {
            assert!(span.begin < span.end && span.end as usize <= length, "{reason:?} of {length}");
        }
    }
    check_weights(&wire);
    let bytes = wire.encode_to_vec();
    assert!(bytes.len() <= MAX_VERDICT, "a verdict of {} bytes for a body of {}", bytes.len(), message.body.len());
    let back = pb::Verdict::decode(bytes.as_slice()).expect("our own bytes");
    assert_eq!(pb::Verdict::from(Verdict::try_from(back).expect("our own verdict")), wire);
}

/// Checks that the weights that explain a label add up to the logit of its score.
fn check_weights(verdict: &pb::Verdict) {
    for rest in verdict.reasons.iter().filter(|reason| reason.code == "TEXT_REST") {
        let explaining =
            verdict.reasons.iter().filter(|reason| reason.label == rest.label && reason.code != "LANGUAGE_UNSCORED");
        let logit: f64 = explaining.map(|reason| reason.weight).sum();
        let score = verdict.scores[&rest.label];
        // Near 0 and 1, a probability says little about its logit, so the probabilities are compared.
        let expected = 1.0 / (1.0 + (-logit).exp());
        assert!((expected - score).abs() < ROUNDING, "{}: {logit} is {expected}, not {score}", rest.label);
    }
}
