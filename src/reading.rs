//! How text reads: its normal form, its words also in disguise, the addresses in it and where a browser goes from them.

mod address;
mod bidi;
pub mod deobfuscate;
pub mod host;
mod host_names;
pub mod link;
pub mod text;
mod url_parts;
pub mod word;
