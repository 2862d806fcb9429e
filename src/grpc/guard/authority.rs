//! The authority of a call: who makes it, and whether that caller may still make it. Checked again for each message.

use super::credential::Credential;
use super::permissions::may_call;
use crate::error::Error;
use crate::keys::{Caller, KeyRing};

/// The authority of a call, which can be checked for as long as the call lasts.
#[derive(Clone)]
pub struct CallAuthority {
    ring: KeyRing,
    credential: Credential,
    /// The call's path.
    uri: http::Uri,
}

impl CallAuthority {
    /// Returns the authority of a call.
    pub(super) fn new(ring: KeyRing, credential: Credential, uri: http::Uri) -> Self {
        Self { ring, credential, uri }
    }

    /// Returns the caller, if it may still make the call.
    ///
    /// # Errors
    /// Returns [`Error::Unauthenticated`] if the key or certificate has expired, and [`Error::Forbidden`] if it no longer has
    /// the permission.
    pub fn caller(&self) -> Result<Caller, Error> {
        let caller = self.credential.current_caller(&self.ring)?;
        self.check_role(&caller)?;
        Ok(caller)
    }

    /// Returns an error if the caller's role does not permit the call.
    pub(super) fn check_role(&self, caller: &Caller) -> Result<(), Error> {
        let (service, method) = service_and_method(&self.uri);
        if may_call(caller.role, service, method) {
            return Ok(());
        }
        let problem = format!("keys with the role {} may not call {method}", caller.role.as_str());
        Err(Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem })
    }
}

/// Returns the names of the service and the method of a call.
pub(super) fn service_and_method(uri: &http::Uri) -> (&str, &str) {
    uri.path().trim_start_matches('/').split_once('/').unwrap_or_default()
}
