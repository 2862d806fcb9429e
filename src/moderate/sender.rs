//! The sender of a comment, hashed for the store's records and for the site's block and allow entries.

use crate::comment::Comment;
use crate::error::Error;
use crate::lists::SiteLists;
use crate::policy::SenderHashes;
use crate::store::{Persons, Secrets};

/// The keyed hashes of a comment's sender.
pub(super) struct Sender {
    /// Hashes as in the site's entries. Empty if no entry is for a person.
    pub listed: SenderHashes,
    /// Hashes as in the store's records. Empty without the site's secret; the comment is then not counted for any person.
    pub persons: Persons,
}

impl Sender {
    /// Hashes a comment's sender with the site's secrets. Also returns the error if the store did not return the secrets.
    pub fn new(secrets: Result<Secrets, Error>, comment: &Comment, lists: &SiteLists) -> (Self, Option<Error>) {
        let listed = lists.senders(secrets.as_ref().ok(), comment);
        let persons =
            secrets.as_ref().map_or_else(|_| Persons::default(), |secrets| Persons::of_comment(secrets.newest(), comment));
        (Self { listed, persons }, secrets.err())
    }
}
