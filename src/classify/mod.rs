//! The classifier: from a comment's text to a calibrated probability per label, and the reasons for it.
//!
//! Serving (`text`, `token`, `features`, `tally`, `table`, `model`, `explain`) is pure: no clock, no I/O, no
//! allocation per feature. Learning (`recipe`, `rows`, `examples`, `learn`, `train`, `evaluate`; `site` from a site's own outcomes) shares the
//! extraction code with serving, so that a feature can never mean two things.

mod author;
mod calibrate;
mod disguise;
mod examples;
mod explain;
mod features;
mod file;
mod hash;
mod language;
mod lexicon;
mod likeness;
mod manner;
mod model;
mod quote;
mod scope;
mod shape;
mod signal;
mod table;
mod tally;
mod token;
mod vocabulary;
mod window;
mod words;

use crate::reading::{deobfuscate, link, text};

pub mod evaluate;
pub mod learn;
pub mod recipe;
pub mod rows;
pub mod site;
pub mod train;

pub use explain::{Contribution, Explanation};
pub use file::ModelError;
pub use language::parse as parse_language;
pub use likeness::{BANDS, Digest, Likeness, digest};
pub use manner::{Manner, NameIs};
pub use model::{HeadInfo, Model, Scores};

/// How many labels one row of the weight table holds side by side: the seven labels and one spare lane.
pub const LANES: usize = 8;

/// What a comment can be found to be. The order is the lane order of the model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Label {
    /// Advertising, link dropping, scams.
    Spam,
    /// Abuse of any kind that would make people leave a discussion.
    Toxicity,
    /// Abuse that hardly anybody would defend.
    SevereToxicity,
    /// Belittling a person.
    Insult,
    /// Announcing or wishing harm.
    Threat,
    /// Attacking people for what they are.
    IdentityAttack,
    /// Swearing and sexual vulgarity.
    Obscene,
}

impl Label {
    /// Every label, in lane order.
    pub const ALL: [Label; 7] = [
        Label::Spam,
        Label::Toxicity,
        Label::SevereToxicity,
        Label::Insult,
        Label::Threat,
        Label::IdentityAttack,
        Label::Obscene,
    ];

    /// The label's name in policies, reports and the API: lower case with underscores.
    pub fn as_str(self) -> &'static str {
        match self {
            Label::Spam => "spam",
            Label::Toxicity => "toxicity",
            Label::SevereToxicity => "severe_toxicity",
            Label::Insult => "insult",
            Label::Threat => "threat",
            Label::IdentityAttack => "identity_attack",
            Label::Obscene => "obscene",
        }
    }

    /// The label of that exact name, if there is one.
    pub fn parse(name: &str) -> Option<Label> {
        Label::ALL.into_iter().find(|label| label.as_str() == name)
    }

    /// Where the label's weight lies in a row of the table: `0..LANES`.
    pub fn lane(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the classifier looks at. Everything but `text` may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The comment as plain text. A long one is scored in windows, of which the worst counts for each label.
    pub text: &'a str,
    /// Who wrote it. `None` if the host did not say.
    pub author: Option<Author<'a>>,
    /// The title of the post that is commented on.
    pub post_title: &'a str,
    /// The post's text, or its beginning. Words that the post uses count little against the comment.
    pub post_text: &'a str,
    /// The parts of the text that are marked as quotations, such as HTML's `blockquote`.
    pub quoted: &'a [std::ops::Range<usize>],
    /// The comment that is answered: what is quoted from it is not what the comment says. As far as the training data goes,
    /// having a parent only says which source a row is from, so that nothing else is made of it.
    pub parent_text: &'a str,
    /// BCP 47 tag of the language, as far as the host knows it.
    pub language: &'a str,
}

/// The author of a comment as the classifier sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Author<'a> {
    /// The name the author gave.
    pub name: &'a str,
    /// The web address the author gave: `None` if the host did not send one, empty if the author left it empty.
    pub url: Option<&'a str>,
    /// The e-mail address the author gave. Only its domain is looked at.
    pub email: &'a str,
}

#[cfg(test)]
mod tests {
    use super::Label;

    #[test]
    fn labels_parse_back_and_keep_their_lanes() {
        for (lane, label) in Label::ALL.into_iter().enumerate() {
            assert_eq!(Label::parse(label.as_str()), Some(label));
            assert_eq!(label.lane(), lane);
        }
        assert_eq!(Label::parse("Spam"), None);
    }
}
