//! Who may call: keys, what each may do and for which sites, and the caller that one stands for.
//!
//! A key is shown once and stored as a hash. Each server keeps all of them in memory and asks the store twice a second
//! whether they have changed, so that checking one costs no trip and a revoked one ends everywhere within a second.

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
