//! Which person: `--user-id`, `--email` or `--ip`, at most one of them.

use crate::pb::AuthorSelector;
use crate::pb::author_selector::Selector;

/// Their names, for commands that cannot do without one.
pub const SELECTORS: [&str; 3] = ["user_id", "email", "ip"];

/// The options.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct AuthorArgs {
    /// The person whom the host knows by this id
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user_id: Option<String>,
    /// The person with this e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Whoever has this IP address, or is in this IPv6 /64 network
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
}

impl AuthorArgs {
    /// As the server takes it.
    pub fn selector(&self) -> AuthorSelector {
        let user_id = self.user_id.clone().map(Selector::UserId);
        let email = self.email.clone().map(Selector::Email);
        AuthorSelector { selector: user_id.or(email).or_else(|| self.ip.clone().map(Selector::Ip)) }
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        [&self.user_id, &self.email, &self.ip].into_iter().flatten().next().map_or("", String::as_str)
    }
}
