//! Tests of observability: health over HTTP, metrics, traces, and the log.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use gatepost::pb;

use crate::cli::{code, err, on};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment};
use crate::redis::OwnRedis;

/// Returns the HTTP/1.1 response of the server, including its headers.
pub fn get(server: &Server, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Returns the value of a metric with its labels, or 0 if it is absent.
pub fn metric(server: &Server, name: &str) -> f64 {
    let text = get(server, "/metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_the_store_where_a_policy_needs_it_and_being_alive_does_not() {
    let mut redis = OwnRedis::start();
    let server = Server::steady_with("[store]\naway = \"unavailable\"\n", &["--store", &redis.url()]).await;
    server.check(comment("1", "hello there")).await.unwrap();
    assert!(get(&server, "/readyz").starts_with("HTTP/1.1 200"));
    redis.stop();
    let until = Instant::now() + PATIENCE;
    while !get(&server, "/readyz").starts_with("HTTP/1.1 503") {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(&server, "/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(metric(&server, "gatepost_store_up"), 0.0);
    redis.start_again();
    let until = Instant::now() + PATIENCE;
    while !get(&server, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(&server, "/nowhere").starts_with("HTTP/1.1 "), "it answers something");
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_calls_and_queues_are_counted_by_names_of_the_convention() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    for n in 0..3 {
        server.check(comment(&n.to_string(), "hello there")).await.unwrap();
    }
    assert!(server.check(pb::Comment::default()).await.is_err());
    server.check(pb::Comment { site: "other.example".into(), ..comment("x", "hello there") }).await.unwrap();

    let text = get(&server, "/metrics");
    let total = |name: &str, words: &[&str]| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(name) && words.iter().all(|word| line.contains(word)));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    assert_eq!(total("gatepost_verdicts_total{", &["decision=\"hold\"", "site=\"blog.example\""]), 3.0, "{text}");
    assert_eq!(total("gatepost_call_duration_seconds_count{", &["rpc=\"CheckComment\"", "code=\"ok\""]), 4.0);
    assert_eq!(total("gatepost_call_duration_seconds_count{", &["rpc=\"CheckComment\"", "code=\"invalid_argument\""]), 1.0);
    for stage in ["parse", "score", "admit", "decide"] {
        let count = total("gatepost_stage_duration_seconds_count{", &[&format!("stage=\"{stage}\"")]);
        assert!(count >= 4.0, "{stage} {count}");
    }
    assert_eq!(total("gatepost_build_info{", &["version=", "model=\"base-", "store=\"embedded\""]), 1.0);
    let until = Instant::now() + PATIENCE;
    while metric(&server, &format!("gatepost_queue_comments{{site=\"{SITE}\"}}")) != 3.0 {
        assert!(Instant::now() < until, "the queue is never measured");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Every metric has its HELP and TYPE lines before its first value.
    for line in text.lines().filter(|line| line.starts_with("gatepost_")) {
        let name = line.split(['{', ' ']).next().unwrap();
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let told = [name, base]
            .iter()
            .any(|name| text.contains(&format!("# TYPE {name} ")) && text.contains(&format!("# HELP {name} ")));
        assert!(told, "{name}");
    }
}

/// A collector that receives traces.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let spans = resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        self.0.lock().unwrap().extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_one_held_comment_shows_each_part_of_its_way_within_the_callers_trace() {
    let collector = Collector::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = TraceServiceServer::new(collector.clone());
    tokio::spawn(
        tonic::transport::Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let policy = format!("{HOLD_ALL}\n[authors]\napproved_before_trust = 1\n");
    let mut server = Server::steady_with(&policy, &["--otlp-endpoint", &endpoint, "--log-level", "warn"]).await;

    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let mut request = Request::new(pb::CheckCommentRequest {
        comment: Some(crate::harness::by("ada", "1", "secretword hello there")),
        dry_run: false,
    });
    request.metadata_mut().insert("traceparent", format!("00-{trace}-{parent}-01").parse().unwrap());
    server.host().check_comment(request).await.unwrap();
    // Spans that are not sent yet are flushed at shutdown.
    assert!(server.terminate().success());

    let spans = collector.0.lock().unwrap().clone();
    let ours: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == trace).collect();
    let call = ours.iter().find(|span| span.name == "call").unwrap_or_else(|| panic!("{spans:?}"));
    assert_eq!(hex(&call.parent_span_id), parent);
    for part in ["parse", "score", "admit", "decide", "record"] {
        let span = ours.iter().find(|span| span.name == part).unwrap_or_else(|| panic!("{part} is not in {ours:?}"));
        assert_eq!(span.parent_span_id, call.span_id, "{part}");
        assert!(span.start_time_unix_nano >= call.start_time_unix_nano && span.end_time_unix_nano <= call.end_time_unix_nano);
    }
    assert!(!format!("{spans:?}").contains("secretword"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_of_a_held_comment_by_its_ids_and_never_what_it_says_or_by_whom() {
    let server = Server::steady_with(HOLD_ALL, &["--log-format", "json"]).await;
    let author = Some(pb::Author { name: "Adelheid".into(), email: "ada@secret.example".into(), ..Default::default() });
    let client = Some(pb::Client { ip: "203.0.113.77".into(), ..Default::default() });
    let mut request = Request::new(pb::CheckCommentRequest {
        comment: Some(pb::Comment { author, client, ..comment("c-1", "secretword hello there") }),
        dry_run: false,
    });
    request.metadata_mut().insert("x-request-id", "host-4711".parse().unwrap());
    let verdict = server.host().check_comment(request).await.unwrap().into_inner().verdict.unwrap();
    let until = Instant::now() + PATIENCE;
    let line = loop {
        if let Some(line) = server.logged(&verdict.verdict_id).first() {
            break line.clone();
        }
        assert!(Instant::now() < until, "nothing was said");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((line["comment_id"].as_str(), line["decision"].as_str()), (Some("c-1"), Some("hold")), "{line}");
    assert_eq!(line["span"]["request_id"].as_str(), Some("host-4711"), "{line}");
    for word in ["secretword", "Adelheid", "ada@secret.example", "203.0.113.77"] {
        assert_eq!(server.logged(word), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_mistypes_as_an_address_is_not_in_the_log() {
    let server = Server::steady_with("", &["--log-format", "json"]).await;
    for (args, refused) in [
        (vec!["list", "block", "address", "adelheid.secret"], 2),
        (vec!["list", "block", "address", "203.0.113.777"], 2),
        (vec!["list", "block", "domain", "adelheid@secret.example"], 2),
        (vec!["list", "remove", "block", "address", "203.0.113.777"], 2),
        (vec!["list", "block", "author", "--of", "adelheid@secret.example"], 1),
        (vec!["forget", "--yes", "--email", "adelheid"], 2),
        (vec!["forget", "--yes", "--ip", "203.0.113.777"], 2),
        (vec!["export", "--email", "adelheid"], 2),
        (vec!["show", "adelheid@secret.example"], 1),
        (vec!["queue", "--filter", "author=adelheid@secret.example x=203.0.113.777"], 2),
    ] {
        let output = on(&server, &args);
        assert_eq!(code(&output), refused, "{args:?}: {}", err(&output));
    }
    let until = Instant::now() + PATIENCE;
    // The last of the refused calls.
    while !server.logged("refused").iter().any(|line| line.contains("ListComments")) {
        assert!(Instant::now() < until, "nothing was said: {:?}", server.logged("refused"));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let line = server.logged("PutListEntry").remove(0);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((line["reason"].as_str(), line["wrong"].as_str()), (Some("INVALID_REQUEST"), Some("entry.value")), "{line}");
    for word in ["adelheid", "secret.example", "203.0.113.777"] {
        assert_eq!(server.logged(word), Vec::<String>::new());
    }
}
