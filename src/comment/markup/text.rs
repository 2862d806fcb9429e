//! A body reduced to plain text.

use std::ops::Range;

use super::run::MappedText;

/// The amount of content that a body hides from readers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HiddenContent {
    /// The number of letters and digits that a browser does not show: in elements such as `<template>`, in comments, or hidden
    /// by a style.
    pub letters: usize,
    /// The number of links that readers cannot recognize: their text has no letter or digit, or is itself hidden.
    pub links: usize,
}

/// A body reduced to plain text.
#[derive(Debug, Clone)]
pub struct PlainText {
    /// The text. If it has no segments, it is the body itself.
    pub(super) shown: MappedText,
    pub(super) hidden: HiddenContent,
    /// The words that appear where a host strips tags that break words.
    pub(super) joined_words: MappedText,
    /// The byte ranges of `shown` that are marked up as quotations.
    pub(super) quotations: Vec<Range<usize>>,
}

impl PlainText {
    /// Returns a body that has no markup, unchanged.
    pub(super) fn plain(body: &str) -> Self {
        Self {
            shown: MappedText { text: body.to_owned(), segments: Vec::new() },
            hidden: HiddenContent::default(),
            joined_words: MappedText::default(),
            quotations: Vec::new(),
        }
    }

    /// Returns the plain text.
    pub fn as_str(&self) -> &str {
        &self.shown.text
    }

    /// Returns how much text and how many links are hidden from readers.
    pub fn hidden(&self) -> HiddenContent {
        self.hidden
    }

    /// Returns the byte ranges of the text that are marked up as quotations.
    pub fn quotations(&self) -> &[Range<usize>] {
        &self.quotations
    }

    /// Returns the range of the body that a byte range of the text came from. Returns `None` if it did not come from the body.
    pub fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        if self.shown.segments.is_empty() {
            return Some(range).filter(|range| !range.is_empty() && range.end <= self.shown.text.len());
        }
        self.shown.source_range(range)
    }

    /// Returns the words that appear where a host strips tags that break words for a browser ("via<br>gra"). They are meant for
    /// word lists only: ordinary markup produces many other words, but hardly a listed word by accident.
    pub fn joined_words(&self) -> &str {
        &self.joined_words.text
    }

    /// Returns the range of the body that a byte range of [`Self::joined_words`] came from. Returns `None` if it did not come
    /// from the body.
    pub fn source_of_joined(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.joined_words.source_range(range)
    }
}
