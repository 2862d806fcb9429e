//! The parts of a model: for each language, its heads and the table of their weights.

use isolang::Language;

use crate::classify::Label;
use crate::classify::calibrate::Calibration;
use crate::classify::features::FeatureGroup;
use crate::classify::table::Table;
use crate::classify::vocabulary::Vocabulary;

/// The content of a model file.
#[derive(Debug, Clone)]
pub struct ModelParts {
    /// The name of the model.
    pub name: String,
    /// The binary logarithm of the number of buckets of every table.
    pub hash_bits: u32,
    /// The heads and weights of each trained language.
    pub language_models: Vec<LanguageModel>,
    /// The norm that each group's feature vector is scaled to.
    pub norms: [f32; FeatureGroup::COUNT],
    /// The vocabulary that identifies the model's languages.
    pub vocabulary: Vocabulary,
}

/// The heads and weights of one language.
#[derive(Debug, Clone)]
pub struct LanguageModel {
    /// The language.
    pub language: Language,
    /// The heads, in lane order.
    pub heads: Vec<LabelHead>,
    /// The weights of all heads.
    pub table: Table,
}

/// The parameters that turn the sum of a lane's weights into the logit of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelHead {
    /// The label that the head scores.
    pub label: Label,
    /// The languages that the head was trained on besides its own.
    pub extra_languages: Vec<Language>,
    /// The raw logit of one unit of a stored weight.
    pub scale: f32,
    /// The raw logit of a comment without any feature.
    pub bias: f32,
    /// The calibration of the raw logit.
    pub calibration: Calibration,
    /// Whether the head uses the features of identity terms.
    pub uses_identity_terms: bool,
    /// Whether the head uses scope marks.
    pub uses_scope: bool,
    /// Whether the head scores every language that has no other head for the label.
    pub is_fallback: bool,
    /// The number of weights that are not zero.
    pub weight_count: usize,
}

impl LanguageModel {
    /// Returns the head for a label, or `None` if there is none.
    pub fn head(&self, label: Label) -> Option<&LabelHead> {
        self.heads.iter().find(|head| head.label == label)
    }

    /// Returns whether a head of this language model supports a language.
    pub fn supports(&self, head: &LabelHead, language: Language) -> bool {
        self.language == language || head.is_fallback || head.extra_languages.contains(&language)
    }
}

impl LabelHead {
    /// Returns whether the head uses the features of a group.
    pub fn uses_group(&self, group: usize) -> bool {
        (self.uses_identity_terms || group != FeatureGroup::Identity as usize)
            && (self.uses_scope || group != FeatureGroup::Scope as usize)
    }
}
