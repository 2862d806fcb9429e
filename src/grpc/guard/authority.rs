//! Authority: who makes a call, and whether they may still make it. It is asked again for each message.

use super::credential::Credential;
use super::permissions::may_call;
use crate::error::Error;
use crate::keys::{Caller, KeyRing};

/// Who makes a call, to be asked again for as long as it goes on.
#[derive(Clone)]
pub struct CallAuthority {
    ring: KeyRing,
    credential: Credential,
    /// Names the call.
    uri: http::Uri,
}

impl CallAuthority {
    /// Returns the authority of a call.
    pub(super) fn new(ring: KeyRing, credential: Credential, uri: http::Uri) -> Self {
        Self { ring, credential, uri }
    }

    /// Returns who makes the call, if whoever it is may still make it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key or certificate that has ended; [`Error::Forbidden`] for one that may do less now.
    pub fn caller(&self) -> Result<Caller, Error> {
        let caller = self.credential.current_caller(&self.ring)?;
        self.check_role(&caller)?;
        Ok(caller)
    }

    /// Succeeds if a caller may make the call.
    pub(super) fn check_role(&self, caller: &Caller) -> Result<(), Error> {
        let (service, method) = service_and_method(&self.uri);
        if may_call(caller.role, service, method) {
            return Ok(());
        }
        let problem = format!("{method} is not for keys with the role {}", caller.role.as_str());
        Err(Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem })
    }
}

/// Returns the service and the method that a call is of.
pub(super) fn service_and_method(uri: &http::Uri) -> (&str, &str) {
    uri.path().trim_start_matches('/').split_once('/').unwrap_or_default()
}
