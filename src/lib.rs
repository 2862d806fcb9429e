//! Gatepost: a host sends a comment over gRPC and gets approve, hold or reject, with reasons.

#![warn(missing_docs)]

pub mod error;
pub mod comment;
pub mod verdict;
pub mod limit;
pub mod facts;

/// The protobuf messages and services of `proto/gatepost/v1`, as generated.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod pb {
    tonic::include_proto!("gatepost.v1");

    /// The compiled descriptors of the three services, for reflection and for JSON.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}
