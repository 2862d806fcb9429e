//! `gatepost serve`: runs the server until SIGTERM or Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};

use super::connect::Secret;
pub use super::offline::offline_judge;
use crate::config::{Config, OptionValues};
use crate::files;
use crate::server::Server;
use crate::telemetry::{self, LogFormat};

/// Options of `serve`. Each can also be set in the settings file or by an environment variable.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Settings file; see deploy/gatepost.toml for all options
    #[arg(long, env = "GATEPOST_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 selects a free port [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Store for the state: redis://…, rediss://…, redis+sentinel://…, redis+cluster://…, memory:, or empty for the
    /// embedded store in the data folder
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Folder of the embedded store [default: ./gatepost-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Timeout of Redis for a comment [default: 50ms]
    #[arg(long, value_name = "TIME")]
    store_timeout: Option<String>,
    /// CA certificate for the Redis servers (PEM)
    #[arg(long, value_name = "FILE")]
    store_ca: Option<String>,
    /// Number of Redis replicas that must have a held comment before it counts as recorded [default: 0]
    #[arg(long, value_name = "COUNT")]
    wait_replicas: Option<String>,
    /// Prefix of every Redis key [default: gp:]
    #[arg(long, value_name = "PREFIX")]
    redis_prefix: Option<String>,
    /// Initial key with the role admin for all sites; better given in the file that GATEPOST_ADMIN_KEY_FILE names
    #[arg(long, value_name = "KEY")]
    admin_key: Option<Secret>,
    /// Certificate of the server (PEM)
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// CA certificate for client certificates (PEM)
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<String>,
    /// Roles of client certificates (TOML)
    #[arg(long, value_name = "FILE")]
    tls_clients: Option<String>,
    /// Declare that a proxy in front of this server terminates TLS
    #[arg(long)]
    tls_terminated_upstream: bool,
    /// Maximum number of concurrent requests; further ones are refused immediately [default: 128]
    #[arg(long, value_name = "COUNT")]
    max_in_flight: Option<String>,
    /// Maximum number of connections [default: 4096]
    #[arg(long, value_name = "COUNT")]
    max_connections: Option<String>,
    /// Maximum number of requests per second for each key; 0 means no limit [default: 0]
    #[arg(long, value_name = "COUNT")]
    key_quota: Option<String>,
    /// Endpoint for traces (OTLP over gRPC), e.g. http://otel:4317
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Number of connections to Redis that all comments share [default: 1]
    #[arg(long, value_name = "COUNT")]
    redis_connections: Option<String>,
    /// Model file to use instead of the compiled-in one
    #[arg(long, value_name = "FILE")]
    model: Option<String>,
    /// Folder of policy files (*.toml)
    #[arg(long, value_name = "DIR")]
    policy_dir: Option<String>,
    /// Log format: `human` or `json` [default: human]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Log level, e.g. `info` or `warn,gatepost=debug` [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Time for requests in flight to finish when the server shuts down [default: 10s]
    #[arg(long, value_name = "TIME")]
    drain_timeout: Option<String>,
}

/// Runs the server until it is told to shut down.
///
/// # Errors
/// Returns an error if the server cannot start, or fails while it runs.
pub fn run(args: &ServeArgs) -> Result<ExitCode> {
    let config = match load(args)? {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(ExitCode::from(2));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let traces = {
        // The task that exports traces needs the runtime.
        let _entered = runtime.enter();
        let otlp = config.otlp_endpoint.as_deref();
        telemetry::start(config.log_format, &config.log_level, otlp).map_err(|error| anyhow!(error))?
    };
    let result = runtime.block_on(serve(&config));
    traces.finish();
    result?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> Result<()> {
    // Install the handlers before the port is announced, so that a signal always causes a graceful shutdown.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::open(config).await.map_err(|error| anyhow!(error))?;
    let address = server.address()?;
    eprintln!("listening on {address}");
    if config.log_format == LogFormat::Human {
        print_next_steps(&address.to_string());
    }
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    server.run(shutdown).await.map_err(|error| anyhow!(error))
}

/// Prints commands that a new user can try in another terminal.
fn print_next_steps(address: &str) {
    let program = std::env::args_os().next().map_or_else(|| "gatepost".into(), PathBuf::from);
    let program = program.display();
    eprintln!("try, in another terminal:");
    eprintln!(
        "  {program} check --server http://{address} --site blog.example 'Cheap pills, visit http://pills.example/buy now!!!'"
    );
    eprintln!("  {program} queue --server http://{address} --site blog.example");
}

fn load(args: &ServeArgs) -> Result<Result<Config, crate::settings::SettingsErrors>> {
    let file = match &args.config {
        None => None,
        Some(path) => {
            let text = files::read_text(path, files::MAX_TEXT)
                .with_context(|| format!("cannot read the settings {}", path.display()))?;
            Some((path.display().to_string(), text))
        }
    };
    let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(Config::load(file, |variable| std::env::var(variable).ok(), &flags(args)))
}

/// Returns the options that were given, by their names in the settings.
fn flags(args: &ServeArgs) -> OptionValues {
    [
        ("listen", &args.listen),
        ("admin_key", &args.admin_key.as_ref().map(|Secret(key)| key.clone())),
        ("tls_cert", &args.tls_cert),
        ("tls_key", &args.tls_key),
        ("tls_client_ca", &args.tls_client_ca),
        ("tls_clients", &args.tls_clients),
        ("tls_terminated_upstream", &args.tls_terminated_upstream.then(|| "true".to_owned())),
        ("max_in_flight", &args.max_in_flight),
        ("max_connections", &args.max_connections),
        ("key_quota", &args.key_quota),
        ("otlp_endpoint", &args.otlp_endpoint),
        ("redis_connections", &args.redis_connections),
        ("store", &args.store),
        ("data_dir", &args.data_dir),
        ("store_timeout", &args.store_timeout),
        ("store_ca", &args.store_ca),
        ("wait_replicas", &args.wait_replicas),
        ("redis_prefix", &args.redis_prefix),
        ("model", &args.model),
        ("policy_dir", &args.policy_dir),
        ("log_format", &args.log_format),
        ("log_level", &args.log_level),
        ("drain_timeout", &args.drain_timeout),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.clone()?)))
    .collect()
}
