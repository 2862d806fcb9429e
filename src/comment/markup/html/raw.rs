//! The parts of HTML in which a browser may read no tags.

use std::ops::Range;

/// Elements in which a browser reads no tags, but text up to their end.
const RAW_TEXT_ELEMENTS: [&[u8]; 10] =
    [b"script", b"style", b"noscript", b"title", b"textarea", b"xmp", b"iframe", b"noembed", b"noframes", b"plaintext"];

/// How far a browser may read text without tags, in one piece of HTML.
pub struct RawText<'a> {
    body: &'a str,
    /// Where the piece of HTML ends.
    end: usize,
    /// Up to where a browser may read text without tags.
    until: usize,
    /// What each kind of element was last found to reach to.
    found: Vec<(&'static [u8], usize)>,
}

impl<'a> RawText<'a> {
    /// Returns that nothing of this part of a body is such text yet.
    pub fn new(body: &'a str, part: Range<usize>) -> Self {
        Self { body, end: part.end, until: part.start, found: Vec::new() }
    }

    /// Returns whether a browser may take what begins at this byte for text.
    pub fn may_hold(&self, at: usize) -> bool {
        at < self.until
    }

    /// Takes note of a comment that within SVG and MathML is text up to another end.
    pub fn begin_cdata(&mut self, comment: usize) {
        let rest = self.body.get(comment..self.end).unwrap_or_default();
        if rest.starts_with("<![CDATA[") {
            self.begin(b"![CDATA[", comment, |rest| rest.find("]]>"));
        }
    }

    /// Takes note of an element, of which the start tag has just ended, in which a browser may read no tags.
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

    /// Takes note of how far a browser may read text without tags. `end` finds the end in what follows; it is asked only once
    /// for a part of the body and a name.
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
