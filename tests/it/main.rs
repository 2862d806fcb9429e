//! Everything seen from outside: the real program, real sockets, a real Redis of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should stop loudly")]

/// Who did what: acts that are one, the chain, and what an edit of it shows.
mod audit;
/// The bad things that come in: each a clear answer, the server unharmed.
mod bad_input;
/// The load generator: its report adds up, and waiting counts.
mod bench;
/// Nearly the same comment again and again, here and elsewhere.
mod campaign;
/// No two files need each other.
mod circles;
/// The commands, as typed.
mod cli;
/// The corpus is readable, and enough to train a model from.
mod corpus;
/// What deploy/ and the manual name is there.
mod deploy;
/// A disk full, or one that takes no writes: nothing lost, and words that help.
mod disk;
/// What documents and help state, held to the program.
mod documents;
/// Killed at any moment, or without power, nothing that was answered is lost.
mod durability;
/// Who writes, what is sent, and what a comment would be without its links.
mod evidence;
/// Of whom a comment speaks matters little, and war is no abuse.
mod fairness;
/// A person erased leaves no trace.
mod forget;
/// Starts servers and speaks to them.
mod harness;
/// What the fuzzers hold true, and files that never end.
mod hostile;
/// Archives of other systems, and a queue that was lost: in once, as they were decided.
mod import;
/// Keys: who may call what, for which site, until when.
mod keys;
mod languages;
/// A site learns from its own decisions: at once, on every server, and can unlearn.
mod learning;
/// Burst, refusal, and admission exactly when promised.
mod limits;
/// Blocked and allowed from the desk, in force on the next comment.
mod lists;
/// Models measured, thresholds chosen, policies checked.
mod model;
/// One comment, its verdict, its repeats and its edits.
mod moderate;
/// Health over HTTP, metrics, traces, the log.
mod observe;
/// Redis gone, slow, full, failing over, come back empty: a sensible verdict each time.
mod outage;
/// More than the server can do, and connections that do harm.
mod overload;
/// Starts the Redis that the tests share.
mod redis;
/// Changed files come into force by themselves.
mod reload;
/// The desk: list, decide, conflict, undo.
mod review;
/// The review screen in a terminal: keys typed, decisions made, the terminal given back.
mod review_screen;
/// Start, health, reflection, drain, refusal to start.
mod server;
/// A copy of the embedded store, taken while a server runs on it.
mod snapshot;
/// One suite that every store must pass.
mod store;
/// The import table of ARCHITECTURE.md.
mod tidy;
/// TLS, client certificates, and their renewal.
mod tls;
/// Who is believed in what: addresses, ended keys, visitors, late retries.
mod trust;
/// Comments and what they must get: cases as data.
mod verdicts;
/// Changes delivered once, in order, over restarts.
mod watch;
