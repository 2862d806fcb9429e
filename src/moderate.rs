//! The way of one comment, from the wire to its verdict.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use crate::comment::Comment;
use crate::error::Error;
use crate::judge::{Case, Judge};
use crate::pb;
use crate::store::{Admission, Admitted, Person, Store};
use crate::verdict::Verdict;

/// Moderates comments: pure judgement in the middle, the store at the rim.
pub struct Moderator {
    judge: Judge,
    store: Store,
}

impl Moderator {
    /// Joins a judge and a store.
    pub fn new(judge: Judge, store: Store) -> Arc<Self> {
        Arc::new(Self { judge, store })
    }

    /// Moderates one comment. With `dry_run` nothing is counted, recorded or queued.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Error::Store`] when the store is away and the site's policy wants no
    /// answer without it: nothing was decided then, and the host may send the comment again.
    pub async fn moderate(&self, message: pb::Comment, dry_run: bool) -> Result<Verdict, Error> {
        let now = SystemTime::now();
        let comment = Comment::parse(message, now)?;
        let case = self.judge.hear(&comment);
        // Most comments change nothing in the store's eyes: the verdict goes along and is recorded in the same trip.
        let tentative = case.verdict(&case.policy.uneventful(), now, Uuid::now_v7().to_string(), 1);
        let secret = self.store.site_secret(comment.site()).await;
        let admission = admission(&comment, &case, &tentative, secret.as_ref().ok());
        let (facts, failed) = match secret {
            Err(error) => (self.store.local(&admission, !dry_run), error),
            Ok(_) if dry_run => match self.store.look(&admission).await {
                Ok(facts) => return Ok(case.verdict(&facts, now, tentative.id.clone(), 1)),
                Err(error) => (self.store.local(&admission, false), error),
            },
            Ok(_) => match self.store.admit(&admission).await {
                Ok(Admitted::Recorded(verdict) | Admitted::Seen(verdict)) => return Ok(verdict),
                Ok(Admitted::Undecided { facts, verdict_id, revision }) => {
                    let verdict = case.verdict(&facts, now, verdict_id, revision);
                    match self.store.record(&admission, &verdict).await {
                        Ok(verdict) => return Ok(verdict),
                        Err(error) => (facts, error),
                    }
                }
                Err(error) => (self.store.local(&admission, true), error),
            },
        };
        // The store is away. The store says so in the log, once; what it means for a comment is the policy's.
        match failed {
            failed @ Error::Store(_) => case.verdict_unrecorded(&facts, now).ok_or(failed),
            other => Err(other),
        }
    }
}

/// What the store must know to admit a comment: whom to count it for, and what to record if nothing speaks against it.
/// Without the site's secret it is counted for nobody in particular.
fn admission<'a>(comment: &'a Comment, case: &Case<'_>, tentative: &'a Verdict, secret: Option<&[u8; 32]>) -> Admission<'a> {
    let person = |kind, value: &str| secret.map(|secret| Person::new(secret, kind, value));
    let author = match (comment.user_id(), comment.email()) {
        ("", "") => None,
        ("", email) => person("email", email),
        (user_id, _) => person("user", user_id),
    };
    let client = comment.ip().and_then(|ip| person("ip", &network(ip)));
    let limits = case.policy.limits().collect();
    Admission { comment, limits, tentative, min_approved: case.policy.approved_before_trust(), author, client }
}

/// What counts as one client: an IPv4 address, or the IPv6 /64 that one subscriber commonly has to itself.
fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network_and_an_ipv4_client_its_address() {
        let of = |ip: &str| network(ip.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
