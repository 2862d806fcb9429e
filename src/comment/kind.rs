//! The kinds of comments.

use crate::pb;

/// The kind of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommentKind {
    /// A comment on a post.
    Comment,
    /// A reply to another comment.
    Reply,
    /// An announcement by a site that it links to the post.
    Trackback,
    /// An announcement by a site that it links to the post, with an excerpt that the host has fetched.
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
    /// All kinds, in the order of their numbers in the protocol.
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

    /// Returns the name of the kind in policies and imports.
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

    /// Returns the kind with this name. Hyphens are accepted for underscores. Returns `None` if there is no such kind.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(&word.trim().replace('-', "_")))
    }

    /// Returns the kind's value in the protocol.
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

    /// Returns the kind for a number in the protocol. A number that this version does not know becomes [`Self::Comment`], since
    /// the kind is evidence only and must not prevent a verdict.
    pub(super) fn from_wire(number: i32) -> Self {
        let wire = pb::CommentKind::try_from(number).unwrap_or_default();
        Self::ALL.into_iter().find(|kind| kind.to_wire() == wire).unwrap_or(Self::Comment)
    }
}
