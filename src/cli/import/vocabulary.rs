//! The vocabulary of exports: the meanings of field names, and of words such as `spam` or `SOFT_TRASHED`.

use super::status::ImportedStatus;

/// Maximum length of a name or value that is understood, in bytes.
pub const MAX_WORD: usize = 64;

/// The meaning of a field of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldMeaning {
    /// The comment was deleted, or when, or by whom.
    Deleted,
    /// The comment is spam, or was rejected.
    Spam,
    /// The comment is not shown, or not yet.
    Held,
    /// The author is blocked.
    Blocked,
    /// The comment was approved.
    Approved,
    /// The comment is shown. This is weaker than approved, because the value may be a date.
    Shown,
    /// The status of the comment, as a word.
    StatusWord,
    /// The status of the comment, as a number of Isso.
    IssoMode,
    /// The status of the post, as a word.
    PostStatusWord,
    /// An object or list with further such fields.
    Nested,
    /// The author of the comment.
    Author,
    /// The post of the comment.
    Post,
}

impl FieldMeaning {
    /// Returns the meaning of a field name, regardless of case and separators, or `None` if it does not describe a status.
    pub fn of_field(name: &str) -> Option<Self> {
        let name = normalize(name)?;
        let exact = match name.as_str() {
            "status" | "state" | "decision" | "decided" | "verdict" | "moderation" | "approval" | "disposition"
            | "commentstatus" | "commentstate" | "moderationstatus" | "moderationstate" | "moderationdecision"
            | "approvalstatus" | "approvalstate" | "publishstatus" | "publicationstatus" | "publishingstatus" => {
                Self::StatusWord
            }
            "mode" => Self::IssoMode,
            "poststatus" | "poststate" | "threadstatus" | "pagestatus" | "articlestatus" => Self::PostStatusWord,
            "meta" | "metadata" | "commentmeta" | "flags" | "attributes" | "attrs" | "properties" | "props" | "extra"
            | "extras" | "custom" | "data" | "fields" => Self::Nested,
            "author" | "user" | "commenter" => Self::Author,
            "post" | "thread" | "page" | "article" => Self::Post,
            name => return parse_flag(name),
        };
        Some(exact)
    }
}

/// Returns the ASCII letters and digits of a word in lower case, or `None` if it is longer than [`MAX_WORD`].
fn normalize(word: &str) -> Option<String> {
    let fits = word.len() <= MAX_WORD;
    fits.then(|| word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect())
}

/// Words that may precede the stem of a name.
const PREFIXES: [&str; 5] = ["is", "was", "has", "been", "comment"];
/// Words that may follow the stem of a name.
const SUFFIXES: [&str; 10] = ["at", "on", "date", "time", "timestamp", "gmt", "utc", "flag", "status", "state"];
/// Further words that may precede the stem, unless it means approved or shown: the name of the approver does not prove that a
/// comment is still approved.
const STRICT_PREFIXES: [&str; 10] = ["user", "admin", "moderator", "mod", "author", "soft", "marked", "as", "post", "content"];
/// Further words that may follow the stem, unless it means approved or shown.
const STRICT_SUFFIXES: [&str; 10] = ["by", "user", "admin", "moderator", "author", "reason", "since", "until", "hex", "id"];

/// Returns the meaning of a name that is a known stem with affixes, as in `is_deleted`, `deletedAt` and `removed_by_admin`.
fn parse_flag(name: &str) -> Option<FieldMeaning> {
    let is_positive = |meaning: &FieldMeaning| matches!(meaning, FieldMeaning::Approved | FieldMeaning::Shown);
    let strict = || {
        let (prefixes, suffixes) =
            ([PREFIXES.as_slice(), &STRICT_PREFIXES].concat(), [SUFFIXES.as_slice(), &STRICT_SUFFIXES].concat());
        strip_affixes(name, &prefixes, &suffixes).filter(|meaning| !is_positive(meaning))
    };
    strip_affixes(name, &PREFIXES, &SUFFIXES).or_else(strict)
}

/// Strips prefixes and suffixes from a name until a known stem is left.
fn strip_affixes(mut name: &str, prefixes: &[&str], suffixes: &[&str]) -> Option<FieldMeaning> {
    loop {
        if let Some(meaning) = parse_stem(name) {
            return Some(meaning);
        }
        name = prefixes
            .iter()
            .find_map(|word| name.strip_prefix(word))
            .or_else(|| suffixes.iter().find_map(|word| name.strip_suffix(word)))?;
    }
}

/// Returns the meaning of a stem.
fn parse_stem(word: &str) -> Option<FieldMeaning> {
    Some(match word {
        "deleted" | "delete" | "deletion" | "deleter" | "trashed" | "trash" | "softtrashed" | "removed" | "remove"
        | "removal" | "emptied" | "erased" | "purged" | "destroyed" | "discarded" | "withdrawn" | "retracted" | "expunged"
        | "tombstone" | "tombstoned" => FieldMeaning::Deleted,
        "spam" | "junk" | "abuse" | "abusive" | "rejected" | "reject" | "rejection" | "declined" | "denied" | "disapproved"
        | "refused" => FieldMeaning::Spam,
        "pending" | "held" | "hold" | "onhold" | "hidden" | "hide" | "invisible" | "private" | "draft" | "scheduled"
        | "unapproved" | "notapproved" | "unpublished" | "notpublished" | "unmoderated" | "flagged" | "reported" | "queued"
        | "quarantined" | "quarantine" | "disabled" | "inactive" | "inreview" | "underreview" | "pendingreview"
        | "needsreview" | "awaitingreview" | "inmoderation" | "awaitingmoderation" | "needsmoderation"
        | "pendingmoderation" | "awaitingapproval" | "needsapproval" | "pendingapproval" => FieldMeaning::Held,
        "blocked" | "block" | "banned" | "ban" | "shadowbanned" | "suspended" | "muted" | "spammer" => FieldMeaning::Blocked,
        "approved" | "approve" | "accepted" | "accept" | "allowed" => FieldMeaning::Approved,
        "published" | "publish" | "visible" | "visibility" | "public" | "live" | "shown" | "displayed" | "active"
        | "enabled" => FieldMeaning::Shown,
        _ => return None,
    })
}

/// Parses a status word. Returns `None` if it is unknown.
pub fn parse_status(word: &str) -> Option<ImportedStatus> {
    let word = normalize(word)?;
    match word.as_str() {
        "1" => return Some(ImportedStatus::APPROVED),
        "0" => return Some(ImportedStatus::HELD),
        _ => {}
    }
    let word = ["decision", "commentstatus", "status"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(&word);
    Some(match parse_flag(word)? {
        FieldMeaning::Approved | FieldMeaning::Shown => ImportedStatus::APPROVED,
        FieldMeaning::Held | FieldMeaning::Blocked => ImportedStatus::HELD,
        FieldMeaning::Spam => ImportedStatus::REJECTED,
        FieldMeaning::Deleted => ImportedStatus::Deleted,
        _ => return None,
    })
}
