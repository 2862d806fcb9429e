//! Who calls, and what they may do.

use std::sync::Arc;
use std::time::SystemTime;

use super::access::{AllowedSites, Role};
use crate::error::Error;
use crate::pb;

/// The client certificate of a connection. Whom it stands for is asked for each call, since the files that say so change
/// while the connection is open.
#[derive(Clone)]
pub struct Certificate(Arc<dyn Fn() -> Option<Caller> + Send + Sync>);

impl Certificate {
    /// Makes one of a function that returns whom the certificate stands for at the moment.
    pub fn new(caller: impl Fn() -> Option<Caller> + Send + Sync + 'static) -> Self {
        Self(Arc::new(caller))
    }

    /// Returns whom the certificate stands for at the moment, or `None` if it stands for nobody.
    pub fn caller(&self) -> Option<Caller> {
        (self.0)()
    }
}

/// Who calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What the caller is counted by: the key's id, or the name in a certificate. Empty where no keys are asked for.
    pub id: Arc<str>,
    /// For logs and the audit: whose the key is, or else its id.
    pub name: Arc<str>,
    /// What the caller may do.
    pub role: Role,
    /// For which sites.
    pub sites: Arc<AllowedSites>,
}

impl Caller {
    /// Whoever it is, where no keys are asked for.
    pub fn anonymous_admin() -> Self {
        Self { id: "".into(), name: "".into(), role: Role::Admin, sites: Arc::new(AllowedSites::All) }
    }

    /// Nobody who may do anything.
    pub fn without_rights() -> Self {
        Self { id: "".into(), name: "".into(), role: Role::Host, sites: Arc::new(AllowedSites::These(Vec::new())) }
    }

    /// Returns the caller's name, or `other` where no keys are asked for.
    pub fn name_or<'a>(&'a self, other: &'a str) -> &'a str {
        if self.name.is_empty() { other } else { &self.name }
    }

    /// Returns the record of an act of this caller, now, that is on no comment.
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

    /// Succeeds if the caller may speak for a site.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn check_site(&self, site: &str) -> Result<(), Error> {
        // No site at all is for whoever reads the request to complain of.
        if site.is_empty() || self.sites.contains(site) {
            return Ok(());
        }
        Err(Error::Forbidden { reason: "SITE_NOT_ALLOWED", problem: format!("this key does not speak for site {site:?}") })
    }

    /// Succeeds if the caller may speak for all of these.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn check_sites(&self, sites: &AllowedSites) -> Result<(), Error> {
        match sites {
            AllowedSites::These(sites) => sites.iter().try_for_each(|site| self.check_site(site)),
            AllowedSites::All if *self.sites == AllowedSites::All => Ok(()),
            AllowedSites::All => Err(Error::Forbidden {
                reason: "SITE_NOT_ALLOWED",
                problem: "this key does not speak for all sites".to_owned(),
            }),
        }
    }
}
