//! What sites, comments, people and posts are called.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::size::{MAX_ID, MAX_SITE, truncated};
use crate::error::Violation;

/// A blog's name. Cannot hold braces, so it cannot break out of a Redis hash tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site(String);

impl Site {
    /// Parses a site.
    ///
    /// # Errors
    /// Names `field` and the rule when it is empty, longer than [`MAX_SITE`] or has other characters than
    /// letters, digits and `._~:/-`.
    pub fn parse(field: &str, site: &str) -> Result<Self, Violation> {
        let problem = if site.is_empty() {
            "is required: name the blog, e.g. \"blog.example\"".to_owned()
        } else if site.len() > MAX_SITE {
            format!("is {} bytes long; at most {MAX_SITE} are accepted", site.len())
        } else if let Some(odd) = site.chars().find(|c| !(c.is_ascii_alphanumeric() || "._~:/-".contains(*c))) {
            format!("holds {odd:?}; letters, digits and ._~:/- are accepted")
        } else {
            return Ok(Self(site.to_owned()));
        };
        Err(Violation::new(field, problem))
    }

    /// Returns what stands for the server itself where acts are recorded that concern no site in particular. No host's site
    /// has this name.
    pub fn server() -> Self {
        Self(Self::SERVER.to_owned())
    }

    /// Returns whether this is the server itself.
    pub fn is_server(&self) -> bool {
        self.0 == Self::SERVER
    }

    /// The name of the server's own audit.
    pub const SERVER: &str = "*";

    /// The site as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host's name for a comment, unique within its site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommentId(String);

impl CommentId {
    /// Parses an id.
    ///
    /// # Errors
    /// Names `field` and the rule when it is empty, longer than [`MAX_ID`] or has other characters than visible
    /// ASCII without braces, angle brackets, quotes and backslash.
    pub fn parse(field: &str, id: &str) -> Result<Self, Violation> {
        if id.is_empty() {
            return Err(Violation::new(field, "is required: the host's own id of the comment"));
        }
        match comment_id_problem(id) {
            Some(problem) => Err(Violation::new(field, problem)),
            None => Ok(Self(id.to_owned())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns what is wrong with an id that is not empty.
fn comment_id_problem(id: &str) -> Option<String> {
    if id.len() > MAX_ID {
        return Some(format!("is {} bytes long; at most {MAX_ID} are accepted", id.len()));
    }
    let odd = id.chars().find(|c| !c.is_ascii_graphic() || "{}<>\"'\\`".contains(*c))?;
    Some(format!("holds {odd:?}; visible ASCII without {{ }} < > \" ' \\ ` is accepted"))
}

/// Returns what is wrong with the host's name for a person, a post or an answered comment, which may be in any script.
pub fn external_id_problem(id: &str) -> Option<String> {
    if id.len() > MAX_ID {
        return Some(format!("is {} bytes long; at most {MAX_ID} are accepted", id.len()));
    }
    let odd = id.chars().find(|c| c.is_control())?;
    Some(format!("holds {odd:?}; text without control characters is accepted"))
}

/// Returns the form in which the host's name for a person, a post or an answered comment is kept: as it is, or, if it has control
/// characters or is longer than [`MAX_ID`], escaped and cut, with a hash of the whole behind it.
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
