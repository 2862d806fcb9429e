//! The text and addresses in the attributes of HTML elements.

use std::collections::HashSet;
use std::ops::Range;

use super::elements::{MEDIA_ELEMENTS, SHOWN_ATTRIBUTES, is_one_of};
use crate::comment::markup::builder::PlainTextBuilder;
use crate::reading::{host, link};

/// Styles that hide an element, without white space.
const HIDING_STYLES: [&str; 6] =
    ["display:none", "visibility:hidden", "font-size:0", "opacity:0", "text-indent:-", "clip:rect(0"];

/// Starts the right-to-left override of `<bdo dir=rtl>` (U+202E).
const RIGHT_TO_LEFT: &str = "\u{202E}";

/// Returns whether an attribute is a style that hides its element.
pub fn hides_element(name: &[u8], value: &str) -> bool {
    if name != b"style" {
        return false;
    }
    let style: String = without_comments(value).to_ascii_lowercase().split_whitespace().collect();
    HIDING_STYLES.iter().any(|unseen| style.contains(unseen))
}

/// Adds the text and the web addresses in an attribute.
pub fn add(builder: &mut PlainTextBuilder<'_>, tag: &[u8], name: &[u8], value: String, source: Range<usize>) {
    let opened = |value: String| host::resolved_address(&value).unwrap_or(value);
    match (tag, name) {
        (b"a" | b"area", b"href" | b"xlink:href") => builder.open_link(value, source),
        (tag, b"src") if is_one_of(&MEDIA_ELEMENTS, tag) => {
            builder.mark_link_visible();
            builder.push_link(opened(value), source);
        }
        (b"object", b"data") | (b"form", b"action") | (_, b"formaction") => builder.push_link(opened(value), source),
        (b"bdo", b"dir") if value.eq_ignore_ascii_case("rtl") => builder.push_text(RIGHT_TO_LEFT, source),
        (b"img" | b"image", b"alt") => builder.push_image_text(value, source),
        (b"input" | b"button", b"value") => builder.push_aside(&value, source),
        (_, name) if is_one_of(&SHOWN_ATTRIBUTES, name) => builder.push_aside(&value, source),
        (_, name) if name.starts_with(b"xmlns") || name == b"itemtype" => {}
        _ => add_addresses(builder, &value, source),
    }
}

/// Adds the web addresses in an attribute without a rule of its own. It may have several, in any notation.
fn add_addresses(builder: &mut PlainTextBuilder<'_>, value: &str, source: Range<usize>) {
    if !value.contains([':', '/', '\\']) {
        return;
    }
    // The value as a whole may be an address that contains others; each host is added once.
    let parts = value.split(|c: char| c.is_whitespace() || ",;=()'\"".contains(c)).filter_map(host::resolved_address);
    let links = link::find_links(value).into_iter().map(|link| &value[link.span]).filter(|link| link.contains("://"));
    let mut hosts = HashSet::new();
    for address in host::resolved_address(value).into_iter().chain(parts).chain(links.map(str::to_owned)) {
        if hosts.insert(host::canonical_host(&address)) {
            builder.push_aside(&address, source.clone());
        }
    }
}

/// Returns a style without its comments.
fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |style, part| style + part.split_once("*/").map_or("", |(_, rest)| rest))
}
