//! Handlers of the block and allow entries: PutListEntry, ListEntries and DeleteListEntry.

use tonic::Request;

use super::guard::{open_as_moderator, open_request};
use super::requests::{moderator_or_default, site_of_moderator};
use crate::comment::{CommentId, Site};
use crate::error::{Error, Violation};
use crate::lists::ListEditor;
use crate::pb;

/// Adds or replaces an entry.
///
/// # Errors
/// Returns an error if the request is invalid or the store is unavailable.
pub async fn put(lists: &ListEditor, request: Request<pb::PutListEntryRequest>) -> Result<pb::PutListEntryResponse, Error> {
    let (request, source) = open_as_moderator(request, |request| &mut request.moderator).await?;
    let (site, moderator) = site_and_moderator(&request.site, &request.moderator)?;
    let mut entry = request.entry.ok_or_else(|| Violation::new("entry", "is required"))?;
    if !request.author_of.is_empty() {
        let id = CommentId::parse("author_of", &request.author_of)?;
        let (target, value, shown) = lists.target_of_author(&site, &id).await?;
        (entry.target, entry.value, entry.shown) = (target.into(), value, shown);
    } else {
        entry.shown.clear();
    }
    Ok(pb::PutListEntryResponse { entry: Some(lists.put(&site, entry, (&moderator, &source)).await?) })
}

/// Lists the entries in force.
///
/// # Errors
/// Returns an error if the site is invalid or the store is unavailable.
pub async fn list(lists: &ListEditor, request: Request<pb::ListEntriesRequest>) -> Result<pb::ListEntriesResponse, Error> {
    let site = Site::parse("site", &open_request(request).await?.site)?;
    Ok(pb::ListEntriesResponse { entries: lists.list(&site).await? })
}

/// Removes an entry.
///
/// # Errors
/// Returns an error if the request is invalid or the store is unavailable.
pub async fn delete(
    lists: &ListEditor,
    request: Request<pb::DeleteListEntryRequest>,
) -> Result<pb::DeleteListEntryResponse, Error> {
    let (request, source) = open_as_moderator(request, |request| &mut request.moderator).await?;
    let (site, moderator) = site_and_moderator(&request.site, &request.moderator)?;
    let entry = request.entry.ok_or_else(|| Violation::new("entry", "is required"))?;
    Ok(pb::DeleteListEntryResponse { existed: lists.remove(&site, entry, (&moderator, &source)).await? })
}

fn site_and_moderator(site: &str, name: &str) -> Result<(Site, String), Error> {
    let mut wrong = Vec::new();
    match site_of_moderator(site, name, &mut wrong) {
        Some(site) if wrong.is_empty() => Ok((site, moderator_or_default(name.to_owned()))),
        _ => Err(Error::Invalid(wrong)),
    }
}
