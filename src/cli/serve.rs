//! `gatepost serve`: the server, until SIGTERM or Ctrl-C.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Given};
use crate::judge::Judge;
use crate::server::{self, Server};
use crate::telemetry::{self, LogFormat};

/// Options of `serve`. Each has an entry in the settings file and an environment variable too.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// A settings file; see deploy/gatepost.toml for every option
    #[arg(long, env = "GATEPOST_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where state is kept: redis://…, rediss://…, redis+sentinel://…, redis+cluster://…, memory:, or empty for the
    /// embedded store in the data folder
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Folder of the embedded store [default: ./gatepost-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// How long a comment waits for Redis [default: 50ms]
    #[arg(long, value_name = "TIME")]
    store_timeout: Option<String>,
    /// A certificate (PEM): who signed those of the Redis servers
    #[arg(long, value_name = "FILE")]
    store_ca: Option<String>,
    /// How many Redis replicas must have a held comment before it counts as recorded [default: 0]
    #[arg(long, value_name = "COUNT")]
    wait_replicas: Option<String>,
    /// With what every Redis key begins [default: gp:]
    #[arg(long, value_name = "PREFIX")]
    redis_prefix: Option<String>,
    /// A model file in place of the compiled-in one
    #[arg(long, value_name = "FILE")]
    model: Option<String>,
    /// A folder of policy files (*.toml)
    #[arg(long, value_name = "DIR")]
    policy_dir: Option<String>,
    /// `human` or `json`
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// How much is logged, e.g. `info` or `warn,gatepost=debug`
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// How long calls in flight may take to finish when the server is told to leave [default: 10s]
    #[arg(long, value_name = "TIME")]
    drain_timeout: Option<String>,
}

/// Serves until told to leave.
pub fn run(args: &ServeArgs) -> Result<ExitCode> {
    let config = match load(args)? {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return Ok(ExitCode::from(2));
        }
    };
    telemetry::start(config.log_format, &config.log_level).map_err(|error| anyhow!(error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(serve(&config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> Result<()> {
    // Before the port is announced, so that no signal can slip in between and kill what has begun.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::open(config).await.map_err(|error| anyhow!(error))?;
    let address = server.address()?;
    eprintln!("listening on {address}");
    if config.log_format == LogFormat::Human {
        suggest(&address.to_string());
    }
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    server.run(shutdown).await.map_err(|error| anyhow!(error))
}

/// What a new user can type next, in another terminal.
fn suggest(address: &str) {
    let program = std::env::args_os().next().map_or_else(|| "gatepost".into(), PathBuf::from);
    let program = program.display();
    eprintln!("try, in another terminal:");
    eprintln!(
        "  {program} check --server http://{address} --site blog.example 'Cheap pills, visit http://pills.example/buy now!!!'"
    );
    eprintln!("  {program} queue --server http://{address} --site blog.example");
}

fn load(args: &ServeArgs) -> Result<Result<Config, crate::settings::Mistakes>> {
    let file = match &args.config {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the settings {}", path.display()))?;
            Some((path.display().to_string(), text))
        }
    };
    let flags: Given = [
        ("listen", &args.listen),
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
    .collect();
    let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(Config::load(file, |variable| std::env::var(variable).ok(), &flags))
}

/// The judge for commands that work without a server.
pub fn offline_judge(model: Option<&Path>, policy_dir: Option<&Path>) -> Result<Judge> {
    server::judge(model, policy_dir).map_err(|error| anyhow!(error))
}
