//! Identifiers of sites, comments, authors and posts.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::size::{MAX_ID, MAX_SITE, truncated};
use crate::error::Violation;

/// The name of a site. It cannot contain braces, so it cannot break out of a Redis hash tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site(String);

impl Site {
    /// Parses a site name.
    ///
    /// # Errors
    /// Returns a violation for `field` if the name is empty, longer than [`MAX_SITE`], or has characters other than letters,
    /// digits and `._~:/-`.
    pub fn parse(field: &str, site: &str) -> Result<Self, Violation> {
        let problem = if site.is_empty() {
            "is required: name the blog, e.g. \"blog.example\"".to_owned()
        } else if site.len() > MAX_SITE {
            format!("is {} bytes long; at most {MAX_SITE} are accepted", site.len())
        } else if let Some(invalid) = site.chars().find(|c| !(c.is_ascii_alphanumeric() || "._~:/-".contains(*c))) {
            format!("contains {invalid:?}; letters, digits and ._~:/- are accepted")
        } else {
            return Ok(Self(site.to_owned()));
        };
        Err(Violation::new(field, problem))
    }

    /// Returns the name under which actions are recorded that concern the server rather than one site. It is not a valid name
    /// for a host's site.
    pub fn server() -> Self {
        Self(Self::SERVER.to_owned())
    }

    /// Returns whether this is the name of the server itself.
    pub fn is_server(&self) -> bool {
        self.0 == Self::SERVER
    }

    /// The site name of the server's own audit log.
    pub const SERVER: &str = "*";

    /// Returns the site name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host's id of a comment, unique within its site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommentId(String);

impl CommentId {
    /// Parses an id.
    ///
    /// # Errors
    /// Returns a violation for `field` if the id is empty, longer than [`MAX_ID`], or has characters other than visible ASCII
    /// without braces, angle brackets, quotes and backslash.
    pub fn parse(field: &str, id: &str) -> Result<Self, Violation> {
        if id.is_empty() {
            return Err(Violation::new(field, "is required: the host's own id of the comment"));
        }
        match comment_id_problem(id) {
            Some(problem) => Err(Violation::new(field, problem)),
            None => Ok(Self(id.to_owned())),
        }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns why an id that is not empty is invalid. Returns `None` if it is valid.
fn comment_id_problem(id: &str) -> Option<String> {
    if id.len() > MAX_ID {
        return Some(format!("is {} bytes long; at most {MAX_ID} are accepted", id.len()));
    }
    let invalid = id.chars().find(|c| !c.is_ascii_graphic() || "{}<>\"'\\`".contains(*c))?;
    Some(format!("contains {invalid:?}; visible ASCII without {{ }} < > \" ' \\ ` is accepted"))
}

/// Returns why the host's id of a person, a post or a parent comment is invalid. Returns `None` if it is valid. Such an id may
/// be in any script.
pub fn external_id_problem(id: &str) -> Option<String> {
    if id.len() > MAX_ID {
        return Some(format!("is {} bytes long; at most {MAX_ID} are accepted", id.len()));
    }
    let invalid = id.chars().find(|c| c.is_control())?;
    Some(format!("contains {invalid:?}; text without control characters is accepted"))
}

/// Returns the form in which the host's id of a person, a post or a parent comment is stored. An id with control characters or
/// more than [`MAX_ID`] bytes is escaped and truncated, with a hash of the whole id appended; any other stays as it is.
pub fn external_id(id: &str) -> Cow<'_, str> {
    if external_id_problem(id).is_none() {
        return Cow::Borrowed(id);
    }
    let digest = Sha256::digest(id.as_bytes());
    let hash: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let escaped: String = id
        .chars()
        .take(MAX_ID)
        .flat_map(|c| match c.is_control() {
            true => c.escape_default().to_string().chars().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect();
    Cow::Owned(format!("{}~{hash}", truncated(&escaped, MAX_ID - hash.len() - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_too_long_or_odd_is_still_one_of_its_own() {
        assert_eq!(external_id("j\u{fc}rgen o'brien"), "j\u{fc}rgen o'brien");
        let long = "7".repeat(5_000);
        let kept: Vec<_> = [long.clone(), format!("{long}8"), "a\nb".into(), "a\u{0}b".into(), "a\\nb".into()]
            .iter()
            .map(|id| external_id(id).into_owned())
            .collect();
        assert!(kept.iter().all(|id| external_id_problem(id).is_none()), "{kept:?}");
        let different: std::collections::HashSet<_> = kept.iter().collect();
        assert_eq!(different.len(), kept.len());
        assert!(kept.iter().all(|id| external_id(id) == *id), "once is enough");
    }
}
