//! The few HTTP/2 frames (RFC 9113) that badly behaved clients send. They are built by hand because libraries do not
//! allow such behaviour.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The connection preface that a client sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest flow-control window.
pub const MAX_FLOW_WINDOW: u32 = (1 << 31) - 1;
/// The initial flow-control window of a connection and of each stream, in bytes.
pub const DEFAULT_WINDOW: usize = 65_535;
/// The default maximum payload of a frame, in bytes.
const MAX_FRAME_PAYLOAD: usize = 16_384;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// Returns a frame: its header and payload.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let mut bytes = Vec::with_capacity(9 + payload.len());
    bytes.extend_from_slice(&length[1..]);
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Returns the preface and a `SETTINGS` frame that sets the initial window of streams, in bytes.
pub fn preface_and_settings(window: u32) -> Vec<u8> {
    let mut setting = INITIAL_WINDOW_SIZE.to_be_bytes().to_vec();
    setting.extend_from_slice(&window.to_be_bytes());
    [PREFACE, &frame(SETTINGS, 0, 0, &setting)].concat()
}

/// Returns a `WINDOW_UPDATE` frame that enlarges the window of the connection by `by` bytes.
pub fn connection_window_update(by: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, 0, &by.to_be_bytes())
}

/// Returns a `PRIORITY` frame, which has no effect because RFC 9113 deprecates priorities.
pub fn priority() -> Vec<u8> {
    frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16])
}

/// Returns the request headers of a gRPC call. Each is a literal field without indexing (RFC 7541, 6.2.2).
pub fn request_headers(stream: u32, path: &str, authority: &str, bearer: Option<&str>) -> Vec<u8> {
    let mut block = Vec::new();
    let fixed = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    for (name, value) in fixed.into_iter().chain(bearer.map(|bearer| ("authorization", bearer))) {
        block.push(0);
        for text in [name, value] {
            string_length(text.len(), &mut block);
            block.extend_from_slice(text.as_bytes());
        }
    }
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// Appends the length of a string that is not Huffman-coded (RFC 7541, 5.1 and 5.2).
fn string_length(length: usize, block: &mut Vec<u8>) {
    const PREFIX: usize = 127;
    if length < PREFIX {
        block.push(u8::try_from(length).unwrap_or_default());
        return;
    }
    block.push(127);
    let mut rest = length - PREFIX;
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap_or_default() | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap_or_default());
}

/// Returns the `DATA` frames of a gRPC message. If `last` is true, the final frame ends the stream.
pub fn grpc_message(stream: u32, message: &[u8], last: bool) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    bytes.extend_from_slice(message);
    let parts = bytes.chunks(MAX_FRAME_PAYLOAD);
    let ends = parts.len();
    let mut frames = Vec::new();
    for (number, part) in (1..).zip(parts) {
        frames.extend(frame(DATA, if last && number == ends { END_STREAM } else { 0 }, stream, part));
    }
    frames
}

/// Reads frames and acknowledges `SETTINGS` and `PING`, until reading or writing fails.
pub async fn answer_settings_and_pings(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> std::io::Result<()> {
    let mut payload = vec![0; MAX_FRAME_PAYLOAD];
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, ..] = head;
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let Some(payload) = payload.get_mut(..length) else {
            return Err(std::io::Error::other("a frame exceeds the maximum size"));
        };
        stream.read_exact(payload).await?;
        match (kind, flags & ACK) {
            (SETTINGS, 0) => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
            (PING, 0) => stream.write_all(&frame(PING, ACK, 0, payload)).await?,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_say_their_length_kind_and_stream() {
        assert_eq!(frame(PING, ACK, 5, &[7; 8])[..9], [0, 0, 8, PING, ACK, 0, 0, 0, 5]);
        assert_eq!(&preface_and_settings(1)[PREFACE.len()..], [0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1]);
    }

    #[test]
    fn long_headers_say_their_length_in_several_bytes() {
        let of = |long| {
            let mut block = Vec::new();
            string_length(long, &mut block);
            block
        };
        assert_eq!(of(126), [126]);
        assert_eq!(of(127), [127, 0]);
        assert_eq!(of(1_337), [127, 186, 9]);
    }

    #[test]
    fn a_long_message_is_cut_into_frames_and_ended_once() {
        let frames = grpc_message(1, &vec![9; MAX_FRAME_PAYLOAD], true);
        assert_eq!(frames.len(), MAX_FRAME_PAYLOAD + 5 + 2 * 9);
        assert_eq!((frames[4], frames[9 + MAX_FRAME_PAYLOAD + 4]), (0, END_STREAM));
    }

    #[tokio::test]
    async fn a_ping_is_answered() {
        let (mut ours, mut theirs) = tokio::io::duplex(1_024);
        let behaving = tokio::spawn(async move { answer_settings_and_pings(&mut theirs).await });
        ours.write_all(&frame(PING, 0, 0, b"12345678")).await.unwrap();
        let mut answer = [0; 17];
        ours.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer.as_slice(), frame(PING, ACK, 0, b"12345678"));
        drop(ours);
        assert!(behaving.await.unwrap().is_err());
    }
}
