//! The caller of a request, and what it may do.

use std::sync::Arc;
use std::time::SystemTime;

use super::access::{AllowedSites, Role};
use crate::error::Error;
use crate::pb;

/// The client certificate of a connection. The caller that it stands for is looked up for each call, because the files that
/// state it may change while the connection is open.
#[derive(Clone)]
pub struct Certificate(Arc<dyn Fn() -> Option<Caller> + Send + Sync>);

impl Certificate {
    /// Creates a certificate from a function that returns its present caller.
    pub fn new(caller: impl Fn() -> Option<Caller> + Send + Sync + 'static) -> Self {
        Self(Arc::new(caller))
    }

    /// Returns the caller that the certificate stands for at present, or `None` if it stands for none.
    pub fn caller(&self) -> Option<Caller> {
        (self.0)()
    }
}

/// The caller of a request. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Id by which the caller is counted: the key's id, or the name in a certificate. Empty if no keys are required.
    pub id: Arc<str>,
    /// Name for logs and the audit log: the key's name, or else its id.
    pub name: Arc<str>,
    /// Role of the caller.
    pub role: Role,
    /// Sites for which the caller may act.
    pub sites: Arc<AllowedSites>,
}

impl Caller {
    /// Returns the caller without a name that has every right, for servers that require no keys.
    pub fn anonymous_admin() -> Self {
        Self { id: "".into(), name: "".into(), role: Role::Admin, sites: Arc::new(AllowedSites::All) }
    }

    /// Returns a caller that may do nothing.
    pub fn without_rights() -> Self {
        Self { id: "".into(), name: "".into(), role: Role::Host, sites: Arc::new(AllowedSites::These(Vec::new())) }
    }

    /// Returns the caller's name, or `other` if it is empty.
    pub fn name_or<'a>(&'a self, other: &'a str) -> &'a str {
        if self.name.is_empty() { other } else { &self.name }
    }

    /// Returns the audit record of an act of this caller at this time that concerns no single comment.
    pub fn audit_event(&self, act: &str, subject: String) -> pb::AuditEvent {
        pb::AuditEvent {
            at: Some(SystemTime::now().into()),
            by: self.name_or("operator").to_owned(),
            act: act.to_owned(),
            subject,
            source: self.id.to_string(),
            ..Default::default()
        }
    }

    /// Checks that the caller may act for a site.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if it may not.
    pub fn check_site(&self, site: &str) -> Result<(), Error> {
        // A missing site is reported when the request is validated.
        if site.is_empty() || self.sites.contains(site) {
            return Ok(());
        }
        Err(Error::Forbidden { reason: "SITE_NOT_ALLOWED", problem: format!("this key does not give access to site {site:?}") })
    }

    /// Checks that the caller may act for all of the given sites.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if there is a site for which it may not.
    pub fn check_sites(&self, sites: &AllowedSites) -> Result<(), Error> {
        match sites {
            AllowedSites::These(sites) => sites.iter().try_for_each(|site| self.check_site(site)),
            AllowedSites::All if *self.sites == AllowedSites::All => Ok(()),
            AllowedSites::All => Err(Error::Forbidden {
                reason: "SITE_NOT_ALLOWED",
                problem: "this key does not give access to all sites".to_owned(),
            }),
        }
    }
}
