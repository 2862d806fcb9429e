//! Who sent a comment, as the store's records and the site's entries name persons.

use crate::comment::Comment;
use crate::error::Error;
use crate::lists::SiteLists;
use crate::policy::SenderHashes;
use crate::store::{Persons, Secrets};

/// The keyed hashes of the sender of a comment.
pub(super) struct Sender {
    /// As the site's entries name persons. Empty if no entry is for a person.
    pub listed: SenderHashes,
    /// As the store's records name persons. Empty without the site's secret: the comment is then counted for nobody in
    /// particular.
    pub persons: Persons,
}

impl Sender {
    /// Hashes what is known of a comment's sender under the site's secrets. Returns the error as well if the store could not be
    /// asked for the secrets.
    pub fn new(secrets: Result<Secrets, Error>, comment: &Comment, lists: &SiteLists) -> (Self, Option<Error>) {
        let listed = lists.senders(secrets.as_ref().ok(), comment);
        let persons =
            secrets.as_ref().map_or_else(|_| Persons::default(), |secrets| Persons::of_comment(secrets.newest(), comment));
        (Self { listed, persons }, secrets.err())
    }
}
