//! The HTML elements and attributes that decide what a reader sees.

/// Elements whose content a browser hides. It is judged nevertheless, since a host that only strips tags shows it.
pub const HIDDEN_ELEMENTS: [&[u8]; 11] =
    [b"script", b"style", b"template", b"noscript", b"head", b"title", b"iframe", b"noembed", b"noframes", b"datalist", b"rp"];

/// Elements that break words and lines. All others, including unknown ones, are inline.
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

/// Elements whose content quotes somebody else.
pub const QUOTE_ELEMENTS: [&[u8]; 2] = [b"blockquote", b"q"];

/// Elements of [`BLOCK_ELEMENTS`] that a browser ignores outside a table.
pub const TABLE_ELEMENTS: [&[u8]; 4] = [b"caption", b"th", b"td", b"tr"];

/// Elements without an end tag.
pub const VOID_ELEMENTS: [&[u8]; 13] =
    [b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr"];

/// Elements that show what they load.
pub const MEDIA_ELEMENTS: [&[u8]; 7] = [b"img", b"image", b"iframe", b"video", b"audio", b"source", b"embed"];

/// Attributes whose text a browser or a screen reader presents.
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

/// Inline elements that stay open in a browser when the paragraph around them ends: it opens formatting elements again in the
/// next paragraph, and reads the end of the paragraph as a part of the others.
const LASTING_ELEMENTS: [&[u8]; 24] = [
    b"a",
    b"b",
    b"big",
    b"code",
    b"em",
    b"font",
    b"i",
    b"nobr",
    b"s",
    b"small",
    b"strike",
    b"strong",
    b"tt",
    b"u",
    b"applet",
    b"object",
    b"template",
    b"script",
    b"style",
    b"noscript",
    b"title",
    b"iframe",
    b"noembed",
    b"noframes",
];

/// Returns whether an element stays open in a browser when the paragraph around it ends.
pub fn outlasts_paragraph(name: &[u8]) -> bool {
    is_one_of(&LASTING_ELEMENTS, name) || is_one_of(&BLOCK_ELEMENTS, name)
}

/// Returns whether a name is in a list.
pub fn is_one_of(names: &[&[u8]], name: &[u8]) -> bool {
    names.contains(&name)
}
