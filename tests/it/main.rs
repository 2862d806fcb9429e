//! End-to-end tests with the real program, real sockets and a private Redis.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should stop loudly")]

/// The audit log: acts, undo, and the hash chain.
mod audit;
/// Invalid and malicious input.
mod bad_input;
/// The load generator.
mod bench;
/// Campaigns of near-duplicates.
mod campaign;
/// No dependency cycles between files.
mod circles;
/// The commands and their output.
mod cli;
/// The training corpus of the repository.
mod corpus;
/// Names in deploy/ and the manual exist in the program.
mod deploy;
/// A full disk, and one that refuses writes.
mod disk;
/// Statements of documents and help agree with the program.
mod documents;
/// Durability over kills and power cuts.
mod durability;
/// Evidence about authors, kinds of comments, and links.
mod evidence;
/// Fairness towards groups, and comments on war and politics.
mod fairness;
/// Erasure of a person.
mod forget;
/// Starts servers and calls them.
mod harness;
/// The checks of the fuzzers, and files that never end.
mod hostile;
/// Imports of archives and of a lost queue.
mod import;
/// API keys: allowed calls, sites and expiry.
mod keys;
mod languages;
/// Learning from the decisions of a site.
mod learning;
/// Rate limits.
mod limits;
/// Block and allow entries.
mod lists;
/// `model evaluate`, `policy tune` and `policy check`.
mod model;
/// Checks, repeats and edits of one comment.
mod moderate;
/// Health over HTTP, metrics, traces, and the log.
mod observe;
/// Outages of Redis.
mod outage;
/// Overload, and connections that do harm.
mod overload;
/// Starts the Redis servers of the tests.
mod redis;
/// Reloading of changed files.
mod reload;
/// Review: list, decide, conflict, undo.
mod review;
/// The review screen in a terminal.
mod review_screen;
/// Start, health, reflection, drain, refusal to start.
mod server;
/// Snapshots of the embedded store while a server runs on it.
mod snapshot;
/// The conformance suite of the stores.
mod store;
/// The dependency tables of ARCHITECTURE.md.
mod tidy;
/// TLS, client certificates, and their renewal.
mod tls;
/// Trust: bind addresses, ended keys, unverified input, late retries.
mod trust;
/// Expected verdicts under the default policy, as data.
mod verdicts;
/// The change stream: delivery once, in order, over restarts.
mod watch;
