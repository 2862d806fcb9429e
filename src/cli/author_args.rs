//! Options that select a person: `--user-id`, `--email` or `--ip`, at most one of them.

use crate::pb::AuthorSelector;
use crate::pb::author_selector::Selector;

/// Names of the options, for commands that require one of them.
pub const SELECTORS: [&str; 3] = ["user_id", "email", "ip"];

/// Options that select a person.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct AuthorArgs {
    /// The person with this user id at the host
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user_id: Option<String>,
    /// The person with this e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Everyone with this IP address, or in its IPv6 /64 network
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
}

impl AuthorArgs {
    /// Returns the selector of a request.
    pub fn selector(&self) -> AuthorSelector {
        let user_id = self.user_id.clone().map(Selector::UserId);
        let email = self.email.clone().map(Selector::Email);
        AuthorSelector { selector: user_id.or(email).or_else(|| self.ip.clone().map(Selector::Ip)) }
    }

    /// Returns the value as it was typed, or an empty string if no option was given.
    pub fn typed(&self) -> &str {
        [&self.user_id, &self.email, &self.ip].into_iter().flatten().next().map_or("", String::as_str)
    }
}
