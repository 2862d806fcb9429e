//! One block or allow entry: what it is for, the form in which it is kept, and the record of an act on it.

use std::time::SystemTime;

use ipnet::IpNet;

use crate::comment::MAX_NAME;
use crate::error::{Error, Violation};
use crate::pb;
use crate::policy::{EntryKind, EntryTarget};
use crate::store::Identity;

/// Longest value of an entry in bytes.
const MAX_VALUE: usize = 1_024;

/// Checks an entry that was sent, and writes its value in one form however it was typed.
///
/// # Errors
/// Returns an error with everything that is wrong with the entry.
pub(super) fn validate(mut entry: pb::ListEntry) -> Result<(EntryTarget, pb::ListEntry), Error> {
    let mut wrong = Vec::new();
    if kind(&entry).is_none() {
        wrong.push(Violation::new("entry.kind", "must be LIST_KIND_ALLOW or LIST_KIND_BLOCK"));
    }
    for (field, text, most) in [("entry.value", &entry.value, MAX_VALUE), ("entry.note", &entry.note, MAX_NAME)] {
        if text.len() > most || field == "entry.value" && text.trim().is_empty() {
            wrong.push(Violation::new(field, format!("is {} bytes long; 1 to {most} are accepted", text.len())));
        }
    }
    let Some(target) = target(&entry) else {
        wrong.push(Violation::new("entry.target", "must be LIST_TARGET_WORD, _DOMAIN, _ADDRESS or _AUTHOR"));
        return Err(Error::Invalid(wrong));
    };
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    entry.value = target.canonicalize(&entry.value).map_err(|problem| Error::invalid("entry.value", problem))?;
    Ok((target, entry))
}

/// Returns whom a value names if it is one person's address.
pub(super) fn person_identity(target: EntryTarget, value: &str) -> Option<Identity<'_>> {
    if target != EntryTarget::Address || value.starts_with(['#', '@']) {
        return None;
    }
    if let Ok(ip) = value.parse() {
        return Some(Identity::Ip(ip));
    }
    match value.parse::<IpNet>() {
        // As in the limits, an IPv6 /64 is one subscriber's.
        Ok(IpNet::V6(net)) if net.prefix_len() >= 64 => Some(Identity::Ip(net.addr().into())),
        Ok(_) => None,
        Err(_) if value.contains('@') => Some(Identity::Email(value)),
        Err(_) => None,
    }
}

/// Returns enough of an address for whoever typed it to know it again, and too little to write to.
pub(super) fn masked(value: &str) -> String {
    match value.split_once('@') {
        Some((storage_key, domain)) => format!("{}…@{domain}", storage_key.chars().next().unwrap_or('…')),
        None => {
            let end = value.rfind(['.', ':']).map_or(0, |end| end + 1);
            format!("{}…", &value[..end])
        }
    }
}

/// Returns whether an entry is no longer in force.
pub(super) fn has_expired(entry: &pb::ListEntry, now: SystemTime) -> bool {
    entry.expires_at.is_some_and(|end| SystemTime::try_from(end).map_or(true, |end| end <= now))
}

/// Returns the kind of an entry, if it is one that there is.
pub(super) fn kind(entry: &pb::ListEntry) -> Option<EntryKind> {
    match entry.kind() {
        pb::ListKind::Unspecified => None,
        pb::ListKind::Allow => Some(EntryKind::Allow),
        pb::ListKind::Block => Some(EntryKind::Block),
    }
}

/// Returns what an entry is for, if it is something that there is.
pub(super) fn target(entry: &pb::ListEntry) -> Option<EntryTarget> {
    match entry.target() {
        pb::ListTarget::Unspecified => None,
        pb::ListTarget::Word => Some(EntryTarget::Word),
        pb::ListTarget::Domain => Some(EntryTarget::Domain),
        pb::ListTarget::Address => Some(EntryTarget::Address),
        pb::ListTarget::Author => Some(EntryTarget::Author),
    }
}

/// Returns the key that an entry is kept under: one for each thing that it can be for.
pub(super) fn storage_key(entry: &pb::ListEntry) -> String {
    let kind = kind(entry).map_or("", EntryKind::as_str);
    format!("{kind}.{}.{}", target(entry).map_or("", EntryTarget::as_str), entry.value)
}

/// Returns the audit record of an act on an entry.
pub(super) fn audit_event(entry: &pb::ListEntry, act: &str, (by, source): (&str, &str), now: SystemTime) -> pb::AuditEvent {
    // Of a person the hash, by which this is erased with the person.
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
