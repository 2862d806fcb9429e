//! Fingerprints: hashes that distinguish different contents under the same comment id.

use sha2::{Digest, Sha256};

use super::format::Format;
use super::kind::CommentKind;
use crate::pb;

/// The first 16 bytes of a SHA-256 hash of a comment's content.
pub type Fingerprint = [u8; 16];

/// Returns the fingerprint of a body alone, including its format.
pub fn of_body(format: Format, body: &str) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update([format as u8]);
    hash.update(body.as_bytes());
    truncate_digest(hash)
}

/// Returns the fingerprint of body, kind and author. If nothing is known of the author and the kind is a plain comment, this is
/// the body's fingerprint. Only 16 bits of the hash of the e-mail address are included: they show that it changed, and are too
/// few to find the address by guessing.
pub fn of_comment(body: Fingerprint, kind: CommentKind, author: Option<&pb::Author>, email: &str) -> Fingerprint {
    let url = author.and_then(|author| author.url.as_deref()).unwrap_or_default();
    let (name, user_id, role) = author.map_or(("", "", ""), |author| (&author.name, &author.user_id, &author.role));
    let verified = author.is_some_and(|author| author.email_verified == Some(true));
    if [url, name, user_id, role, email].iter().all(|field| field.is_empty()) && kind == CommentKind::Comment {
        return body;
    }
    let mut hash = Sha256::new();
    hash.update(body);
    hash.update([kind as u8, u8::from(verified)]);
    for field in [name, url, user_id, role] {
        hash.update(field.as_bytes());
        // The separator cannot occur in a field, since fields are UTF-8.
        hash.update([0xff]);
    }
    hash.update(&Sha256::digest(email.as_bytes())[..2]);
    truncate_digest(hash)
}

/// Returns the first 16 bytes of a hash.
fn truncate_digest(hash: Sha256) -> Fingerprint {
    let digest = hash.finalize();
    std::array::from_fn(|i| digest[i])
}
