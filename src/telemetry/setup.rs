//! Starts the log and the traces of a process.

use std::io::IsTerminal;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::error::BoxError;

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Human-readable lines.
    Human,
    /// One JSON object per line.
    Json,
}

/// A handle that sends the remaining traces before the process ends.
#[must_use]
pub struct TraceExporter(Option<SdkTracerProvider>);

impl TraceExporter {
    /// Sends the remaining traces. Waits for a limited time until they are sent.
    pub fn finish(self) {
        if let Some(provider) = self.0 {
            // The receiver may be gone.
            let _ = provider.shutdown();
        }
    }
}

/// Starts the log, which goes to stderr, and the traces. `filter` is in the syntax of `tracing_subscriber::EnvFilter`, e.g.
/// `info` or `gatepost=debug`. Traces are sent to the address `otlp` by gRPC. Must be called within a Tokio runtime.
///
/// # Errors
/// Returns an error if the filter or the address is invalid, or if a log was started before.
pub fn start(format: LogFormat, filter: &str, otlp: Option<&str>) -> Result<TraceExporter, BoxError> {
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
        // The log's level does not apply to traces. Spans of libraries are not traced.
        let ours = Targets::new().with_target("gatepost", tracing::Level::DEBUG);
        tracing_opentelemetry::layer().with_tracer(provider.tracer("gatepost")).with_filter(ours)
    });
    tracing_subscriber::registry().with(log.with_filter(filter)).with(traces).try_init()?;
    Ok(TraceExporter(provider))
}

fn exporter(endpoint: &str) -> Result<SdkTracerProvider, BoxError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let resource = Resource::builder().with_service_name("gatepost").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Makes a call's span part of the caller's trace if the call has a W3C Trace Context header.
pub fn set_parent(span: &Span, headers: &HeaderMap) {
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
        // Fails without an exporter, when there is no trace to be part of.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
    }
}
