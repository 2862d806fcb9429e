//! Well-known hosts, and the comparison of a host with a parent domain.

/// Hosts to which many people link. A link to one of them is not evidence of spam.
const WELL_KNOWN: [&str; 60] = [
    "github.com",
    "github.io",
    "gitlab.com",
    "bitbucket.org",
    "stackoverflow.com",
    "stackexchange.com",
    "npmjs.com",
    "pypi.org",
    "crates.io",
    "docs.rs",
    "sourceforge.net",
    "mozilla.org",
    "w3.org",
    "ietf.org",
    "wikipedia.org",
    "wikimedia.org",
    "archive.org",
    "youtube.com",
    "youtu.be",
    "vimeo.com",
    "flickr.com",
    "imgur.com",
    "instagram.com",
    "facebook.com",
    "twitter.com",
    "x.com",
    "bsky.app",
    "mastodon.social",
    "reddit.com",
    "linkedin.com",
    "pinterest.com",
    "etsy.com",
    "google.com",
    "goo.gl",
    "microsoft.com",
    "apple.com",
    "amazon.com",
    "imdb.com",
    "goodreads.com",
    "spotify.com",
    "soundcloud.com",
    "bandcamp.com",
    "medium.com",
    "substack.com",
    "wordpress.com",
    "wordpress.org",
    "blogspot.com",
    "mailchi.mp",
    "eepurl.com",
    "eventbrite.com",
    "meetup.com",
    "change.org",
    "justgiving.com",
    "gofundme.com",
    "kickstarter.com",
    "patreon.com",
    "bbc.co.uk",
    "nytimes.com",
    "theguardian.com",
    "nih.gov",
];

/// Returns whether a host, or a parent domain of it, is well known.
pub fn is_well_known(host: &str) -> bool {
    WELL_KNOWN.iter().any(|known| is_same_or_subdomain(host, known))
}

/// Returns whether `host` is `other` or a subdomain of it.
pub fn is_same_or_subdomain(host: &str, other: &str) -> bool {
    host.strip_suffix(other).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}
