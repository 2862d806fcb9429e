//! A body reduced to plain text.

use std::ops::Range;

use super::run::MappedText;

/// What a body hides from readers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HiddenContent {
    /// Letters and digits of text that a browser does not show: in elements such as `<template>`, in comments, under a style.
    pub letters: usize,
    /// Links that readers cannot see for what they are: their text has no letter or digit, or is hidden itself.
    pub links: usize,
}

/// A body reduced to plain text.
#[derive(Debug, Clone)]
pub struct PlainText {
    /// The text. Without pieces it is the body itself.
    pub(super) shown: MappedText,
    pub(super) hidden: HiddenContent,
    /// What a host makes that strips tags which break words.
    pub(super) joined_words: MappedText,
    /// The parts that markup marks as quotations.
    pub(super) quotations: Vec<Range<usize>>,
}

impl PlainText {
    /// Returns a body in which nothing is markup.
    pub(super) fn plain(body: &str) -> Self {
        Self {
            shown: MappedText { text: body.to_owned(), segments: Vec::new() },
            hidden: HiddenContent::default(),
            joined_words: MappedText::default(),
            quotations: Vec::new(),
        }
    }

    /// The plain text.
    pub fn as_str(&self) -> &str {
        &self.shown.text
    }

    /// Returns how much of the text and how many of its links are hidden from readers.
    pub fn hidden(&self) -> HiddenContent {
        self.hidden
    }

    /// Returns the parts of the text that markup marks as quotations, in bytes.
    pub fn quotations(&self) -> &[Range<usize>] {
        &self.quotations
    }

    /// Where a byte range of the text came from, in bytes of the body. `None`: from nowhere in it.
    pub fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        if self.shown.segments.is_empty() {
            return Some(range).filter(|range| !range.is_empty() && range.end <= self.shown.text.len());
        }
        self.shown.source_range(range)
    }

    /// Returns the words that a host makes which strips tags that break words for a browser ("via<br>gra"). They are for
    /// lists only: nobody writes such a word by accident that is on one, but ordinary markup makes many others.
    pub fn joined_words(&self) -> &str {
        &self.joined_words.text
    }

    /// Where a byte range of [`torn`](Self::torn) came from, in bytes of the body.
    pub fn source_of_joined(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.joined_words.source_range(range)
    }
}
