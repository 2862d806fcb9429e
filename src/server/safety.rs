//! Refuses to start a server that would be open to more callers than its operator expects.

use super::tls::Tls;
use crate::config::Config;
use crate::error::BoxError;
use crate::keys::KeyRing;

/// Returns whether other machines can reach the server.
pub fn is_public(config: &Config) -> bool {
    !config.listen.ip().is_loopback()
}

/// Checks that keys and comments will not cross the network in plain text.
///
/// # Errors
/// Returns an error with advice if they would.
pub fn check_encrypted(config: &Config) -> Result<(), BoxError> {
    if is_public(config) && config.tls.is_none() && !config.tls_terminated_upstream {
        return Err(format!(
            "{} can be reached from other machines, and keys and comments would cross the network in plain text: name a \
             certificate with --tls-cert and --tls-key; or, if TLS ends in a proxy in front of this server, say so with \
             --tls-terminated-upstream; or listen on 127.0.0.1",
            config.listen
        )
        .into());
    }
    Ok(())
}

/// Returns whether every caller needs a key, even if no key was ever created. Behind a proxy all callers seem to come from this
/// machine. And if client certificates are in use, a caller without one must not count as local.
pub fn demands_keys(config: &Config, tls: Option<&Tls>) -> bool {
    is_public(config) || config.tls_terminated_upstream || tls.is_some_and(Tls::knows_clients)
}

/// Returns whether the server requires keys but has no key and no client certificate that could call it.
pub fn is_closed_to_all(ring: &KeyRing, tls: Option<&Tls>) -> bool {
    ring.is_loaded() && !ring.has_any() && ring.requires_keys() && !tls.is_some_and(Tls::knows_clients)
}

/// Returns the error for a server that requires keys but has none.
pub fn no_key(config: &Config) -> String {
    let public = is_public(config);
    let why = if public {
        format!("{} can be reached from other machines", config.listen)
    } else if config.tls_terminated_upstream {
        "behind a proxy every caller comes from this machine".to_owned()
    } else {
        "this store has had keys".to_owned()
    };
    let otherwise = if public { "; or listen on 127.0.0.1" } else { "" };
    format!(
        "{why}, and there is no key to call with: give one with --admin-key, better with GATEPOST_ADMIN_KEY_FILE (make it with \
         `openssl rand -hex 24`), and make others with it: `gatepost keys create`{otherwise}"
    )
}
