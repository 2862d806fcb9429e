//! CreateKey, ListKeys and RevokeKey.

use std::time::{Duration, SystemTime};

use crate::comment::Site;
use crate::error::{Error, Violation};
use crate::keys::{AllowedSites, Caller, KeyRecord, KeyRing, NewKey, Role};
use crate::pb;
use crate::verdict::is_valid_actor_name;

/// Maximum length of a key's name, in bytes.
const MAX_NAME: usize = 128;
/// The precision of expiry times.
const SECOND: Duration = Duration::from_secs(1);
/// Maximum number of sites of a key.
const MAX_SITES: usize = 1_000;

/// Creates a key that has no more rights than its creator.
///
/// # Errors
/// Returns an error if the role, the name, the expiry or the sites are invalid, if the caller may not act on the sites, or if
/// the store is unavailable.
pub async fn create(ring: &KeyRing, caller: &Caller, request: pb::CreateKeyRequest) -> Result<pb::CreateKeyResponse, Error> {
    let mut violations = Vec::new();
    let role = role(request.role).ok_or_else(|| Violation::new("role", "must be ROLE_HOST, ROLE_MODERATOR or ROLE_ADMIN"));
    let role = role.map_err(|violation| violations.push(violation)).ok();
    let sites = sites(&request.sites).map_err(|violation| violations.push(violation)).ok();
    if request.name.len() > MAX_NAME || !is_valid_actor_name(&request.name) {
        let problem = "must be at most 128 bytes without control or invisible characters, and neither MACHINE nor import";
        violations.push(Violation::new("name", problem));
    }
    let expires_at = match request.expires_at.map(SystemTime::try_from) {
        None => None,
        Some(Ok(at)) if at > SystemTime::now() => Some(at),
        Some(_) => {
            violations.push(Violation::new("expires_at", "must lie in the future"));
            None
        }
    };
    if let Some(end) = ring.expiry(caller).filter(|end| expires_at.is_none_or(|at| at >= *end + SECOND)) {
        let end = humantime::format_rfc3339_seconds(end);
        violations.push(Violation::new("expires_at", format!("must not be after {end}, when the key that makes it expires")));
    }
    let (Some(role), Some(sites), true) = (role, sites, violations.is_empty()) else { return Err(Error::Invalid(violations)) };
    caller.check_sites(&sites)?;
    let NewKey { id, text, record } = ring
        .create(request.name, role, sites.clone(), expires_at, |id| {
            caller.audit_event("KEY_CREATED", audit_subject(id, role, &sites))
        })
        .await?;
    tracing::info!(key = id, role = role.as_str(), by = &*caller.name, "made a key");
    Ok(pb::CreateKeyResponse { key: Some(key_message(id, &record, None)), secret: text })
}

/// Lists the keys that the caller could have created, of one site or of all.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub async fn list(ring: &KeyRing, caller: &Caller, request: &pb::ListKeysRequest) -> Result<pb::ListKeysResponse, Error> {
    let all = ring.list().await?.into_iter();
    let visible = all.filter(|(_, record, _)| caller.sites.contains_all(&record.sites));
    let selected = visible.filter(|(_, record, _)| request.site.is_empty() || record.sites.contains(&request.site));
    Ok(pb::ListKeysResponse { keys: selected.map(|(id, record, used)| key_message(id, &record, used)).collect() })
}

/// Revokes a key.
///
/// # Errors
/// Returns an error if the key has sites on which the caller may not act, if it is the last key that can create others, or if
/// the store is unavailable.
pub async fn revoke(ring: &KeyRing, caller: &Caller, request: &pb::RevokeKeyRequest) -> Result<pb::RevokeKeyResponse, Error> {
    if request.key_id.is_empty() {
        return Err(Error::invalid("key_id", "is required; `gatepost keys list` prints them"));
    }
    let Some(record) = ring.get(&request.key_id) else { return Ok(pb::RevokeKeyResponse {}) };
    caller.check_sites(&record.sites)?;
    let act = caller.audit_event("KEY_REVOKED", audit_subject(&request.key_id, record.role, &record.sites));
    if ring.revoke(&request.key_id, &act).await? {
        tracing::info!(key = request.key_id, by = &*caller.name, "revoked a key");
    }
    Ok(pb::RevokeKeyResponse {})
}

/// Returns the description of a key in the audit log.
fn audit_subject(id: &str, role: Role, sites: &AllowedSites) -> String {
    let sites = match sites {
        AllowedSites::All => "*".to_owned(),
        AllowedSites::These(sites) => sites.join(","),
    };
    format!("key {id} {} {sites}", role.as_str())
}

fn role(wire: i32) -> Option<Role> {
    match pb::Role::try_from(wire).ok()? {
        pb::Role::Unspecified => None,
        pb::Role::Host => Some(Role::Host),
        pb::Role::Moderator => Some(Role::Moderator),
        pb::Role::Admin => Some(Role::Admin),
    }
}

fn sites(names: &[String]) -> Result<AllowedSites, Violation> {
    if names == ["*"] {
        return Ok(AllowedSites::All);
    }
    if !(1..=MAX_SITES).contains(&names.len()) {
        return Err(Violation::new(
            "sites",
            format!("holds {} sites; 1 to {MAX_SITES} are accepted, or * for all", names.len()),
        ));
    }
    let sites = names.iter().map(|name| Site::parse("sites", name).map(|site| site.as_str().to_owned()));
    Ok(AllowedSites::These(sites.collect::<Result<_, _>>()?))
}

fn key_message(key_id: String, record: &KeyRecord, used: Option<SystemTime>) -> pb::Key {
    let role = match record.role {
        Role::Host => pb::Role::Host,
        Role::Moderator => pb::Role::Moderator,
        Role::Admin => pb::Role::Admin,
    };
    pb::Key {
        key_id,
        sites: match &record.sites {
            AllowedSites::All => vec!["*".to_owned()],
            AllowedSites::These(sites) => sites.clone(),
        },
        role: role.into(),
        expires_at: record.expires_at().map(Into::into),
        last_used_at: used.map(Into::into),
        name: record.name.clone(),
        created_at: Some(record.created_at().into()),
    }
}
