//! Hosts that everybody links to, and hosts below others.

/// Sites of which everybody posts links: that a comment has one says nothing of who wrote it.
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

/// Whether everybody posts links to a host.
pub fn is_well_known(host: &str) -> bool {
    WELL_KNOWN.iter().any(|known| is_same_or_subdomain(host, known))
}

/// Whether a host is another one, or below it.
pub fn is_same_or_subdomain(host: &str, other: &str) -> bool {
    host.strip_suffix(other).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}
