//! How text is read: its normal form, its words including disguised ones, the addresses in it, and the hosts that a browser
//! opens for them.

mod address;
mod bidi;
pub mod deobfuscate;
pub mod host;
mod host_names;
pub mod link;
pub mod text;
mod url_parts;
pub mod word;
