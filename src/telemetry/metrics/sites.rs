//! The sites that have label values of their own. Their number is bounded, so that callers who may name sites cannot fill the
//! memory.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Mutex;

/// Maximum number of sites with label values of their own that neither a policy nor a key names.
pub(super) const MAX_UNNAMED_SITES: usize = 100;
/// Maximum number of sites with label values of their own that a policy or a key names.
const MAX_NAMED_SITES: usize = 1_000;
/// The label value of all other sites.
const OTHER_SITES: &str = "other";

/// The sites that have label values of their own.
#[derive(Default)]
pub(super) struct SiteLabels(Mutex<KnownSites>);

#[derive(Default)]
struct KnownSites {
    /// The sites that a policy or a key names.
    named: HashSet<String>,
    others: HashSet<String>,
}

impl SiteLabels {
    /// Returns the value of the label `site`: the site itself, or `other` if there are too many. `new` is called for a site
    /// that gets a label value of its own with this call.
    pub fn label<'s>(&self, site: &'s str, new: impl FnOnce(&str)) -> Cow<'s, str> {
        let Ok(mut known) = self.0.lock() else { return OTHER_SITES.into() };
        if known.named.contains(site) || known.others.contains(site) {
            return site.into();
        }
        if known.others.len() >= MAX_UNNAMED_SITES {
            return OTHER_SITES.into();
        }
        known.others.insert(site.to_owned());
        new(site);
        site.into()
    }

    /// Returns all sites that have label values of their own.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().map(|known| known.named.iter().chain(&known.others).cloned().collect()).unwrap_or_default()
    }

    /// Gives these sites label values of their own, whatever other sites are called.
    pub fn name(&self, names: impl IntoIterator<Item = String>) {
        let Ok(mut known) = self.0.lock() else { return };
        for name in names {
            if known.named.len() < MAX_NAMED_SITES {
                known.others.remove(&name);
                known.named.insert(name);
            }
        }
    }
}
