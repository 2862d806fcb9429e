//! The seeds of the feature families: a feature's hash begins with the seed of its family.
//!
//! Changing a seed changes what a trained weight means, so that the format version of model files must rise.

// Words and pairs of words (`lexical`, `context`).

/// A word. Also a word that is read behind a disguise or in the name of an emoji.
pub const UNIGRAM: u64 = 0x11;
/// Two neighbouring words.
pub const BIGRAM: u64 = 0x12;
/// A word in capitals.
pub const UPPERCASE_WORD: u64 = 0x13;
/// The first word of the comment.
pub const FIRST_WORD: u64 = 0x14;
/// The second word of the comment.
pub const SECOND_WORD: u64 = 0x15;
/// The last word of the comment.
pub const LAST_WORD: u64 = 0x16;
/// A word under negation.
pub const NEGATED_WORD: u64 = 0x17;
/// A word in quotation marks.
pub const QUOTED_WORD: u64 = 0x18;
/// A word shortly before "you".
pub const BEFORE_YOU: u64 = 0x19;
/// A word shortly after "you".
pub const AFTER_YOU: u64 = 0x1A;
/// A word near an identity term.
pub const NEAR_IDENTITY: u64 = 0x1B;
/// Two neighbouring words near an identity term.
pub const PAIR_NEAR_IDENTITY: u64 = 0x1C;
/// A word that was read behind a disguise (`disguise`).
pub const DISGUISED: u64 = 0x1D;
/// A class of words.
pub const WORD_CLASS: u64 = 0x61;
/// Two classes of words that stand close together.
pub const WORD_CLASS_PAIR: u64 = 0x62;

// Characters (`grams`, `disguise`).

/// A run of characters.
pub const CHAR_NGRAM: u64 = 0x21;

// Form (`shape`).

/// The registered domain of a link or of the author's address.
pub const DOMAIN: u64 = 0x31;
/// The top-level domain of a link.
pub const TLD: u64 = 0x32;
/// How long the path of a link is.
pub const PATH_LENGTH: u64 = 0x33;
/// A domain is linked again.
pub const REPEATED_DOMAIN: u64 = 0x34;
/// A word of a link.
pub const LINK_WORD: u64 = 0x35;
/// A kind of token, or another form.
pub const FORM: u64 = 0x36;
/// The form of a number.
pub const NUMBER_FORM: u64 = 0x37;
/// An emoji.
pub const EMOJI: u64 = 0x38;
/// The form of a link's host.
pub const HOST_FORM: u64 = 0x39;

// The comment as a whole (`signal`, `post`).

/// A dense signal at a level.
pub const SIGNAL: u64 = 0x41;
/// How many of the words are the post's.
pub const POST_OVERLAP: u64 = 0x42;

// The author (`author`).

/// A word of the name.
pub const NAME_WORD: u64 = 0x51;
/// A run of characters of the name.
pub const NAME_GRAM: u64 = 0x52;
/// The form of the name.
pub const NAME_FORM: u64 = 0x53;
/// How many words of a class the name has.
pub const NAME_CLASS: u64 = 0x54;
/// Letters of the name that look typed at random.
pub const NAME_ODDITY: u64 = 0x55;
/// A word of the host.
pub const HOST_WORD: u64 = 0x56;
/// A run of characters of the host.
pub const HOST_GRAM: u64 = 0x57;
/// The registered domain of the host.
pub const HOST_DOMAIN: u64 = 0x58;
/// The top-level domain of the host.
pub const HOST_TLD: u64 = 0x59;
/// A word of the path or of the host.
pub const PATH_WORD: u64 = 0x5A;
/// The form of the web address.
pub const URL_FORM: u64 = 0x5B;
/// The domain of the e-mail address.
pub const EMAIL_DOMAIN: u64 = 0x5C;
/// The kind of domain that the e-mail address has.
pub const EMAIL_CLASS: u64 = 0x5D;
/// How name, web address and comment fit each other.
pub const AUTHOR_MATCH: u64 = 0x5E;
/// The comment that stands beside a web address.
pub const URL_WITH_BODY: u64 = 0x5F;

// Marks of scope (`scope`).

/// A tone, of whom it is said, and what surrounds it.
pub const SCOPE_MARK: u64 = 0x71;
/// Anything hostile, of whom it is said, and what surrounds it.
pub const ANY_HOSTILE: u64 = 0x72;
/// How hostile the comment is on the whole.
pub const HOSTILITY_SUMMARY: u64 = 0x73;
/// What is said around the name of a group.
pub const GROUP_CONTEXT: u64 = 0x74;
/// How violence is spoken of.
pub const VIOLENCE_MODE: u64 = 0x75;
/// A hostile word that was read behind a disguise.
pub const SCOPE_DISGUISED: u64 = 0x76;
