//! Gatepost, a comment moderation service: a host sends a comment over gRPC and gets approve, hold or reject, with reasons.
//!
//! The modules are listed in reading order: the types that come in and go out, the classifier and the policies, the store,
//! the request pipeline, and the interfaces. `ARCHITECTURE.md` lists which module may import which, and a test enforces it.

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

/// The generated protobuf messages and services of `proto/gatepost/v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod pb {
    tonic::include_proto!("gatepost.v1");

    /// The compiled descriptors of the three services, for gRPC reflection and JSON.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}
