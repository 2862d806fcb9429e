//! ForgetAuthor and ExportAuthor: find a person's data, erase it or return it.

use std::collections::HashSet;
use std::net::IpAddr;

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::streams::AnswerStream;
use crate::comment::{CommentId, MAX_NAME, Site};
use crate::error::{Error, Violation};
use crate::keys::Caller;
use crate::pb;
use crate::pb::author_selector::Selector;
use crate::store::{ErasureCounts, Identity, PastVerdict, Person, Store, StoredComment};

/// Maximum number of comments buffered for a client that reads slowly.
const CHANNEL_CAPACITY: usize = 2;

/// Erases a person's data, or only counts the comments if `dry_run` is set.
///
/// # Errors
/// Returns an error if the site or the selector is invalid or the store is unavailable.
pub async fn forget(
    store: &Store,
    request: pb::ForgetAuthorRequest,
    caller: &Caller,
) -> Result<pb::ForgetAuthorResponse, Error> {
    let (site, persons) = resolve_author(store, &request.site, request.author).await?;
    if request.dry_run {
        let found = find(store, &site, &persons).await?.len();
        let counts = [("comments".to_owned(), u64::try_from(found).unwrap_or(u64::MAX))];
        return Ok(pb::ForgetAuthorResponse { counts: counts.into() });
    }
    let (store, caller) = (store.clone(), caller.clone());
    // On a large site this takes longer than a caller may wait, so it is completed even if the caller has cancelled.
    let erasure = tokio::spawn(async move {
        let mut forgotten = ErasureCounts::default();
        for person in &persons {
            forgotten += store.forget(&site, person).await?;
        }
        tracing::info!(site = site.as_str(), ?forgotten, "forgot a person");
        // The person is not named: that is what the erasure is for.
        let subject = format!("{} comments, {} records of this audit", forgotten.comments, forgotten.acts);
        store.append_audit(&site, &caller.audit_event("FORGOTTEN", subject)).await?;
        Ok::<_, Error>(forgotten)
    });
    let forgotten = erasure.await.map_err(|error| Error::store(error.to_string()))??;
    Ok(pb::ForgetAuthorResponse { counts: forgotten.counts().map(|(kind, count)| (kind.to_owned(), count)).into() })
}

/// Streams the stored data of a person.
///
/// # Errors
/// Returns an error if the site or the selector is invalid or the store is unavailable.
pub async fn export(store: &Store, request: pb::ExportAuthorRequest) -> Result<AnswerStream<pb::ExportAuthorResponse>, Error> {
    let (site, persons) = resolve_author(store, &request.site, request.author).await?;
    let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
    let store = store.clone();
    tokio::spawn(async move {
        // Stops the search when the client disconnects.
        let sent = tokio::select! {
            sent = send(&store, &site, &persons, &sender) => sent,
            () = sender.closed() => return,
        };
        if let Err(error) = sent {
            let _ = sender.send(Err(error)).await;
        }
    });
    Ok(Box::pin(ReceiverStream::new(receiver).map(|comment| comment.map_err(Status::from))))
}

async fn send(
    store: &Store,
    site: &Site,
    persons: &[Person],
    client: &mpsc::Sender<Result<pb::ExportAuthorResponse, Error>>,
) -> Result<(), Error> {
    for id in find(store, site, persons).await? {
        // The comment may have been erased in the meantime.
        let Some(stored) = store.get(site, &id).await? else { continue };
        if client.send(Ok(exported(stored))).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn exported(stored: StoredComment) -> pb::ExportAuthorResponse {
    let StoredComment { comment, verdict, received_at, event, trail, .. } = stored;
    let current = pb::TrailEntry::from(PastVerdict { verdict: verdict.clone(), event });
    pb::ExportAuthorResponse {
        comment: Some(comment),
        verdict: Some(verdict.into()),
        received_at: Some(received_at.into()),
        trail: trail.into_iter().map(Into::into).chain([current]).collect(),
    }
}

impl From<PastVerdict> for pb::TrailEntry {
    fn from(PastVerdict { verdict, event }: PastVerdict) -> Self {
        Self { act: event.act, reason_code: event.reason_code, note: event.note, verdict: Some(verdict.into()) }
    }
}

/// Returns the ids of the comments that came from a person, under any of the person's hashes.
async fn find(store: &Store, site: &Site, persons: &[Person]) -> Result<Vec<CommentId>, Error> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for person in persons {
        for id in store.find_comments_of(site, person).await? {
            if seen.insert(id.clone()) {
                found.push(id);
            }
        }
    }
    Ok(found)
}

/// Returns the site and the hashes of the person, under the site's current and earlier secrets.
async fn resolve_author(store: &Store, site: &str, author: Option<pb::AuthorSelector>) -> Result<(Site, Vec<Person>), Error> {
    let selector = author.and_then(|author| author.selector);
    let (site, identity) = match (Site::parse("site", site), identity(selector.as_ref())) {
        (Ok(site), Ok(identity)) => (site, identity),
        (site, identity) => return Err(Error::Invalid(site.err().into_iter().chain(identity.err()).collect())),
    };
    let persons = store.secrets(&site).await?.hashes_of(identity);
    Ok((site, persons))
}

fn identity(selector: Option<&Selector>) -> Result<Identity<'_>, Violation> {
    match selector {
        None => Err(Violation::new("author", "is required: name the person by user_id, email or ip")),
        Some(Selector::UserId(id)) if id.is_empty() => Err(Violation::new("author.user_id", "is empty")),
        Some(Selector::UserId(id)) => Ok(Identity::User(id)),
        Some(Selector::Email(email)) => {
            let problem = match email.trim().split_once('@') {
                Some((name, host)) if !name.is_empty() && !host.is_empty() && email.len() <= MAX_NAME => {
                    return Ok(Identity::Email(email));
                }
                _ => format!("is not an e-mail address of at most {MAX_NAME} bytes; name the person by user_id or ip instead"),
            };
            Err(Violation::new("author.email", problem))
        }
        Some(Selector::Ip(ip)) => ip
            .trim()
            .parse::<IpAddr>()
            .map(Identity::Ip)
            .map_err(|_| Violation::new("author.ip", "is not an IPv4 or IPv6 address, e.g. 192.0.2.7 or 2001:db8::7")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_named_is_not_looked_for() {
        let field = |selector: Option<Selector>| identity(selector.as_ref()).err().map(|violation| violation.field);
        assert_eq!(field(None).as_deref(), Some("author"));
        assert_eq!(field(Some(Selector::UserId(String::new()))).as_deref(), Some("author.user_id"));
        for email in ["", " ", "ada", "@", "ada@", "@example.org"] {
            assert_eq!(field(Some(Selector::Email(email.into()))).as_deref(), Some("author.email"), "{email:?}");
        }
        for ip in ["", "192.0.2", "192.0.2.0/24", "example.org"] {
            assert_eq!(field(Some(Selector::Ip(ip.into()))).as_deref(), Some("author.ip"), "{ip:?}");
        }
        for named in [
            Selector::UserId("7".into()),
            Selector::UserId("jürgen o'brien".into()),
            Selector::Email(" Ada@Example.org".into()),
            Selector::Ip("::1 ".into()),
        ] {
            assert_eq!(field(Some(named)), None);
        }
    }
}
