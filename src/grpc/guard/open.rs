//! Opens requests: handlers get their messages only through these functions.

use tonic::Request;

use super::call::CallContext;
use super::sites::{NamesSites, check_sites};
use crate::error::Error;
use crate::keys::{Caller, Role};

/// Returns the message of a request, after checking its caller and the sites that it names, and taking a place for the call.
/// Calls of moderators and operators wait for their turn, so that they never starve comment checks.
///
/// # Errors
/// Returns [`Error::Unauthenticated`], [`Error::Forbidden`], or [`Error::Overloaded`] if no place is free.
pub async fn open_request<T: NamesSites>(request: Request<T>) -> Result<T, Error> {
    let call = request.extensions().get::<CallContext>().cloned();
    let message = request.into_inner();
    // Checked again, since the message may arrive long after the headers.
    let caller = call.as_ref().map_or_else(|| Ok(Caller::without_rights()), |call| call.authority().caller())?;
    check_sites(&caller, &message)?;
    if let Some(call) = call {
        call.take_place(message.sites().first().copied().unwrap_or_default()).await?;
    }
    Ok(message)
}

/// Opens a moderator's request. Returns its message, and the id of the caller's key. A moderator's key acts under its own
/// name; other keys may name another moderator.
///
/// # Errors
/// Returns the errors of [`open_request`].
pub async fn open_as_moderator<T: NamesSites>(
    request: Request<T>,
    moderator: impl Fn(&mut T) -> &mut String,
) -> Result<(T, String), Error> {
    let caller = caller(&request);
    let mut message = open_request(request).await?;
    let moderator = moderator(&mut message);
    if moderator.is_empty() || caller.role == Role::Moderator && !caller.name.is_empty() {
        *moderator = caller.name.to_string();
    }
    Ok((message, caller.id.to_string()))
}

/// Returns the caller of a request as the layer has authenticated it, or one without rights if the layer was bypassed.
pub fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get::<CallContext>().map_or_else(Caller::without_rights, |call| call.caller().clone())
}

/// Returns the context of a call.
///
/// # Errors
/// Returns [`Error::Forbidden`] if the call has bypassed the layer.
pub fn call<T>(request: &Request<T>) -> Result<CallContext, Error> {
    let bypassed = || Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem: "this call requires a key".to_owned() };
    request.extensions().get::<CallContext>().cloned().ok_or_else(bypassed)
}
