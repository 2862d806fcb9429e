//! The training recipe: a TOML file with everything that determines a model.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Label;
use super::features::FeatureGroup;
use super::file;
use super::hash::KEY_BITS;
use super::learn::FtrlParams;
use super::rows::{LabelRule, PostTextKind, Row, Split};

/// A training recipe. Unknown keys are errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// First part of the model's version.
    pub name: String,
    /// Seed for shuffling and sampling rows.
    pub seed: u64,
    /// Base-2 logarithm of the number of buckets of the weight table.
    pub hash_bits: u32,
    /// Number of words in the vocabulary for language detection.
    #[serde(default)]
    pub vocabulary: usize,
    /// Number of epochs.
    pub epochs: u32,
    /// Number of last epochs over which the weights are averaged.
    #[serde(default)]
    pub average: u32,
    /// Number of folds for calibration by cross-validation, with which dev rows are learned as well; for data sets too
    /// small to spare rows. 0: calibrate on dev rows.
    #[serde(default)]
    pub folds: u32,
    /// FTRL parameters.
    pub ftrl: FtrlParams,
    /// Norms of the feature groups.
    pub norms: Norms,
    /// The heads of each language, by ISO 639-1 code. Languages share no weights.
    pub languages: BTreeMap<String, LanguageRecipe>,
    /// Training sources: rows of split `train` are learned, rows of split `dev` calibrate.
    #[serde(rename = "source")]
    pub sources: Vec<RecipeSource>,
    /// Sources for measurement only: rows of split `dev`, which are neither learned nor used for calibration.
    #[serde(rename = "check", default)]
    pub checks: Vec<RecipeSource>,
}

/// The norm to which the features of each group are scaled.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Norms {
    /// Words, word pairs, and words in context.
    pub words: f32,
    /// Character n-grams within words.
    pub chars: f32,
    /// The form of addresses, numbers and emoji.
    pub shape: f32,
    /// Features of the whole comment.
    pub dense: f32,
    /// The author's name and address.
    pub author: f32,
    /// How the comment relates to its post.
    pub post: f32,
    /// Scope marks.
    pub scope: f32,
    /// Identity terms.
    pub identity: f32,
}

impl Norms {
    /// Returns the norms in the order of `FeatureGroup`.
    pub fn by_group(self) -> [f32; FeatureGroup::COUNT] {
        [self.words, self.chars, self.shape, self.dense, self.author, self.post, self.scope, self.identity]
    }
}

/// The heads of one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageRecipe {
    /// Heads by the name of their label.
    pub heads: BTreeMap<String, HeadRecipe>,
}

/// The training settings of one head.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadRecipe {
    /// Number of weights that pruning keeps.
    pub keep: usize,
    /// Dropout rate of single features. With dropout a label does not depend on a single word: the words next to it are
    /// learned too, and serve where that word is absent.
    #[serde(default)]
    pub dropout: f32,
    /// Probability of omitting all author features of a row each time the row is learned. Hosts that send no author must
    /// get the best score that the text allows. If absent, the head does not use author features.
    #[serde(default = "always")]
    pub author_dropout: f32,
    /// Probability of omitting all features of a row's relation to its post. If absent, the head does not use them.
    #[serde(default = "always")]
    pub post_dropout: f32,
    /// FTRL parameters of this head, if they differ from the recipe's.
    #[serde(default)]
    pub ftrl: Option<FtrlParams>,
    /// Number of epochs, and of last epochs over which the weights are averaged, if they differ from the recipe's.
    #[serde(default)]
    pub epochs: Option<[u32; 2]>,
    /// Number of folds for calibration by cross-validation, with whole groups of a source in a fold. 0: as in the recipe.
    #[serde(default)]
    pub folds: usize,
    /// Two shares: calibration is shifted so that the first share of harmless held-out and dev rows has a score of the
    /// second or more. A threshold then has about the same false-positive rate in every language. Only rows of sources
    /// without positive rows count.
    #[serde(default)]
    pub alarms: Option<[f32; 2]>,
    /// Whether the head scores every language that has no head of its own for the label.
    #[serde(default)]
    pub everywhere: bool,
    /// Other languages that the sources contain.
    #[serde(default)]
    pub also: Vec<String>,
    /// Whether every group of sources has an intercept of its own during training, so that the words need not distinguish
    /// the sources. The served model has no such intercepts.
    #[serde(default)]
    pub source_bias: bool,
    /// Additional weight of rare features during training: the exponent of their inverse document frequency.
    #[serde(default)]
    pub rarity: f32,
    /// Weight of a held-out row, relative to a dev row, when the weights of scope marks are learned. 0: marks have no
    /// weights.
    #[serde(default)]
    pub scope: f32,
    /// Whether identity terms have weights: harmless for spam, unfair for abuse.
    #[serde(default)]
    pub identity_terms: bool,
}

