//! What a caller may do, and for which sites.

use serde::{Deserialize, Serialize};

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Send comments, learn what became of them, and have a person erased.
    Host,
    /// See and decide what is held.
    Moderator,
    /// Everything.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 3] = [Role::Host, Role::Moderator, Role::Admin];

    /// `host`, `moderator` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// Reads back what [`as_str`](Self::as_str) gave.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// The sites that a caller may speak for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedSites {
    /// Every site.
    All,
    /// These.
    These(Vec<String>),
}

impl AllowedSites {
    /// Whether a site is among them.
    pub fn contains(&self, site: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(sites) => sites.iter().any(|known| known == site),
        }
    }

    /// Whether all of the others are among them.
    pub fn contains_all(&self, others: &AllowedSites) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::These(_), Self::All) => false,
            (Self::These(_), Self::These(others)) => others.iter().all(|site| self.contains(site)),
        }
    }
}
