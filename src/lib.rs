//! Gatepost: a host sends a comment over gRPC and gets approve, hold or reject, with reasons.
//!
//! In reading order: what comes in and goes out; what judges it; what remembers it; the way through all of that; the
//! doors. `ARCHITECTURE.md` says who may import whom, and a test keeps it true.

#![warn(missing_docs)]

pub mod comment;
pub mod error;
pub mod facts;
pub mod fair;
pub mod files;
pub mod limit;
pub mod reading;
pub mod retention;
pub mod verdict;

pub mod classify;
pub mod judge;
pub mod policy;
pub mod settings;

pub mod store;

pub mod keys;
pub mod learning;
pub mod lists;
pub mod moderate;
pub mod review;

pub mod cli;
pub mod config;
pub mod grpc;
pub mod server;
pub mod telemetry;

/// The protobuf messages and services of `proto/gatepost/v1`, as generated.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod pb {
    tonic::include_proto!("gatepost.v1");

    /// The compiled descriptors of the three services, for reflection and for JSON.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}
