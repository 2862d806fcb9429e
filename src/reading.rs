//! How text reads: its normal form, its words also in disguise, the addresses in it and where a browser goes from them.

pub mod deobfuscate;
pub mod host;
pub mod link;
pub mod text;
pub mod word;
