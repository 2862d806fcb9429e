//! The permissions of a caller: its role and its sites.

use serde::{Deserialize, Serialize};

/// The role of a caller: what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May send comments, read their verdicts, and have a person erased.
    Host,
    /// May see and decide held comments.
    Moderator,
    /// May do everything.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 3] = [Role::Host, Role::Moderator, Role::Admin];

    /// Returns the name of the role: `host`, `moderator` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// Parses a name that [`as_str`](Self::as_str) returns. Returns `None` if it is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// The sites for which a caller may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedSites {
    /// Every site.
    All,
    /// The sites that are listed.
    These(Vec<String>),
}

impl AllowedSites {
    /// Returns whether a site is among these sites.
    pub fn contains(&self, site: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(sites) => sites.iter().any(|known| known == site),
        }
    }

    /// Returns whether all of the other sites are among these sites.
    pub fn contains_all(&self, others: &AllowedSites) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::These(_), Self::All) => false,
            (Self::These(_), Self::These(others)) => others.iter().all(|site| self.contains(site)),
        }
    }
}
