//! Which sites metrics tell apart: whoever may name sites must not fill the memory.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Mutex;

/// How many sites are told apart that neither a policy nor a key names; whoever has more asks each server for fewer.
pub(super) const MAX_UNNAMED_SITES: usize = 100;
/// How many of those that are named are.
const MAX_NAMED_SITES: usize = 1_000;
/// The name of all others.
const OTHER_SITES: &str = "other";

/// The sites that are told apart.
#[derive(Default)]
pub(super) struct SiteLabels(Mutex<KnownSites>);

#[derive(Default)]
struct KnownSites {
    /// Those that a policy or a key names.
    named: HashSet<String>,
    others: HashSet<String>,
}

impl SiteLabels {
    /// Returns the value of the label `site`: the site, or `other` when too many are known already. `new` is called for a site
    /// that is told apart from now on.
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

    /// Returns all sites that are told apart.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().map(|known| known.named.iter().chain(&known.others).cloned().collect()).unwrap_or_default()
    }

    /// Tells these sites apart from others whatever else is called.
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
