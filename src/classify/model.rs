//! The model in memory. Submodules implement scoring, explaining and the feature vectors for a site's learning.

pub mod explain;
mod feature_vector;
mod name;
mod parts;
mod score;
mod scores;
mod scratch;
mod trace;

use std::sync::{Arc, OnceLock};

use isolang::Language;

pub use self::parts::{LabelHead, LanguageModel, ModelParts};
pub use self::scores::Scores;
pub use self::scratch::Scratch;
use super::Label;
use super::feature_counts::Feature;
use super::features::FeatureGroup;
use super::file::{self, ModelError};
use super::hash::KEY_BITS;
use super::language;
use super::table::Weights;
use super::vocabulary::Vocabulary;

/// The bytes of the built-in model.
const BUILTIN: &[u8] = include_bytes!("../../models/base.gpmodel");

/// A trained, immutable model.
#[derive(Debug)]
pub struct Model {
    version: String,
    labels: Vec<Label>,
    parts: ModelParts,
}

/// A description of a trained head, for display.
#[derive(Debug, Clone)]
pub struct HeadInfo {
    /// The label that the head scores.
    pub label: Label,
    /// The tags of the languages that the head supports, or `*` if it is the fallback for all languages.
    pub languages: Vec<&'static str>,
    /// The number of weights that are not zero.
    pub weight_count: usize,
    /// The largest magnitude of a weight that the head can store, before calibration.
    pub max_weight: f32,
    /// The raw logit of a comment without any feature.
    pub bias: f32,
    /// The slope of the calibration: the calibrated logit is `slope` times the raw logit plus `offset`.
    pub slope: f32,
    /// The offset of the calibration, added after multiplying by `slope`.
    pub offset: f32,
}

impl Model {
    /// Returns the built-in model, which is decoded once.
    ///
    /// # Errors
    /// Returns an error if the built-in model file is not a valid model.
    pub fn builtin() -> Result<Arc<Model>, ModelError> {
        static MODEL: OnceLock<Result<Arc<Model>, ModelError>> = OnceLock::new();
        MODEL.get_or_init(|| Model::from_bytes(BUILTIN).map(Arc::new)).clone()
    }

    /// The maximum size of a model file, in bytes.
    pub const MAX_BYTES: u64 = file::MAX_BYTES as u64;

    /// Decodes the bytes of a model file.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a complete, undamaged model of this format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        let (parts, checksum) = file::decode(bytes)?;
        Ok(Model::with_checksum(parts, checksum))
    }

    /// Creates a model from its parts.
    pub fn from_parts(parts: ModelParts) -> Model {
        let bytes = file::encode(&parts);
        let checksum = bytes.last_chunk().map_or(0, |checksum| u32::from_le_bytes(*checksum));
        Model::with_checksum(parts, checksum)
    }

    fn with_checksum(parts: ModelParts, checksum: u32) -> Model {
        let has = |label: &Label| parts.language_models.iter().any(|language_model| language_model.head(*label).is_some());
        Model { version: format!("{}-{checksum:08x}", parts.name), labels: Label::ALL.into_iter().filter(has).collect(), parts }
    }

    /// Returns the bytes of the model file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::encode(&self.parts)
    }

    /// Returns the name and the checksum of the model, such as `base-2026.11-1a2b3c4d`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the labels that have a head in at least one language.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Returns the number of buckets that have weights, over all languages.
    pub fn bucket_count(&self) -> usize {
        self.parts.language_models.iter().map(|language_model| language_model.table.len()).sum()
    }

    /// Returns a description of every head of every language.
    pub fn heads(&self) -> impl Iterator<Item = HeadInfo> {
        let heads = self
            .parts
            .language_models
            .iter()
            .flat_map(|language_model| language_model.heads.iter().map(move |head| (language_model, head)));
        heads.map(|(language_model, head)| HeadInfo {
            label: head.label,
            languages: match head.is_fallback {
                true => vec!["*"],
                false => [language_model.language]
                    .iter()
                    .chain(&head.extra_languages)
                    .map(|language| language::tag(*language))
                    .collect(),
            },
            weight_count: head.weight_count,
            max_weight: f32::from(i8::MAX) * head.scale,
            bias: head.bias,
            slope: head.calibration.slope,
            offset: head.calibration.offset,
        })
    }

    /// Returns whether any head supports a language.
    pub(super) fn supports(&self, language: Language) -> bool {
        self.parts
            .language_models
            .iter()
            .any(|language_model| language_model.heads.iter().any(|head| language_model.supports(head, language)))
    }

    /// Returns the head for a label in a language: the language's own head, else a head that was trained on the language as
    /// an extra one, else a fallback head. Returns `None` if there is no such head.
    pub(super) fn head(&self, label: Label, language: Language) -> Option<(&LanguageModel, &LabelHead)> {
        let heads = || {
            self.parts.language_models.iter().filter_map(|language_model| Some((language_model, language_model.head(label)?)))
        };
        let own = heads().find(|(language_model, _)| language_model.language == language);
        own.or_else(|| heads().find(|(_, head)| head.extra_languages.contains(&language)))
            .or_else(|| heads().find(|(_, head)| head.is_fallback))
    }

    /// Returns the heads and weights of each language.
    pub(super) fn language_models(&self) -> &[LanguageModel] {
        &self.parts.language_models
    }

    /// Returns the weights of one of the 2^20 hash buckets, mapped to the smaller table of this model. Returns `None` if the
    /// bucket has no weights.
    pub(super) fn bucket_weights<'v>(&self, language_model: &'v LanguageModel, bucket: u32) -> Option<&'v Weights> {
        language_model.table.get(bucket >> (KEY_BITS - 1 - self.parts.hash_bits))
    }

    /// Returns the weights of a feature, or `None` if it has none.
    #[inline]
    pub(super) fn feature_weights<'v>(&self, language_model: &'v LanguageModel, feature: &Feature) -> Option<&'v Weights> {
        self.bucket_weights(language_model, feature.bucket())
    }

    /// Returns the vocabulary that identifies the model's languages.
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.parts.vocabulary
    }

    /// Returns the norm that each group's feature vector is scaled to.
    pub(super) fn norms(&self) -> &[f32; FeatureGroup::COUNT] {
        &self.parts.norms
    }
}

