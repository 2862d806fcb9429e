//! What must hold whatever comes in: said once, for the fuzz targets and for the short run in `tests/it/hostile.rs`.
//!
//! Each function takes bytes, feeds them to one part of Gatepost as a stranger would, and panics when what comes out is
//! not what was promised. Several texts in one input are divided by the byte 0xFF, which UTF-8 does not have.

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

/// What is tried with whatever comes in.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder of seeds.
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

/// The texts of an input, and empty ones for ever after.
fn texts(data: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    data.split(|byte| *byte == 0xff).map(String::from_utf8_lossy).chain(std::iter::repeat(Cow::Borrowed("")))
}
