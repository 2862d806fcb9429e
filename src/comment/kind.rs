//! What kinds of comments there are.

use crate::pb;

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommentKind {
    /// A comment on a post.
    Comment,
    /// An answer to another comment.
    Reply,
    /// A site announces that it links to the post.
    Trackback,
    /// The same, with an excerpt that the host has fetched.
    Pingback,
    /// A mention or a like on another site.
    Webmention,
    /// A message from a contact form.
    ContactForm,
    /// The registration of an account.
    Signup,
    /// A review of a product or place.
    Review,
}

impl CommentKind {
    /// Every kind, in the order of the wire.
    pub const ALL: [Self; 8] = [
        Self::Comment,
        Self::Reply,
        Self::Trackback,
        Self::Pingback,
        Self::Webmention,
        Self::ContactForm,
        Self::Signup,
        Self::Review,
    ];

    /// Returns the word for it in policies and import.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Reply => "reply",
            Self::Trackback => "trackback",
            Self::Pingback => "pingback",
            Self::Webmention => "webmention",
            Self::ContactForm => "contact_form",
            Self::Signup => "signup",
            Self::Review => "review",
        }
    }

    /// Returns the kind that a word names. Also understands hyphens for underscores.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(&word.trim().replace('-', "_")))
    }

    /// Returns its number on the wire.
    pub fn to_wire(self) -> pb::CommentKind {
        match self {
            Self::Comment => pb::CommentKind::Comment,
            Self::Reply => pb::CommentKind::Reply,
            Self::Trackback => pb::CommentKind::Trackback,
            Self::Pingback => pb::CommentKind::Pingback,
            Self::Webmention => pb::CommentKind::Webmention,
            Self::ContactForm => pb::CommentKind::ContactForm,
            Self::Signup => pb::CommentKind::Signup,
            Self::Review => pb::CommentKind::Review,
        }
    }

    /// Returns the kind that a number on the wire names. A number of a newer version is a comment: it is evidence, and never
    /// costs a verdict.
    pub(super) fn from_wire(number: i32) -> Self {
        let wire = pb::CommentKind::try_from(number).unwrap_or_default();
        Self::ALL.into_iter().find(|kind| kind.to_wire() == wire).unwrap_or(Self::Comment)
    }
}