/// A source of labelled comments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeSource {
    /// Name of a `.jsonl` or `.jsonl.gz` file, or of a folder of JSONL files, in the data folder.
    pub file: String,
    /// Code of the language whose heads learn from the rows.
    #[serde(default = "english")]
    pub language: String,
    /// Name of the group of sources that share an intercept. Each group should contain both classes.
    #[serde(default)]
    pub group: String,
    /// Whether ambiguous rows are used, for a source in which all rows are ambiguous.
    #[serde(default)]
    pub ambiguous: bool,
    /// The meaning of the rows' `post_text`.
    #[serde(default)]
    pub post: PostTextKind,
    /// Split of rows that name none.
    #[serde(default)]
    pub split: Option<Split>,
    /// Filter: each of these fields must have one of the given values.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// Name of the field with a row's group, such as its blog. Calibration holds out whole groups.
    #[serde(default)]
    pub groups: Option<String>,
    /// Whether a row is meaningless without its author. Such a row is skipped when dropout omits the author.
    #[serde(default)]
    pub needs_author: bool,
    /// How often a row is learned per epoch, on average, before balancing.
    #[serde(default = "once")]
    pub weight: f32,
    /// Limits on how often rows of the same blog, kind or campaign are learned, applied in order.
    #[serde(default)]
    pub balance: Vec<Balance>,
    /// The heads that learn from the rows, with the rules that read their labels.
    pub heads: BTreeMap<String, LabelRule>,
}

/// A limit on how often rows with the same values of some fields are learned.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Names of the fields.
    pub by: Vec<String>,
    /// Maximum number of rows per epoch for each combination of values.
    pub rows: f32,
}

fn always() -> f32 {
    1.0
}

fn once() -> f32 {
    1.0
}

fn english() -> String {
    "en".to_owned()
}

/// An error in a recipe.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum RecipeError {
    #[error(transparent)]
    Syntax(#[from] toml::de::Error),
    #[error("{0}: there is no such label")]
    UnknownLabel(String),
    #[error("{0}: not the ISO 639 code of a language")]
    UnknownLanguage(String),
    #[error("{file} feeds the head {head}, which the recipe does not make in its language")]
    UnknownHead { file: String, head: String },
    #[error("{file}: a rule reads `label` or `labels.…`, not {field}")]
    Field { file: String, field: String },
    #[error("no source feeds the head {language}.{head}")]
    Unfed { language: String, head: String },
    #[error("{key} must be {expected}")]
    Range { key: &'static str, expected: &'static str },
}

impl Recipe {
    /// Parses and validates a recipe.
    ///
    /// # Errors
    /// Returns an error if the text is not valid TOML, has unknown keys, or is inconsistent.
    pub fn parse(text: &str) -> Result<Recipe, RecipeError> {
        let recipe: Recipe = toml::from_str(text)?;
        recipe.check_numbers()?;
        for (language, made) in &recipe.languages {
            recipe.check_language(language, made)?;
        }
        for source in recipe.sources.iter().chain(&recipe.checks) {
            recipe.check_labels(source)?;
        }
        Ok(recipe)
    }

    /// Checks that every number is in its range.
    fn check_numbers(&self) -> Result<(), RecipeError> {
        let range = |ok: bool, key, expected| if ok { Ok(()) } else { Err(RecipeError::Range { key, expected }) };
        let not_negative = |number: f32| number >= 0.0 && number.is_finite();
        let heads = || self.languages.values().flat_map(|made| made.heads.values());
        let sources = || self.sources.iter();
        range(file::is_valid_name(&self.name), "name", "1 to 64 letters, digits and marks, without spaces")?;
        range((6..KEY_BITS).contains(&self.hash_bits), "hash_bits", "6 to 20")?;
        let epochs = heads().filter_map(|head| head.epochs).map(|[epochs, _]| epochs).chain([self.epochs]);
        range(epochs.into_iter().all(|epochs| (1..=100).contains(&epochs)), "epochs", "1 to 100")?;
        for FtrlParams { alpha, beta, l1, l2 } in heads().filter_map(|head| head.ftrl).chain([self.ftrl]) {
            range(alpha > 0.0 && alpha.is_finite(), "ftrl.alpha", "above zero")?;
            range([beta, l1, l2].into_iter().all(not_negative), "ftrl.beta, l1 and l2", "zero or above")?;
        }
        range(heads().all(|head| (0.0..=0.9).contains(&head.dropout)), "dropout", "0 to 0.9")?;
        let dropouts = |head: &HeadRecipe| [head.author_dropout, head.post_dropout];
        range(
            heads().flat_map(dropouts).all(|chance| (0.0..=1.0).contains(&chance)),
            "author_dropout, post_dropout",
            "0 to 1",
        )?;
        range(sources().all(|source| source.weight > 0.0 && source.weight <= 100.0), "weight", "above 0, up to 100")?;
        let balances = || sources().flat_map(|source| &source.balance);
        range(balances().all(|balance| balance.rows > 0.0 && balance.rows.is_finite()), "balance.rows", "above 0")?;
        range(heads().all(|head| (0.0..=3.0).contains(&head.rarity)), "rarity", "0 to 3")?;
        range(heads().all(|head| (0.0..=100.0).contains(&head.scope)), "scope", "0 to 100")?;
        let alarms = || heads().filter_map(|head| head.alarms).flatten();
        range(alarms().all(|share| share > 0.0 && share < 1.0), "alarms", "two shares between 0 and 1")?;
        let shares = || sources().flat_map(|source| source.heads.values().map(LabelRule::sampling_rate));
        range(shares().all(|share| share > 0.0 && share <= 1.0), "never", "a share above 0 and up to 1")?;
        range(self.norms.by_group().into_iter().all(not_negative), "norms", "zero or above")
    }

