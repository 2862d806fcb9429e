//! A call's messages: the request is copied from what was encoded in advance, of the answer only what is counted is read.

use std::sync::Arc;

use prost::Message;
use prost::bytes::BufMut;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::comments::RequestSet;

/// The path of the call.
pub const CHECK_COMMENT_PATH: &str = "/gatepost.v1.ModerationService/CheckComment";
/// A request and an answer fit mostly; larger ones grow.
const BUFFER_BYTES: usize = 2 * 1024;
/// More than any message here, so that each is handed over whole.
const YIELD_THRESHOLD: usize = 64 * 1024;

/// A request to be written.
pub struct EncodedRequest {
    /// What is sent.
    pub comments: Arc<RequestSet>,
    /// Which call it is.
    pub number: u64,
    /// It is to leave no trace, whatever the comments say.
    pub probe: bool,
}

/// `dry_run` of `CheckCommentRequest`, set. Of a field that occurs twice the last one counts.
const DRY_RUN: &[u8] = &[2 << 3, 1];

/// `CheckCommentResponse`, as far as it is counted. Fields that are not named here are passed over.
#[derive(Clone, PartialEq, Message)]
pub struct CountedResponse {
    /// The verdict.
    #[prost(message, optional, tag = "1")]
    pub verdict: Option<CountedVerdict>,
}

/// `CountedVerdict`, as far as it is counted.
#[derive(Clone, PartialEq, Message)]
pub struct CountedVerdict {
    /// `Decision`.
    #[prost(int32, tag = "4")]
    pub decision: i32,
    /// Why.
    #[prost(message, repeated, tag = "6")]
    pub reasons: Vec<CountedReason>,
    /// The store was away.
    #[prost(bool, tag = "14")]
    pub not_recorded: bool,
}

/// `CountedReason`, as far as it is counted.
#[derive(Clone, PartialEq, Message)]
pub struct CountedReason {
    /// What kind of reason.
    #[prost(string, tag = "1")]
    pub code: String,
}

impl CountedVerdict {
    /// Whether a limit had a say.
    pub fn is_over_limit(&self) -> bool {
        self.reasons.iter().any(|reason| reason.code == "RATE_LIMIT")
    }
}

/// Writes and reads.
#[derive(Debug, Clone, Copy)]
pub struct CheckCodec;

impl Codec for CheckCodec {
    type Encode = EncodedRequest;
    type Decode = CountedResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for CheckCodec {
    type Item = EncodedRequest;
    type Error = Status;

    fn encode(&mut self, request: EncodedRequest, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        request.comments.encode(request.number, out);
        if request.probe {
            out.put_slice(DRY_RUN);
        }
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, YIELD_THRESHOLD)
    }
}

impl Decoder for CheckCodec {
    type Item = CountedResponse;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<CountedResponse>, Status> {
        CountedResponse::decode(bytes).map(Some).map_err(|error| Status::internal(format!("no verdict: {error}")))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, YIELD_THRESHOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb;

    #[test]
    fn a_probe_leaves_no_trace() {
        let mut bytes = pb::CheckCommentRequest { comment: Some(pb::Comment::default()), dry_run: false }.encode_to_vec();
        bytes.extend_from_slice(DRY_RUN);
        let read = pb::CheckCommentRequest::decode(bytes.as_slice()).unwrap();
        assert!(read.dry_run && read.comment.is_some());
    }

    #[test]
    fn the_decision_is_read_among_all_the_rest() {
        let verdict = pb::Verdict {
            verdict_id: "v".into(),
            decision: pb::Decision::Hold.into(),
            scores: [("spam".into(), 0.5)].into(),
            reasons: vec![pb::Reason { code: "RATE_LIMIT".into(), message: "m".into(), ..Default::default() }],
            not_recorded: true,
            ..Default::default()
        };
        let bytes = pb::CheckCommentResponse { verdict: Some(verdict) }.encode_to_vec();
        let read = CountedResponse::decode(bytes.as_slice()).unwrap().verdict.unwrap();
        assert_eq!((read.decision, read.not_recorded), (pb::Decision::Hold.into(), true));
        assert!(read.is_over_limit());
    }
}
