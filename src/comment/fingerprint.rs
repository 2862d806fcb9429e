//! Fingerprints, which tell a text and its author from others under the same id.

use sha2::{Digest, Sha256};

use super::format::Format;
use super::kind::CommentKind;
use crate::pb;

/// Tells what was sent from anything else under the same id: the first 16 bytes of a SHA-256.
pub type Fingerprint = [u8; 16];

/// Returns the fingerprint of a body alone.
pub fn of_body(format: Format, body: &str) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update([format as u8]);
    hash.update(body.as_bytes());
    truncate_digest(hash)
}

/// Returns the body's fingerprint if nothing is known of the author, else one of body, kind and author together. Of the e-mail
/// address no more than 16 bits go in: they tell that it was changed, and too little to find it by trying addresses.
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
        // No field of a message holds one.
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
