//! The vocabulary of exports: what the names of fields, and words such as `spam` or `SOFT_TRASHED`, say of a comment.

use super::status::ImportedStatus;

/// Longest name or value that is understood, in bytes.
pub const MAX_WORD: usize = 64;

/// What a field says of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldMeaning {
    /// That it was thrown away, or when, or by whom.
    Deleted,
    /// That it is spam, or was refused.
    Spam,
    /// That it is not shown, or not yet.
    Held,
    /// That its author may not write.
    Blocked,
    /// That it was approved.
    Approved,
    /// That it is shown, which is less than approved: it may be a date.
    Shown,
    /// In a word what became of it.
    StatusWord,
    /// The same in the numbers of Isso.
    IssoMode,
    /// In a word what became of its post.
    PostStatusWord,
    /// More of such fields.
    Nested,
    /// What is known of its author.
    Author,
    /// What is known of its post.
    Post,
}

impl FieldMeaning {
    /// Returns what a field says by its name, in whatever case and with whatever separators it is written.
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

/// Returns the letters and digits of a word, in lower case. `None`: it is longer than any that is understood.
fn normalize(word: &str) -> Option<String> {
    let fits = word.len() <= MAX_WORD;
    fits.then(|| word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect())
}

/// What may stand before and behind the word that counts.
const PREFIXES: [&str; 5] = ["is", "was", "has", "been", "comment"];
const SUFFIXES: [&str; 10] = ["at", "on", "date", "time", "timestamp", "gmt", "utc", "flag", "status", "state"];
/// What may stand there besides, unless the word is a friendly one: who approved a comment does not tell that it still is.
const STRICT_PREFIXES: [&str; 10] = ["user", "admin", "moderator", "mod", "author", "soft", "marked", "as", "post", "content"];
const STRICT_SUFFIXES: [&str; 10] = ["by", "user", "admin", "moderator", "author", "reason", "since", "until", "hex", "id"];

/// Returns what a name says of which all but one word is mere form, as in `is_deleted`, `deletedAt` and `removed_by_admin`.
fn parse_flag(name: &str) -> Option<FieldMeaning> {
    let friendly = |says: &FieldMeaning| matches!(says, FieldMeaning::Approved | FieldMeaning::Shown);
    let strict = || {
        let (before, behind) =
            ([PREFIXES.as_slice(), &STRICT_PREFIXES].concat(), [SUFFIXES.as_slice(), &STRICT_SUFFIXES].concat());
        strip_affixes(name, &before, &behind).filter(|says| !friendly(says))
    };
    strip_affixes(name, &PREFIXES, &SUFFIXES).or_else(strict)
}

fn strip_affixes(mut name: &str, before: &[&str], behind: &[&str]) -> Option<FieldMeaning> {
    loop {
        if let Some(says) = parse_stem(name) {
            return Some(says);
        }
        name = before
            .iter()
            .find_map(|word| name.strip_prefix(word))
            .or_else(|| behind.iter().find_map(|word| name.strip_suffix(word)))?;
    }
}

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

/// Returns what a word means. `None`: it means nothing here.
pub fn parse_status(word: &str) -> Option<ImportedStatus> {
    let word = normalize(word)?;
    match word.as_str() {
        "1" => return Some(ImportedStatus::APPROVED),
        "0" => return Some(ImportedStatus::HELD),
        _ => {}
    }
    let word = ["decision", "commentstatus", "status"].iter().find_map(|before| word.strip_prefix(before)).unwrap_or(&word);
    Some(match parse_flag(word)? {
        FieldMeaning::Approved | FieldMeaning::Shown => ImportedStatus::APPROVED,
        FieldMeaning::Held | FieldMeaning::Blocked => ImportedStatus::HELD,
        FieldMeaning::Spam => ImportedStatus::REJECTED,
        FieldMeaning::Deleted => ImportedStatus::Deleted,
        _ => return None,
    })
}
