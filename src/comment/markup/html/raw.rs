//! The parts of HTML that a browser may read as text rather than as tags.

use std::ops::Range;

/// Elements whose content a browser reads as text up to their end tag.
const RAW_TEXT_ELEMENTS: [&[u8]; 10] =
    [b"script", b"style", b"noscript", b"title", b"textarea", b"xmp", b"iframe", b"noembed", b"noframes", b"plaintext"];

/// A tracker of how far a browser may read text rather than tags, in one piece of HTML.
pub struct RawText<'a> {
    body: &'a str,
    /// The end of the piece of HTML.
    end: usize,
    /// The end of what a browser may read as text.
    until: usize,
    /// The end that was last found for each kind of element.
    found: Vec<(&'static [u8], usize)>,
}

impl<'a> RawText<'a> {
    /// Creates a tracker for the bytes `part` of `body`, in which no raw text has been found yet.
    pub fn new(body: &'a str, part: Range<usize>) -> Self {
        Self { body, end: part.end, until: part.start, found: Vec::new() }
    }

    /// Returns whether a browser may read what begins at this byte as text.
    pub fn may_hold(&self, at: usize) -> bool {
        at < self.until
    }

    /// Records a CDATA section, which within SVG and MathML is text with an end of its own.
    pub fn begin_cdata(&mut self, comment: usize) {
        let rest = self.body.get(comment..self.end).unwrap_or_default();
        if rest.starts_with("<![CDATA[") {
            self.begin(b"![CDATA[", comment, |rest| rest.find("]]>"));
        }
    }

    /// Records an element whose start tag has just ended, if a browser may read its content as text.
    pub fn begin_element(&mut self, tag: &[u8], begin: usize) {
        let Some(name) = RAW_TEXT_ELEMENTS.into_iter().find(|name| *name == tag) else { return };
        self.begin(name, begin, |rest| {
            let is_end = |at: &usize| {
                let (from, to) = (at + 2, at + 2 + name.len());
                let after = rest.as_bytes().get(to);
                rest.as_bytes().get(from..to).is_some_and(|end| end.eq_ignore_ascii_case(name))
                    && after.is_none_or(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte))
            };
            rest.match_indices("</").map(|(at, _)| at).find(is_end).filter(|_| name != b"plaintext")
        });
    }

    /// Records how far a browser may read text without tags. `end` finds the end in what follows; it is called only once for a
    /// part of the body and a name.
    fn begin(&mut self, name: &'static [u8], begin: usize, end: impl Fn(&str) -> Option<usize>) {
        if self.found.iter().any(|(known, until)| *known == name && begin < *until) {
            return;
        }
        let rest = self.body.get(begin..self.end).unwrap_or_default();
        let until = begin + end(rest).unwrap_or(rest.len());
        self.found.retain(|(known, _)| *known != name);
        self.found.push((name, until));
        self.until = self.until.max(until);
    }
}
