//! Tests of reloading: changed files are applied without a restart, completely or not at all.

use std::process::Command;
use std::time::{Duration, Instant};

use gatepost::pb::admin_service_client::AdminServiceClient;
use gatepost::pb::{self, Decision};
use tonic::Code;

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment};
use crate::observe::metric;

/// Waits until a new comment gets this decision.
async fn becomes(server: &Server, decision: Decision) {
    let until = Instant::now() + PATIENCE;
    for n in 0.. {
        let id = format!("{}-{n}", decision.as_str_name());
        if server.check(comment(&id, "hello there")).await.unwrap().decision() == decision {
            return;
        }
        assert!(Instant::now() < until, "it never became {decision:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn write(server: &Server, policy: &str) {
    let path = server.data_dir().parent().unwrap().join("policies/blog.toml");
    std::fs::write(path, format!("sites = [\"{SITE}\"]\n{policy}")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_policy_is_in_force_soon_and_a_wrong_one_changes_nothing() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    becomes(&server, Decision::Hold).await;
    write(&server, "");
    becomes(&server, Decision::Approve).await;
    write(&server, "[thresholds.spam]\nhold = 7\n");
    let until = Instant::now() + PATIENCE;
    while server.logged("stay as they were").is_empty() {
        assert!(Instant::now() < until, "nothing was said");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(server.logged("a probability from 0 to 1").len() == 1, "it says what is wrong");
    becomes(&server, Decision::Approve).await;
    assert_eq!(metric(&server, "gatepost_reloads_total{outcome=\"refused\",what=\"policy\"}"), 1.0);
    write(&server, HOLD_ALL);
    becomes(&server, Decision::Hold).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_or_an_operator_has_policies_read_at_once() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    becomes(&server, Decision::Hold).await;
    write(&server, "");
    let mut admin = AdminServiceClient::new(server.connect().await);
    let versions = admin.reload_policy(pb::ReloadPolicyRequest {}).await.unwrap().into_inner().versions;
    assert!(versions[SITE].starts_with("blog@") && versions[""].starts_with("default@"), "{versions:?}");
    assert_eq!(server.check(comment("1", "hello there")).await.unwrap().policy_version, versions[SITE]);
    write(&server, "[nonsense]\n");
    let status = admin.reload_policy(pb::ReloadPolicyRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("nonsense"), "{status:?}");
    write(&server, HOLD_ALL);
    assert!(Command::new("kill").args(["-HUP", &server.process().to_string()]).status().unwrap().success());
    becomes(&server, Decision::Hold).await;
}
