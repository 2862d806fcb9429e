//! API keys: what each may do and for which sites, and the caller that a key stands for.
//!
//! A key is shown once and stored as a hash. Each server keeps all keys in memory and asks the store twice a second whether
//! they have changed, so that checking a key takes no round trip and a revoked key ends on every server within a second.

mod access;
mod caller;
mod record;
mod ring;
mod secret;
mod snapshot;
mod uses;

pub use access::{AllowedSites, Role};
pub use caller::{Caller, Certificate};
pub use record::KeyRecord;
pub use ring::{KeyRing, NewKey};
pub use secret::{PresentedKey, check_admin_key};
