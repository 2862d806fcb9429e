//! Tests of campaigns: near-duplicates that are sent many times to one site or to several.

use std::time::{Duration, Instant};

use gatepost::pb::{self, Decision};

use crate::harness::{PATIENCE, Server, comment};
use crate::redis;

/// Returns the same advertisement with another name, number and link for each `n`.
fn variant(n: usize) -> String {
    format!(
        "Hello friends, my neighbour {n} learned to bake proper sourdough from this little course, \
         it took a weekend and the bread is better than from the bakery, see https://bread{n}.example/course{n}"
    )
}

const QUIET: &str = "[campaign]\nhere = 3\nelsewhere = 4\n[thresholds.spam]\nhold = \"never\"\nreject = \"never\"\n";

fn campaign(verdict: &pb::Verdict) -> Option<&str> {
    verdict.reasons.iter().find(|reason| reason.code == "CAMPAIGN").map(|reason| reason.rule_id.as_str())
}

async fn the_fourth_is_held(first: &Server, second: &Server) {
    for n in 0..3 {
        let server = if n == 1 { second } else { first };
        let verdict = server.check(comment(&format!("c{n}"), &variant(n))).await.unwrap();
        assert_eq!((verdict.decision(), campaign(&verdict)), (Decision::Approve, None), "{verdict:?}");
    }
    // Sending a comment again does not count towards a campaign.
    first.check(comment("c0", &variant(0))).await.unwrap();
    let fourth = second.check(comment("c3", &variant(3))).await.unwrap();
    assert_eq!((fourth.decision(), campaign(&fourth)), (Decision::Hold, Some("campaign.here")), "{fourth:?}");
    assert_eq!(second.check(comment("c3", &variant(3))).await.unwrap(), fourth);
    let other = "I bake sourdough too, but the bakery two streets from here still does it better than I ever will.";
    assert_eq!(first.check(comment("d", other)).await.unwrap().decision(), Decision::Approve);
}

#[tokio::test]
async fn a_campaign_is_found_by_one_server() {
    let server = Server::steady_with(QUIET, &[]).await;
    the_fourth_is_held(&server, &server).await;
}

#[tokio::test]
async fn a_campaign_is_found_by_two_servers_of_one_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let (first, second) = (Server::steady_with(QUIET, &flags).await, Server::steady_with(QUIET, &flags).await);
    the_fourth_is_held(&first, &second).await;
}

#[tokio::test]
async fn a_campaign_against_other_sites_is_known_here() {
    let server = Server::steady_with(QUIET, &[]).await;
    for n in 0..4 {
        let elsewhere = pb::Comment { site: format!("other{n}.example"), ..comment("x", &variant(n)) };
        server.check(elsewhere).await.unwrap();
    }
    let verdict = server.check(comment("1", &variant(9))).await.unwrap();
    assert_eq!((verdict.decision(), campaign(&verdict)), (Decision::Hold, Some("campaign.elsewhere")), "{verdict:?}");
}

#[tokio::test]
async fn one_other_site_alone_makes_no_campaign_and_a_dry_run_does_not_tell_what_came_elsewhere() {
    let server = Server::steady_with(QUIET, &[]).await;
    for n in 0..12 {
        server.check(pb::Comment { site: "other.example".into(), ..comment(&n.to_string(), &variant(n)) }).await.unwrap();
    }
    let verdict = server.check(comment("1", &variant(20))).await.unwrap();
    assert_eq!((verdict.decision(), campaign(&verdict)), (Decision::Approve, None), "{verdict:?}");
    for n in 0..4 {
        server.check(pb::Comment { site: format!("more{n}.example"), ..comment("x", &variant(n)) }).await.unwrap();
    }
    let dry = pb::CheckCommentRequest { comment: Some(comment("2", &variant(21))), dry_run: true };
    let dry = server.host().check_comment(dry).await.unwrap().into_inner().verdict.unwrap();
    assert_eq!(campaign(&dry), None, "{dry:?}");
    let held = server.check(comment("2", &variant(21))).await.unwrap();
    assert_eq!(campaign(&held), Some("campaign.elsewhere"), "{held:?}");
}

#[tokio::test]
async fn a_campaign_against_other_sites_is_known_to_other_servers_of_the_same_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let (there, here) = (Server::steady_with(QUIET, &flags).await, Server::steady_with(QUIET, &flags).await);
    for n in 0..4 {
        let elsewhere = pb::Comment { site: format!("other{n}.example"), ..comment("x", &variant(n)) };
        there.check(elsewhere).await.unwrap();
    }
    // The servers exchange their counts twice a second, and a server that starts later receives the earlier ones.
    let until = Instant::now() + PATIENCE;
    for server in [here, Server::steady_with(QUIET, &flags).await] {
        let mut n = 100;
        loop {
            let site = format!("asks{n}.example");
            let verdict = server.check(pb::Comment { site, ..comment("1", &variant(n)) }).await.unwrap();
            if campaign(&verdict) == Some("campaign.elsewhere") {
                break;
            }
            assert!(Instant::now() < until, "{verdict:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            n += 1;
        }
    }
}

#[tokio::test]
async fn an_author_who_edits_again_and_again_is_no_campaign() {
    let (url, prefix) = (redis::url(), redis::prefix());
    for flags in [&[][..], &["--store", &url, "--redis-prefix", &prefix]] {
        let server = Server::steady_with(QUIET, flags).await;
        for n in 0..8 {
            let verdict = server.check(comment("same", &variant(n))).await.unwrap();
            assert_eq!((verdict.decision(), campaign(&verdict)), (Decision::Approve, None), "{n}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn what_people_say_alike_in_few_words_is_no_campaign() {
    let server = Server::steady_with(QUIET, &[]).await;
    for n in 0..12 {
        let verdict = server.check(comment(&n.to_string(), "Thanks, that helped me a lot!")).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Approve);
    }
}
