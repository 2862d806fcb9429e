//! What HTML elements and attributes mean for what a reader sees.

/// Elements whose content browsers do not show. Hosts that only strip tags do, so it is judged all the same.
pub const HIDDEN_ELEMENTS: [&[u8]; 11] =
    [b"script", b"style", b"template", b"noscript", b"head", b"title", b"iframe", b"noembed", b"noframes", b"datalist", b"rp"];

/// Elements that break words and lines; all others, and unknown ones, run on within a line.
pub const BLOCK_ELEMENTS: [&[u8]; 54] = [
    b"address",
    b"article",
    b"aside",
    b"blockquote",
    b"br",
    b"button",
    b"center",
    b"dd",
    b"details",
    b"dialog",
    b"dir",
    b"div",
    b"dl",
    b"dt",
    b"fieldset",
    b"figcaption",
    b"figure",
    b"footer",
    b"form",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"header",
    b"hgroup",
    b"hr",
    b"legend",
    b"li",
    b"listing",
    b"main",
    b"marquee",
    b"menu",
    b"nav",
    b"ol",
    b"optgroup",
    b"option",
    b"p",
    b"plaintext",
    b"pre",
    b"rt",
    b"search",
    b"section",
    b"select",
    b"summary",
    b"table",
    b"textarea",
    b"ul",
    b"xmp",
    b"caption",
    b"th",
    b"td",
    b"tr",
];

/// Elements whose content somebody else said.
pub const QUOTE_ELEMENTS: [&[u8]; 2] = [b"blockquote", b"q"];

/// Elements of [`BLOCK_ELEMENTS`] that a browser passes over outside of a table.
pub const TABLE_ELEMENTS: [&[u8]; 4] = [b"caption", b"th", b"td", b"tr"];

/// Elements that have no end tag.
pub const VOID_ELEMENTS: [&[u8]; 13] =
    [b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr"];

/// Elements that show what they load.
pub const MEDIA_ELEMENTS: [&[u8]; 7] = [b"img", b"image", b"iframe", b"video", b"audio", b"source", b"embed"];

/// Attributes whose text some browser or reading aid shows.
pub const SHOWN_ATTRIBUTES: [&[u8]; 9] = [
    b"alt",
    b"title",
    b"placeholder",
    b"label",
    b"summary",
    b"standby",
    b"aria-label",
    b"aria-description",
    b"aria-placeholder",
];

/// Returns whether a name is among others.
pub fn is_one_of(names: &[&[u8]], name: &[u8]) -> bool {
    names.contains(&name)
}
