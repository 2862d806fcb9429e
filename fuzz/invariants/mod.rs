//! Invariants that hold for any input, for the fuzz targets and for the short run in `tests/it/hostile.rs`.
//!
//! Each function takes bytes, feeds them to one part of Gatepost as an attacker could, and panics if the result breaks a
//! promise. The byte 0xFF, which does not occur in UTF-8, separates several texts in one input.

mod archive;
mod comment;
mod list;
mod model;
mod policy;
mod score;
mod settings;
mod stored;

use std::borrow::Cow;

pub use archive::{blogger, commento, disqus, jsonl, remark42, wordpress};
pub use comment::{comment_fields, comment_wire};
pub use list::list;
pub use model::model;
pub use policy::policy;
pub use score::score;
pub use settings::settings;
pub use stored::stored;

/// A function that checks the invariants for an input.
pub type Target = fn(&[u8]);

/// All targets by name. The folder of a target's seeds has the same name.
#[allow(dead_code, reason = "a fuzz target calls its own function and no other")]
pub const TARGETS: [(&str, Target); 14] = [
    ("comment_wire", comment_wire),
    ("comment_fields", comment_fields),
    ("score", score),
    ("policy", policy),
    ("settings", settings),
    ("model", model),
    ("list", list),
    ("stored", stored),
    ("wordpress", wordpress),
    ("disqus", disqus),
    ("jsonl", jsonl),
    ("blogger", blogger),
    ("remark42", remark42),
    ("commento", commento),
];

/// Returns the texts of an input, followed by empty ones without end.
fn texts(data: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    data.split(|byte| *byte == 0xff).map(String::from_utf8_lossy).chain(std::iter::repeat(Cow::Borrowed("")))
}
