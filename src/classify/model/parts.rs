//! What a model consists of: for each language its heads and the table of their weights.

use isolang::Language;

use crate::classify::Label;
use crate::classify::calibrate::Calibration;
use crate::classify::features::FeatureGroup;
use crate::classify::table::Table;
use crate::classify::vocabulary::Vocabulary;

/// What a model file holds.
#[derive(Debug, Clone)]
pub struct ModelParts {
    pub name: String,
    /// Every table has two to this power buckets.
    pub hash_bits: u32,
    /// What the model says in each language that it has learned.
    pub language_models: Vec<LanguageModel>,
    /// The length that each group's features are brought to.
    pub norms: [f32; FeatureGroup::COUNT],
    /// Tells the model's languages apart.
    pub vocabulary: Vocabulary,
}

/// What was learned in one language.
#[derive(Debug, Clone)]
pub struct LanguageModel {
    pub language: Language,
    /// In lane order.
    pub heads: Vec<LabelHead>,
    pub table: Table,
}

/// What turns the sum of a lane's weights into a label's logit.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelHead {
    pub label: Label,
    /// Languages that the head has learned along with its own.
    pub extra_languages: Vec<Language>,
    /// What one unit of a stored weight is worth.
    pub scale: f32,
    pub bias: f32,
    pub calibration: Calibration,
    /// Whether identity terms themselves count.
    pub uses_identity_terms: bool,
    /// Whether marks of scope count.
    pub uses_scope: bool,
    /// Whether it speaks every language that has no head of its own for the label.
    pub is_fallback: bool,
    /// How many weights it was given.
    pub weight_count: usize,
}

impl LanguageModel {
    /// The head for a label.
    pub fn head(&self, label: Label) -> Option<&LabelHead> {
        self.heads.iter().find(|head| head.label == label)
    }

    /// Whether one of its heads speaks a language.
    pub fn supports(&self, head: &LabelHead, language: Language) -> bool {
        self.language == language || head.is_fallback || head.extra_languages.contains(&language)
    }
}

impl LabelHead {
    /// Returns whether the features of a group count.
    pub fn uses_group(&self, group: usize) -> bool {
        (self.uses_identity_terms || group != FeatureGroup::Identity as usize)
            && (self.uses_scope || group != FeatureGroup::Scope as usize)
    }
}
