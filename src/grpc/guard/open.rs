//! Opens requests: a handler gets a message only from here.

use tonic::Request;

use super::call::CallContext;
use super::sites::{NamesSites, check_sites};
use crate::error::Error;
use crate::keys::{Caller, Role};

/// Returns a request's message, if its caller may still make the call and speak for the sites that it names, and there is a place
/// for the call. Calls of moderators and operators wait for their turn, so that they never take the store or the processor
/// from comments.
///
/// # Errors
/// [`Error::Unauthenticated`]; [`Error::Forbidden`]; [`Error::Overloaded`].
pub async fn open_request<T: NamesSites>(request: Request<T>) -> Result<T, Error> {
    let call = request.extensions().get::<CallContext>().cloned();
    let message = request.into_inner();
    // Asked again: the message may have come long after the headers.
    let caller = call.as_ref().map_or_else(|| Ok(Caller::without_rights()), |call| call.authority().caller())?;
    check_sites(&caller, &message)?;
    if let Some(call) = call {
        call.take_place(message.sites().first().copied().unwrap_or_default()).await?;
    }
    Ok(message)
}

/// Opens a request, and tells from where it comes. Who acts is the one whom the key was made for, unless an operator speaks
/// for somebody else.
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

/// Returns who makes a call, as the guard has told: nobody, if a call came past it.
pub fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get::<CallContext>().map_or_else(Caller::without_rights, |call| call.caller().clone())
}

/// Returns what the guard knows of a call.
///
/// # Errors
/// [`Error::Forbidden`] for one that came past it.
pub fn call<T>(request: &Request<T>) -> Result<CallContext, Error> {
    let past = || Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem: "this call asks for a key".to_owned() };
    request.extensions().get::<CallContext>().cloned().ok_or_else(past)
}
