//! Invariants of archives of other systems: they are read to their end or to the first error, in bounded memory.

use std::io::Cursor;

use gatepost::cli::read_archive;
use prost::Message;

/// Maximum encoded size of an imported comment, in bytes. An importer need not keep what the server would refuse.
const MAX_COMMENT: usize = 9 << 20;

/// Reads an export of WordPress.
pub fn wordpress(data: &[u8]) {
    read("wxr", data);
}

/// Reads an export of Disqus.
pub fn disqus(data: &[u8]) {
    read("disqus", data);
}

/// Reads an export of Blogger.
pub fn blogger(data: &[u8]) {
    read("blogger", data);
}

/// Reads a backup of Remark42.
pub fn remark42(data: &[u8]) {
    read("remark42", data);
}

/// Reads an export of Commento or Comentario.
pub fn commento(data: &[u8]) {
    read("commento", data);
}

/// Reads JSON lines.
pub fn jsonl(data: &[u8]) {
    read("jsonl", data);
}

fn read(format: &str, data: &[u8]) {
    for format in [format, "auto"] {
        let mut comments = 0;
        let content = Cursor::new(data.to_vec());
        let ended = read_archive(Box::new(content), format, |comment| {
            comments += 1;
            assert!(comment.encoded_len() <= MAX_COMMENT);
        });
        // The shortest comment is `{}` on a line, or a tag.
        assert!(comments <= data.len(), "{comments} comments in {} bytes", data.len());
        if let Err(problem) = ended {
            assert!(!problem.is_empty() && problem.len() < 2_000, "{} bytes of problem", problem.len());
        }
    }
}
