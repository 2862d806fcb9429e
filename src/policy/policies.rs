//! The policies of all sites.

use std::collections::HashMap;
use std::sync::Arc;

use super::rules::Policy;
use crate::comment::Site;

/// The policies of all sites.
#[derive(Debug, Clone)]
pub struct Policies {
    pub(super) default: Arc<Policy>,
    pub(super) sites: HashMap<Site, Arc<Policy>>,
}

impl Policies {
    /// Returns the sites that have a policy of their own.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.sites.keys()
    }

    /// Returns the policy of a site: its own, or else the default.
    pub fn for_site(&self, site: &Site) -> &Arc<Policy> {
        self.sites.get(site).unwrap_or(&self.default)
    }

    /// Returns the policy of the sites that have none of their own.
    pub fn default(&self) -> &Policy {
        &self.default
    }

    /// Returns whether any policy satisfies `predicate`.
    pub fn any(&self, predicate: impl Fn(&Policy) -> bool) -> bool {
        predicate(&self.default) || self.sites.values().any(|policy| predicate(policy))
    }

    /// Returns every policy with its sites, ordered by site. The default policy, for all other sites, comes last without sites.
    pub fn by_sites(&self) -> Vec<(Vec<&Site>, &Policy)> {
        let mut sites: Vec<&Site> = self.sites.keys().collect();
        sites.sort_by_key(|site| site.as_str());
        let mut all: Vec<(Vec<&Site>, &Policy)> = Vec::new();
        for site in sites {
            let policy: &Policy = self.for_site(site);
            match all.iter_mut().find(|(_, known)| std::ptr::eq(*known, policy)) {
                Some((sites, _)) => sites.push(site),
                None => all.push((vec![site], policy)),
            }
        }
        all.push((Vec::new(), &self.default));
        all
    }
}
