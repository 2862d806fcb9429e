//! The seeds of the feature families. The hash of a feature starts from the seed of its family.
//!
//! Changing a seed changes the meaning of trained weights and requires a new format version of the model file.

// Words and pairs of words (`lexical`, `context`).

/// A word, including the plain form of a disguised word and the words of an emoji's name.
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
/// A negated word.
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
/// The plain form of a disguised word (`disguise`).
pub const DISGUISED: u64 = 0x1D;
/// A class of words.
pub const WORD_CLASS: u64 = 0x61;
/// Two classes of words that occur close together.
pub const WORD_CLASS_PAIR: u64 = 0x62;

// Characters (`char_ngrams`, `disguise`).

/// A character n-gram.
pub const CHAR_NGRAM: u64 = 0x21;

// Form (`shape`).

/// The registrable domain of a link or of the author's web address.
pub const DOMAIN: u64 = 0x31;
/// The top-level domain of a link.
pub const TLD: u64 = 0x32;
/// The length of the path of a link.
pub const PATH_LENGTH: u64 = 0x33;
/// A link to a domain that the comment already links to.
pub const REPEATED_DOMAIN: u64 = 0x34;
/// A word of the host or path of a link.
pub const LINK_WORD: u64 = 0x35;
/// The kind of a token, or another form.
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
/// The number of words that the comment shares with the post.
pub const POST_OVERLAP: u64 = 0x42;

// The author (`author`).

/// A word of the name.
pub const NAME_WORD: u64 = 0x51;
/// A character n-gram of the name.
pub const NAME_GRAM: u64 = 0x52;
/// The form of the name.
pub const NAME_FORM: u64 = 0x53;
/// The number of words of a class in the name.
pub const NAME_CLASS: u64 = 0x54;
/// Signs of random letters in the name.
pub const NAME_ODDITY: u64 = 0x55;
/// A word of the host.
pub const HOST_WORD: u64 = 0x56;
/// A character n-gram of the host.
pub const HOST_GRAM: u64 = 0x57;
/// The registrable domain of the host.
pub const HOST_DOMAIN: u64 = 0x58;
/// The top-level domain of the host.
pub const HOST_TLD: u64 = 0x59;
/// A word of the path or of the host.
pub const PATH_WORD: u64 = 0x5A;
/// The form of the web address.
pub const URL_FORM: u64 = 0x5B;
/// The domain of the e-mail address.
pub const EMAIL_DOMAIN: u64 = 0x5C;
/// The kind of domain of the e-mail address.
pub const EMAIL_CLASS: u64 = 0x5D;
/// How the name, the web address and the comment match each other.
pub const AUTHOR_MATCH: u64 = 0x5E;
/// The presence of a web address combined with counts of the comment.
pub const URL_WITH_BODY: u64 = 0x5F;

// Scope marks (`scope`).

/// A tone with its target and context.
pub const SCOPE_MARK: u64 = 0x71;
/// Any hostile tone with its target and context.
pub const ANY_HOSTILE: u64 = 0x72;
/// The hostility of the comment as a whole.
pub const HOSTILITY_SUMMARY: u64 = 0x73;
/// The words around the name of a group.
pub const GROUP_CONTEXT: u64 = 0x74;
/// The grammatical mode of a word of violence, expulsion or hatred.
pub const VIOLENCE_MODE: u64 = 0x75;
/// A disguised hostile word.
pub const SCOPE_DISGUISED: u64 = 0x76;
