//! Comments: parsed or refused with every reason, judged in full, and a verdict that is fit to be stored and shown.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::facts::{DecidedDuplicate, DuplicateCounts, Facts, FloodCounts, History, LimitState, Previous};
use gatepost::judge::Judge;
use gatepost::limit::Scope;
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::verdict::{Decision, Reason, Verdict};
use prost::Message;

use super::texts;

/// Largest verdict that may come of any comment, in bytes: far below what a message may have.
const MOST_VERDICT: usize = 64 * 1024;
/// How far weights that are told may be from what they are said to add up to, in logits.
const ROUNDING: f64 = 1e-3;

/// A policy that has a say in everything.
const STRICT: &str = include_str!("strict.toml");

fn judge() -> &'static Judge {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    JUDGE.get_or_init(|| {
        let policies = Policies::read([("strict.toml", STRICT)]).expect("the policy of the fuzzers is valid");
        Judge::new(Model::builtin().expect("compiled in"), policies)
    })
}

/// A comment as bytes of protobuf.
pub fn comment_wire(data: &[u8]) {
    if let Ok(message) = pb::Comment::decode(data) {
        holds(message, 0);
    }
}

/// A comment with every field filled from text.
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
    holds(message, flags);
}

fn holds(message: pb::Comment, flags: u8) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let comment = match Comment::parse(message.clone(), now) {
        Ok(comment) => comment,
        Err(violations) => {
            assert!(!violations.is_empty());
            for violation in violations {
                assert!(violation.field.starts_with("comment.") && !violation.problem.is_empty(), "{violation:?}");
                assert!(violation.problem.len() < 300, "a violation is told in a line: {violation:?}");
            }
            return;
        }
    };
    let kept = comment.stored_message();
    assert!(kept.author.as_ref().is_none_or(|author| author.email.is_empty()), "an e-mail address is kept");
    assert!(kept.client.as_ref().is_none_or(|client| client.ip.is_empty()), "an IP address is kept");
    assert!(kept.post.as_ref().is_none_or(|post| post.text.is_empty()), "a post's text is kept");
    spans_lie_in_the_body(&comment);
    for link in comment.links() {
        assert!(comment.text().as_str().get(link.span.clone()).is_some_and(|part| !part.is_empty()), "{link:?}");
    }
    for facts in facts(flags) {
        let verdict = judge().judge(&comment, &facts, now);
        fit(&verdict, &message);
        let again = judge().judge(&comment, &facts, now);
        assert_eq!(Verdict { id: verdict.id.clone(), ..again }, verdict, "the same comment, facts and policy");
    }
}

/// Nothing known, and a little of everything.
fn facts(flags: u8) -> [Facts; 2] {
    let limit = LimitState {
        scope: Scope::ALL[usize::from(flags >> 2) % Scope::ALL.len()],
        limit: 5,
        remaining: u32::from(flags >> 7),
        retry_after: Duration::from_secs(u64::from(flags & 16)),
    };
    let full = Facts {
        limits: vec![limit],
        author: Some(History { approved: u32::from(flags >> 4), held: 1, rejected: 1 }),
        previous: (flags & 32 != 0).then_some(Previous { decision: Decision::Reject, by_moderator: flags & 64 != 0 }),
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

/// Every part of the reduced text comes from a part of the body, or from nowhere in it.
fn spans_lie_in_the_body(comment: &Comment) {
    let (text, body) = (comment.text().as_str(), &comment.stored_message().body);
    // A reference may be used often, but the parser bounds how much comes of that.
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

/// A verdict that can be stored, sent and shown.
fn fit(verdict: &Verdict, message: &pb::Comment) {
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
    weights_add_up(&wire);
    let bytes = wire.encode_to_vec();
    assert!(bytes.len() <= MOST_VERDICT, "a verdict of {} bytes for a body of {}", bytes.len(), message.body.len());
    let back = pb::Verdict::decode(bytes.as_slice()).expect("our own bytes");
    assert_eq!(pb::Verdict::from(Verdict::try_from(back).expect("our own verdict")), wire);
}

/// Of a label that is explained, what speaks for and against it adds up to the logit of its score.
fn weights_add_up(verdict: &pb::Verdict) {
    for rest in verdict.reasons.iter().filter(|reason| reason.code == "TEXT_REST") {
        let told = verdict.reasons.iter().filter(|reason| reason.label == rest.label && reason.code != "LANGUAGE_UNSCORED");
        let logit: f64 = told.map(|reason| reason.weight).sum();
        let score = verdict.scores[&rest.label];
        // Near its ends a probability says little of its logit.
        let expected = 1.0 / (1.0 + (-logit).exp());
        assert!((expected - score).abs() < ROUNDING, "{}: {logit} is {expected}, not {score}", rest.label);
    }
}