#[cfg(test)]
pub mod tests {
    use isolang::Language;

    use super::{LabelHead, LanguageModel, Model, ModelParts, Vocabulary};
    use crate::classify::calibrate::Calibration;
    use crate::classify::table::Table;
    use crate::classify::{Input, Label};

    /// Returns a model with made-up weights in every bucket of a small table.
    pub fn tiny() -> Model {
        let head = |label: Label, bias| LabelHead {
            uses_scope: false,
            is_fallback: false,
            label,
            extra_languages: vec![Language::Rus],
            weight_count: 256,
            scale: 0.05,
            bias,
            calibration: Calibration { slope: 1.25, offset: -0.5 },
            uses_identity_terms: label == Label::Spam,
        };
        let rows = (0..1u32 << 8).map(|bucket| (bucket, std::array::from_fn(|lane| (bucket as usize * 7 + lane * 5) as i8)));
        let table = Table::new(8, rows).expect("rows are in order");
        Model::from_parts(ModelParts {
            name: "tiny".into(),
            hash_bits: 8,
            language_models: vec![
                LanguageModel {
                    language: Language::Eng,
                    heads: vec![head(Label::Spam, -1.0), head(Label::Insult, 0.5)],
                    table: table.clone(),
                },
                LanguageModel { language: Language::Zho, heads: vec![head(Label::Spam, -2.0)], table },
            ],
            norms: [1.0, 1.0, 0.5, 0.5, 0.3, 0.3, 0.5, 0.5],
            vocabulary: Vocabulary {
                languages: vec![Language::Eng, Language::Zho],
                keys: vec![7, 9],
                weights: vec![1, -1, -2, 2],
            },
        })
    }

    #[test]
    fn only_trained_labels_have_scores() {
        let scores = tiny().score(&Input { text: "see http://a.com and b.org/x", ..Input::default() });
        assert!(scores.get(Label::Spam).is_some_and(|score| (0.0..=1.0).contains(&score)));
        assert_eq!(scores.get(Label::Toxicity), None);
        assert_eq!(scores.iter().map(|(label, _)| label).collect::<Vec<_>>(), [Label::Spam, Label::Insult]);
        assert_eq!(scores.links(), 2);
    }

    #[test]
    fn the_built_in_model_reads_and_scores() {
        let model = Model::builtin().expect("compiled in");
        let score = |text, label| model.score(&Input { text, ..Input::default() }).get(label);
        let spam = "Check out my channel and subscribe!!! http://bit.ly/abc Earn $500 a day from home";
        let ham = "I think the second half of the article misses the point about local taxes.";
        assert!(score(spam, Label::Spam) > Some(0.8), "{:?}", score(spam, Label::Spam));
        assert!(score(ham, Label::Spam) < Some(0.2), "{:?}", score(ham, Label::Spam));
        assert!(score("you are a stupid fucking idiot", Label::Toxicity) > Some(0.8));
        assert!(score(ham, Label::Toxicity) < Some(0.2));
    }

    #[test]
    fn hostile_texts_are_scored_in_bounded_time() {
        let model = tiny();
        let texts = [
            "a\u{301}".repeat(30_000),
            "\u{301}".repeat(65_000),
            "you gay ".repeat(8_000),
            "x.com,".repeat(11_000),
            "&amp;".repeat(13_000),
            "\u{FDFA}".repeat(20_000),
            "\u{1F468}\u{200D}".repeat(9_000),
        ];
        for text in texts {
            let scores = model.score(&Input { text: &text, ..Input::default() });
            let supported = ["English", "Chinese", "Russian"].contains(&scores.language_name());
            assert_eq!(scores.get(Label::Spam).is_some(), supported, "{}", scores.language_name());
            assert!(scores.iter().all(|(_, score)| (0.0..=1.0).contains(&score)));
        }
    }
}
