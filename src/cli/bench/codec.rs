//! The codec of a call: writes a request that was encoded in advance, and decodes only the counted fields of the answer.

use std::sync::Arc;

use prost::Message;
use prost::bytes::BufMut;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::comments::RequestSet;

/// The path of the `CheckComment` method.
pub const CHECK_COMMENT_PATH: &str = "/gatepost.v1.ModerationService/CheckComment";
/// Initial buffer size in bytes. Most messages fit; the buffer grows for larger ones.
const BUFFER_BYTES: usize = 2 * 1024;
/// More bytes than any message has, so that each message is handed over in one piece.
const YIELD_THRESHOLD: usize = 64 * 1024;

/// A request to write.
pub struct EncodedRequest {
    /// The encoded comments.
    pub comments: Arc<RequestSet>,
    /// Number of the call, from which the comment and its id follow.
    pub number: u64,
    /// Whether to send the request as a dry run, whatever the encoded comment says.
    pub probe: bool,
}

/// The field `dry_run` of `CheckCommentRequest`, set to true. If a field occurs twice, the last occurrence counts.
const DRY_RUN: &[u8] = &[2 << 3, 1];

/// The counted fields of `CheckCommentResponse`. Other fields are skipped.
#[derive(Clone, PartialEq, Message)]
pub struct CountedResponse {
    /// The verdict.
    #[prost(message, optional, tag = "1")]
    pub verdict: Option<CountedVerdict>,
}

/// The counted fields of `Verdict`.
#[derive(Clone, PartialEq, Message)]
pub struct CountedVerdict {
    /// The decision, as a number of the `Decision` enum.
    #[prost(int32, tag = "4")]
    pub decision: i32,
    /// The reasons for the decision.
    #[prost(message, repeated, tag = "6")]
    pub reasons: Vec<CountedReason>,
    /// Whether the server could not record the verdict because the store was unavailable.
    #[prost(bool, tag = "14")]
    pub not_recorded: bool,
}

/// The counted fields of `Reason`.
#[derive(Clone, PartialEq, Message)]
pub struct CountedReason {
    /// The reason code.
    #[prost(string, tag = "1")]
    pub code: String,
}

impl CountedVerdict {
    /// Returns whether the comment exceeded a rate limit.
    pub fn is_over_limit(&self) -> bool {
        self.reasons.iter().any(|reason| reason.code == "RATE_LIMIT")
    }
}

/// The codec of `CheckComment` calls.
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
