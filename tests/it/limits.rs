//! Tests of rate limits: bursts, refusals, and admission at the stated time.

use std::time::{Duration, Instant};

use gatepost::pb::{self, Decision};

use crate::harness::{SITE, Server, by, check, comment};
use crate::redis;

const FIVE: &str = "[limits]\nauthor = { count = 10, period = \"5s\", burst = 5, over = \"hold\" }\nclient = { count = 0 }\nsite = { count = 0 }\n";
const INTERVAL: Duration = Duration::from_millis(500);

fn limit(verdict: &pb::Verdict) -> (u32, u32, Duration) {
    let limit = verdict.rate_limit.clone().unwrap();
    (limit.limit, limit.remaining, limit.retry_after.unwrap_or_default().try_into().unwrap())
}

async fn burst_refusal_and_promised_admission(server: &Server) {
    for left in (0..5).rev() {
        let verdict = server.check(by("ada", &format!("burst-{left}"), "hello there")).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Approve);
        assert_eq!((limit(&verdict).0, limit(&verdict).1), (5, left));
    }
    let refused = server.check(by("ada", "too-many", "hello there")).await.unwrap();
    assert_eq!(refused.decision(), Decision::Hold, "over an author limit is held, not an error");
    assert_eq!(refused.reasons[0].code, "RATE_LIMIT");
    let wait = limit(&refused).2;
    assert!(!wait.is_zero() && wait <= INTERVAL, "{wait:?}");

    let other = server.check(by("bob", "unrelated", "hello there")).await.unwrap();
    assert_eq!(other.decision(), Decision::Approve);

    tokio::time::sleep(wait).await;
    let promised = server.check(by("ada", "promised", "hello there")).await.unwrap();
    assert_eq!(promised.decision(), Decision::Approve, "{:?}", promised.reasons);
}

#[tokio::test]
async fn after_a_burst_the_author_is_told_when_to_come_and_is_then_admitted() {
    let server = Server::steady_with(FIVE, &[]).await;
    burst_refusal_and_promised_admission(&server).await;
}

#[tokio::test]
async fn the_same_holds_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let server = Server::steady_with(FIVE, &["--store", &url, "--redis-prefix", &prefix]).await;
    burst_refusal_and_promised_admission(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_redis_admit_no_more_than_burst_and_rate_allow_together() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let servers = [Server::steady_with(FIVE, &flags).await, Server::steady_with(FIVE, &flags).await];

    let begun = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..8 {
        let mut host = servers[caller % 2].host();
        callers.spawn(async move {
            let mut admitted = 0;
            let mut call = 0;
            while begun.elapsed() < Duration::from_secs(2) {
                let verdict = check(&mut host, by("ada", &format!("{caller}-{call}"), "hello there")).await.unwrap();
                admitted += u32::from(verdict.decision() == Decision::Approve);
                call += 1;
            }
            admitted
        });
    }
    let admitted: u32 = callers.join_all().await.into_iter().sum();
    let most = 5.0 + begun.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
    assert!(f64::from(admitted) <= most && admitted >= 8, "{admitted} were admitted; 8 to {most} are right");
}

#[tokio::test]
async fn a_client_that_floods_is_rejected_by_default_and_ipv6_clients_are_networks() {
    let server =
        Server::steady_with("[limits]\nclient = { count = 2, period = \"1h\", burst = 2, over = \"reject\" }\n", &[]).await;
    let from = |id: &str, ip: &str| {
        let client = Some(pb::Client { ip: ip.into(), ..Default::default() });
        pb::Comment { client, ..comment(id, "hello there") }
    };
    for (id, ip, expected) in [
        ("1", "2001:db8:1:2::1", Decision::Approve),
        ("2", "2001:db8:1:2::2", Decision::Approve),
        ("3", "2001:db8:1:2:ffff::3", Decision::Reject),
        ("4", "2001:db8:1:3::1", Decision::Approve),
        ("5", "not an address", Decision::Approve),
    ] {
        let verdict = server.check(from(id, ip)).await.unwrap();
        assert_eq!(verdict.decision(), expected, "{id} from {ip}");
    }
}

#[tokio::test]
async fn of_a_flood_only_the_beginning_is_kept_and_the_queue_stays_short() {
    let (url, prefix) = (redis::url(), redis::prefix());
    for flags in [&[][..], &["--store", "memory:"], &["--store", &url, "--redis-prefix", &prefix]] {
        let server = Server::steady_with(FIVE, flags).await;
        let long = |n: u32| format!("This is number {n} of many. {}", "and so on ".repeat(4_000));
        let mut decisions = [0; 4];
        for n in 0..40 {
            let verdict = server.check(by("eve", &format!("c{n}"), &long(n))).await.unwrap();
            decisions[usize::try_from(verdict.decision).unwrap()] += 1;
        }
        let [_, _, held, rejected] = decisions;
        // A slow machine may let a few more through.
        assert!((5..=12).contains(&held) && rejected >= 20, "{flags:?}: {decisions:?}");
        assert_eq!(server.queue().await.len(), held);
        let kept = |id: &str| {
            let request = pb::GetCommentRequest { site: SITE.into(), comment_id: id.into() };
            let mut desk = server.desk();
            async move { desk.get_comment(request).await.unwrap().into_inner() }
        };
        let last = kept("c39").await;
        let body = last.comment.unwrap().body;
        assert_eq!(last.verdict.unwrap().decision(), Decision::Reject);
        assert!(body.starts_with("This is number 39") && body.len() <= 256, "{} bytes", body.len());
        assert_eq!(kept("c0").await.comment.unwrap().body, long(0));
        // The same text again is the same comment, and no more of it is stored.
        assert_eq!(server.check(by("eve", "c39", &long(39))).await.unwrap().revision, 1);
        // An author who exceeded the limit does not count as one who is often rejected.
        tokio::time::sleep(INTERVAL * 2).await;
        let calm = server.check(by("eve", "calm", "A quiet word on the weather")).await.unwrap();
        assert!(calm.reasons.iter().all(|reason| reason.code != "AUTHOR_REJECTED"), "{calm:?}");
    }
}

#[tokio::test]
async fn white_space_at_the_end_of_a_body_is_not_kept_beyond_its_bound() {
    let server = Server::steady().await;
    server.check(comment("padded", &format!("hello there{}", " ".repeat(900_000)))).await.unwrap();
    let request = pb::GetCommentRequest { site: SITE.into(), comment_id: "padded".into() };
    let kept = server.desk().get_comment(request).await.unwrap().into_inner().comment.unwrap();
    assert_eq!(kept.body, "hello there");
    let status = server.check(comment("before", &format!("{}hello", "\n".repeat(900_000)))).await.unwrap_err();
    assert!(status.message().contains("65,536"), "{status}");
}
