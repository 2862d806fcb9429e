//! Archives of other systems: read to their end or to the place where they are wrong, in bounded memory.

use std::io::Cursor;

use gatepost::cli::read_archive;
use prost::Message;

/// No comment that is read is larger, in bytes: what the server would refuse need not be carried there whole.
const MOST_COMMENT: usize = 9 << 20;

/// What WordPress exports.
pub fn wordpress(data: &[u8]) {
    read("wxr", data);
}

/// What Disqus exports.
pub fn disqus(data: &[u8]) {
    read("disqus", data);
}

/// What Blogger exports.
pub fn blogger(data: &[u8]) {
    read("blogger", data);
}

/// A backup of Remark42.
pub fn remark42(data: &[u8]) {
    read("remark42", data);
}

/// What Commento and Comentario export.
pub fn commento(data: &[u8]) {
    read("commento", data);
}

/// JSON lines.
pub fn jsonl(data: &[u8]) {
    read("jsonl", data);
}

fn read(format: &str, data: &[u8]) {
    for format in [format, "auto"] {
        let mut comments = 0;
        let content = Cursor::new(data.to_vec());
        let ended = read_archive(Box::new(content), format, |comment| {
            comments += 1;
            assert!(comment.encoded_len() <= MOST_COMMENT);
        });
        // The shortest comment is `{}` on a line, or a tag.
        assert!(comments <= data.len(), "{comments} comments in {} bytes", data.len());
        if let Err(problem) = ended {
            assert!(!problem.is_empty() && problem.len() < 2_000, "{} bytes of problem", problem.len());
        }
    }
}
