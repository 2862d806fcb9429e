//! One block or allow entry: its validation, its storage key, and the audit record of an act on it.

use std::time::SystemTime;

use ipnet::IpNet;

use crate::comment::MAX_NAME;
use crate::error::{Error, Violation};
use crate::pb;
use crate::policy::{EntryKind, EntryTarget};
use crate::store::Identity;

/// Maximum length of an entry's value, in bytes.
const MAX_VALUE: usize = 1_024;

/// Validates an entry from a request and converts its value to canonical form. Returns its target and the entry.
///
/// # Errors
/// Returns an error with everything that is wrong with the entry.
pub(super) fn validate(mut entry: pb::ListEntry) -> Result<(EntryTarget, pb::ListEntry), Error> {
    let mut violations = Vec::new();
    if kind(&entry).is_none() {
        violations.push(Violation::new("entry.kind", "must be LIST_KIND_ALLOW or LIST_KIND_BLOCK"));
    }
    for (field, text, max) in [("entry.value", &entry.value, MAX_VALUE), ("entry.note", &entry.note, MAX_NAME)] {
        if text.len() > max || field == "entry.value" && text.trim().is_empty() {
            violations.push(Violation::new(field, format!("is {} bytes long; 1 to {max} are accepted", text.len())));
        }
    }
    let Some(target) = target(&entry) else {
        violations.push(Violation::new("entry.target", "must be LIST_TARGET_WORD, _DOMAIN, _ADDRESS or _AUTHOR"));
        return Err(Error::Invalid(violations));
    };
    if !violations.is_empty() {
        return Err(Error::Invalid(violations));
    }
    entry.value = target.canonicalize(&entry.value).map_err(|problem| Error::invalid("entry.value", problem))?;
    Ok((target, entry))
}

/// Returns the identity that a value stands for if it is the address of one person.
pub(super) fn person_identity(target: EntryTarget, value: &str) -> Option<Identity<'_>> {
    if target != EntryTarget::Address || value.starts_with(['#', '@']) {
        return None;
    }
    if let Ok(ip) = value.parse() {
        return Some(Identity::Ip(ip));
    }
    match value.parse::<IpNet>() {
        // As in rate limits, an IPv6 /64 network stands for one subscriber.
        Ok(IpNet::V6(net)) if net.prefix_len() >= 64 => Some(Identity::Ip(net.addr().into())),
        Ok(_) => None,
        Err(_) if value.contains('@') => Some(Identity::Email(value)),
        Err(_) => None,
    }
}

/// Returns a masked address: enough to be recognized by the person who typed it, and too little to write to.
pub(super) fn masked(value: &str) -> String {
    match value.split_once('@') {
        Some((name, domain)) => format!("{}…@{domain}", name.chars().next().unwrap_or('…')),
        None => {
            let end = value.rfind(['.', ':']).map_or(0, |end| end + 1);
            format!("{}…", &value[..end])
        }
    }
}

/// Returns whether an entry has expired.
pub(super) fn has_expired(entry: &pb::ListEntry, now: SystemTime) -> bool {
    entry.expires_at.is_some_and(|end| SystemTime::try_from(end).map_or(true, |end| end <= now))
}

/// Returns the kind of an entry, or `None` if it is unspecified.
pub(super) fn kind(entry: &pb::ListEntry) -> Option<EntryKind> {
    match entry.kind() {
        pb::ListKind::Unspecified => None,
        pb::ListKind::Allow => Some(EntryKind::Allow),
        pb::ListKind::Block => Some(EntryKind::Block),
    }
}

/// Returns the target of an entry, or `None` if it is unspecified.
pub(super) fn target(entry: &pb::ListEntry) -> Option<EntryTarget> {
    match entry.target() {
        pb::ListTarget::Unspecified => None,
        pb::ListTarget::Word => Some(EntryTarget::Word),
        pb::ListTarget::Domain => Some(EntryTarget::Domain),
        pb::ListTarget::Address => Some(EntryTarget::Address),
        pb::ListTarget::Author => Some(EntryTarget::Author),
    }
}

/// Returns the key under which an entry is stored, made of its kind, target and value.
pub(super) fn storage_key(entry: &pb::ListEntry) -> String {
    let kind = kind(entry).map_or("", EntryKind::as_str);
    format!("{kind}.{}.{}", target(entry).map_or("", EntryTarget::as_str), entry.value)
}

/// Returns the audit record of an act on an entry.
pub(super) fn audit_event(entry: &pb::ListEntry, act: &str, (by, source): (&str, &str), now: SystemTime) -> pb::AuditEvent {
    // For a person's address this is the hash, by which the record is found when the person is erased.
    let what = &entry.value;
    let (kind, target) = (kind(entry).map_or("", EntryKind::as_str), target(entry).map_or("", EntryTarget::as_str));
    pb::AuditEvent {
        at: Some(now.into()),
        by: by.to_owned(),
        source: source.to_owned(),
        act: act.to_owned(),
        subject: format!("{kind} {target} {what}"),
        note: entry.note.clone(),
        ..Default::default()
    }
}
