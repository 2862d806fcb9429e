//! Tests of the server: start, health, reflection, drain, refusal to start.

use std::time::{Duration, Instant};

use gatepost::pb;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic::metadata::MetadataValue;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_types::StatusExt;

use crate::harness::{PATIENCE, Server, comment, launch};
use crate::redis::OwnRedis;

const SERVICES: [&str; 4] = ["", "gatepost.v1.ModerationService", "gatepost.v1.ReviewService", "gatepost.v1.AdminService"];

async fn health(server: &Server, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.into() };
    HealthClient::new(server.connect().await).check(request).await.unwrap().into_inner().status()
}

#[tokio::test]
async fn every_service_is_healthy_and_unknown_ones_are_unknown() {
    let server = Server::steady().await;
    for service in SERVICES {
        assert_eq!(health(&server, service).await, ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "nobody".into() };
    let status = HealthClient::new(server.connect().await).check(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn without_its_redis_health_says_so_and_callers_are_told_to_retry_until_it_is_back() {
    let mut redis = OwnRedis::start();
    let policy = "[store]\naway = \"unavailable\"\n[thresholds.spam]\nhold = 0.0\nreject = \"never\"\n";
    let server = Server::steady_with(policy, &["--store", &redis.url()]).await;
    server.check(comment("1", "hello there")).await.unwrap();
    redis.stop();

    let becomes = async |status: ServingStatus| {
        let until = Instant::now() + PATIENCE;
        while health(&server, SERVICES[1]).await != status {
            assert!(Instant::now() < until, "health never became {status:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    becomes(ServingStatus::NotServing).await;
    let status = server.check(comment("2", "hello there")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().is_some());
    assert_eq!(status.get_details_error_info().unwrap().reason, "STORE_UNAVAILABLE");

    redis.start_again();
    becomes(ServingStatus::Serving).await;
    server.check(comment("2", "hello there")).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_an_error_that_says_when_to_try_again() {
    let redis = OwnRedis::start();
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("my.toml");
    std::fs::write(&config, "request_timeout = \"100ms\"\n").unwrap();
    let server = Server::steady_with("", &["--store", &redis.url(), "--config", config.to_str().unwrap()]).await;
    server.check(comment("1", "hello there")).await.unwrap();

    redis.pause(1_000);
    let status = server.check(comment("2", "hello there")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.get_details_error_info().unwrap().reason, "TIMED_OUT");
    assert!(status.get_details_retry_info().is_some());
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let server = Server::steady().await;
    let request =
        ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let mut client = ServerReflectionClient::new(server.connect().await);
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    let answer = answers.into_inner().next().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("no list") };
    let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    for service in &SERVICES[1..] {
        assert!(names.iter().any(|name| name == service), "{service} in {names:?}");
    }
}

#[tokio::test]
async fn a_hosts_request_id_comes_back_and_one_is_made_where_it_is_missing() {
    let server = Server::steady().await;
    let mut request = tonic::Request::new(pb::CheckCommentRequest { comment: Some(comment("1", "hello")), dry_run: false });
    request.metadata_mut().insert("x-request-id", MetadataValue::from_static("host-7"));
    let answer = server.host().check_comment(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "host-7");

    let refused = server.check(comment("", "hello")).await.unwrap_err();
    assert!(!refused.metadata().get("x-request-id").unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sigterm_watchers_are_told_and_the_server_leaves_in_good_order() {
    let mut server = Server::steady_with("", &["--drain-timeout", "2s"]).await;
    let watch = pb::WatchVerdictsRequest { site: "s".into(), after_cursor: None };
    let mut changes = server.host().watch_verdicts(watch).await.unwrap().into_inner();
    // An open health watch never ends by itself, so the drain deadline must end it.
    let request = HealthCheckRequest { service: String::new() };
    let mut watching = HealthClient::new(server.connect().await).watch(request).await.unwrap().into_inner();
    assert_eq!(watching.next().await.unwrap().unwrap().status(), ServingStatus::Serving);

    let told = tokio::spawn(async move { (changes.next().await, watching.next().await) });
    let begun = Instant::now();
    assert!(server.terminate().success());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    let (change, health) = told.await.unwrap();
    assert_eq!(change.unwrap().unwrap_err().code(), Code::Unavailable);
    assert_eq!(health.unwrap().unwrap().status(), ServingStatus::NotServing);
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::steady().await;
    let refusal = launch(&server.data_dir(), "127.0.0.1:0", &[]).unwrap_err();
    assert!(refusal.contains("another") && refusal.contains("exit status: 1"), "{refusal}");
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let refusal = launch(folder.path(), "0.0.0.0:0", &[]).unwrap_err();
    assert!(refusal.contains("127.0.0.1"), "{refusal}");
}

#[tokio::test]
async fn every_mistake_in_settings_and_policies_is_told_with_its_place() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("my.toml");
    std::fs::write(&config, "keep_events = 0\nkeep_eventz = 1\n").unwrap();
    let flags = ["--config", config.to_str().unwrap(), "--log-format", "xml"].map(str::to_owned);
    let refusal = launch(folder.path(), "127.0.0.1:0", &flags).unwrap_err();
    for place in ["exit status: 2", "my.toml:1: ", "my.toml:2: ", "--log-format: "] {
        assert!(refusal.contains(place), "{place} in {refusal}");
    }

    std::fs::write(folder.path().join("blog.toml"), "sites = [\"b\"]\n[links]\nhoold = 3\n").unwrap();
    std::fs::remove_file(&config).unwrap();
    let flags = ["--policy-dir", folder.path().to_str().unwrap()].map(str::to_owned);
    let refusal = launch(&folder.path().join("data"), "127.0.0.1:0", &flags).unwrap_err();
    assert!(refusal.contains("blog.toml:3: unknown key \"hoold\""), "{refusal}");
}

#[tokio::test]
async fn a_model_file_that_is_none_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let model = folder.path().join("bad.gpmodel");
    std::fs::write(&model, b"not a model").unwrap();
    let flags = ["--model", model.to_str().unwrap()].map(str::to_owned);
    let refusal = launch(&folder.path().join("data"), "127.0.0.1:0", &flags).unwrap_err();
    assert!(refusal.contains("bad.gpmodel"), "{refusal}");
}