    /// Checks that a language and its labels exist, and that each head has a source.
    fn check_language(&self, language: &String, settings: &LanguageRecipe) -> Result<(), RecipeError> {
        let also = settings.heads.values().flat_map(|head| &head.also);
        if let Some(unknown) = also.chain([language]).find(|code| super::parse_language(code).is_none()) {
            return Err(RecipeError::UnknownLanguage(unknown.clone()));
        }
        for head in settings.heads.keys() {
            if Label::parse(head).is_none() {
                return Err(RecipeError::UnknownLabel(head.clone()));
            }
            if !self.sources.iter().any(|source| source.language == *language && source.heads.contains_key(head)) {
                return Err(RecipeError::Unfed { language: language.clone(), head: head.clone() });
            }
        }
        Ok(())
    }

    /// Checks that the recipe has the heads of a source, and that its rules read label fields.
    fn check_labels(&self, source: &RecipeSource) -> Result<(), RecipeError> {
        let made = self.languages.get(&source.language);
        let is_made = |head: &String| made.is_some_and(|made| made.heads.contains_key(head));
        if let Some(head) = source.heads.keys().find(|head| !is_made(head)) {
            return Err(RecipeError::UnknownHead { file: source.file.clone(), head: head.clone() });
        }
        let mut fields = source.heads.values().filter_map(LabelRule::field);
        match fields.find(|field| *field != "label" && !field.starts_with("labels.")) {
            Some(field) => Err(RecipeError::Field { file: source.file.clone(), field: field.to_owned() }),
            None => Ok(()),
        }
    }

    /// Returns the heads of every language, in lane order.
    pub fn heads(&self) -> impl Iterator<Item = (&str, Label, &HeadRecipe)> {
        self.languages.iter().flat_map(|(language, made)| {
            let head = |label: Label| Some((language.as_str(), label, made.heads.get(label.as_str())?));
            Label::ALL.into_iter().filter_map(head)
        })
    }
}

impl RecipeSource {
    /// Returns the rule that reads a head's label. Returns `None` if the head does not learn from this source.
    pub fn rule(&self, label: Label) -> Option<&LabelRule> {
        self.heads.get(label.as_str())
    }

    /// Returns whether a row passes the source's filter.
    pub fn includes(&self, row: &Row) -> bool {
        self.only.iter().all(|(field, values)| values.iter().any(|value| value == row.text_field(field)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Recipe, RecipeError};

    const RECIPE: &str = r#"
        name = "test"
        seed = 1
        hash_bits = 12
        epochs = 2
        ftrl = { alpha = 1.0, beta = 0.5, l1 = 0.0, l2 = 0.5 }
        norms = { words = 1.0, chars = 1.0, shape = 0.5, dense = 0.5, author = 0.3, post = 0.3, scope = 0.5, identity = 0.5 }
        [languages.en.heads]
        spam = { keep = 100 }
        [[source]]
        file = "a.jsonl"
        heads.spam = { field = "label", is = "spam" }
    "#;

    #[test]
    fn a_recipe_that_fits_together_is_read() {
        let recipe = Recipe::parse(RECIPE).expect("valid");
        assert_eq!(recipe.heads().count(), 1);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let fail = |from: &str, to: &str| Recipe::parse(&RECIPE.replace(from, to)).expect_err("must be refused").to_string();
        assert!(fail("epochs = 2", "epochs = 2\nepoch = 3").contains("epoch"));
        assert!(fail("epochs = 2", "epochs = 0").contains("epochs must be"));
        assert!(fail("spam = { keep", "spum = { keep").contains("spum"));
        assert!(fail("heads.spam", "heads.insult").contains("no source feeds the head en.spam"));
        assert!(fail("\"label\"", "\"lable\"").contains("not lable"));
        assert!(fail("is = ", "was = ").contains("a rule is"));
        assert!(fail("{ field = \"label\", is = \"spam\" }", "{ never = 0.0 }").contains("never must be"));
        let unknown = Recipe::parse(&format!("{RECIPE}heads.insult = \"never\"\n"));
        assert!(matches!(unknown, Err(RecipeError::UnknownHead { .. })));
    }
}
