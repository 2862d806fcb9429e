//! What is seen of a running server: its log, its metrics, and traces of the calls it answers.

mod metrics;

use std::io::IsTerminal;
use std::time::Instant;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::error::Cause;
use crate::verdict::{Decision, Verdict};

pub use metrics::{METRICS, Stage};

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Sends what is left of the traces when it is told to.
#[must_use]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Sends what is left. Waits for it, but not for long.
    pub fn finish(self) {
        if let Some(provider) = self.0 {
            // Whoever was to receive them may be gone.
            let _ = provider.shutdown();
        }
    }
}

/// Starts the log, to stderr, and the traces. `filter` is in the syntax of `tracing_subscriber::EnvFilter`, e.g. `info`
/// or `gatepost=debug`; `otlp` is where traces go, by gRPC. Within a runtime.
///
/// # Errors
/// A filter or address that cannot be read, or a log that was started before.
pub fn start(format: LogFormat, filter: &str, otlp: Option<&str>) -> Result<Traces, Cause> {
    let filter = EnvFilter::try_new(filter)?;
    let log = match format {
        LogFormat::Human => {
            let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).with_target(false).boxed()
        }
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            layer.with_writer(std::io::stderr).boxed()
        }
    };
    let provider = otlp.map(exporter).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        // The log's level is for the log. Of what the libraries tell nothing is traced.
        let ours = Targets::new().with_target("gatepost", tracing::Level::DEBUG);
        tracing_opentelemetry::layer().with_tracer(provider.tracer("gatepost")).with_filter(ours)
    });
    tracing_subscriber::registry().with(log.with_filter(filter)).with(traces).try_init()?;
    Ok(Traces(provider))
}

fn exporter(endpoint: &str) -> Result<SdkTracerProvider, Cause> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let resource = Resource::builder().with_service_name("gatepost").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Makes a call's span part of the trace that its caller tells of, by the header of W3C Trace Context.
pub fn follow(span: &Span, headers: &HeaderMap) {
    struct Headers<'h>(&'h HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(http::HeaderName::as_str).collect()
        }
    }
    if headers.contains_key("traceparent") {
        // Without anybody to send traces to there is nothing to be part of.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
    }
}

/// Does a part of the way of a comment, measured and traced.
pub fn measured<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = stage.span().in_scope(work);
    METRICS.stage(stage, began);
    done
}

/// The same for a part that waits.
pub async fn measuring<T>(stage: Stage, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.instrument(stage.span()).await;
    METRICS.stage(stage, began);
    done
}

/// Counts a verdict, and tells of it in the log.
pub fn tell(verdict: &Verdict) {
    let (site, decision) = (verdict.site.as_str(), verdict.decision.as_str());
    let label = verdict.leading().map_or("", |(label, _)| label);
    let reason = verdict.reasons.first().map_or("", |reason| reason.code.as_ref());
    METRICS.verdict(site, decision, label, reason);
    if verdict.reasons.iter().any(|reason| reason.code == "SITE_LEARNED") {
        METRICS.corrected(site, decision);
    }
    if verdict.not_recorded {
        METRICS.not_recorded(site);
        METRICS.store_failed();
    }
    if let Some(limit) = verdict.rate_limit.as_ref().filter(|limit| !limit.retry_after.is_zero()) {
        METRICS.limited(limit.local, &limit.scope);
    }
    let (verdict_id, comment_id, revision) = (verdict.id.as_str(), verdict.comment_id.as_str(), verdict.revision);
    // While the store is away one line has said so: not one for every comment that is held for it.
    if verdict.decision == Decision::Approve || verdict.not_recorded {
        tracing::debug!(site, comment_id, verdict_id, revision, decision, label, reason, "verdict");
    } else {
        tracing::info!(site, comment_id, verdict_id, revision, decision, label, reason, "verdict");
    }
}
