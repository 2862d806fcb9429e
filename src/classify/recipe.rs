//! The training recipe: a TOML file that says what a model is made of, down to the last number.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Label;
use super::features::FeatureGroup;
use super::file;
use super::hash::KEY_BITS;
use super::learn::FtrlParams;
use super::rows::{LabelRule, PostTextKind, Row, Split};

/// Everything that decides what model comes out. Unknown keys are errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// First part of the model's version.
    pub name: String,
    /// Seed of the order in which rows are learned.
    pub seed: u64,
    /// The weight table has two to this power buckets.
    pub hash_bits: u32,
    /// How many words the vocabulary that tells languages apart has.
    #[serde(default)]
    pub vocabulary: usize,
    /// How often every row is learned.
    pub epochs: u32,
    /// The weights are the mean over the last so many epochs.
    #[serde(default)]
    pub average: u32,
    /// Calibrate on rows that were held out in so many turns, and learn from rows for development too: for sets so
    /// small that none can be spared. 0: calibrate on rows for development.
    #[serde(default)]
    pub folds: u32,
    /// How to learn.
    pub ftrl: FtrlParams,
    /// How much each group of features weighs.
    pub norms: Norms,
    /// What is learned in each language, by its ISO 639-1 code. Languages learn nothing from each other.
    pub languages: BTreeMap<String, LanguageRecipe>,
    /// What is learned from: rows of split `train`. Rows of split `dev` calibrate.
    #[serde(rename = "source")]
    pub sources: Vec<RecipeSource>,
    /// What is only looked at: rows of split `dev`, never learned, never used to calibrate.
    #[serde(rename = "check", default)]
    pub checks: Vec<RecipeSource>,
}

/// The length that the features of each group are brought to.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Norms {
    /// Words, pairs of words, words in their surroundings.
    pub words: f32,
    /// Characters within words.
    pub chars: f32,
    /// The form of addresses, numbers, emoji.
    pub shape: f32,
    /// Signals on the whole comment.
    pub dense: f32,
    /// The author's name and address.
    pub author: f32,
    /// How the comment fits its post.
    pub post: f32,
    /// Marks of scope.
    pub scope: f32,
    /// Identity terms themselves.
    pub identity: f32,
}

impl Norms {
    /// In the order of the groups.
    pub fn by_group(self) -> [f32; FeatureGroup::COUNT] {
        [self.words, self.chars, self.shape, self.dense, self.author, self.post, self.scope, self.identity]
    }
}

/// The heads that are made for one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageRecipe {
    /// By name of the label.
    pub heads: BTreeMap<String, HeadRecipe>,
}

/// How one head is made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadRecipe {
    /// How many weights, the largest ones, are kept.
    pub keep: usize,
    /// The chance that a feature of a row is left out each time the row is learned, so that no word has to carry a label
    /// alone: what stands beside it learns too, and serves where the word is not said.
    #[serde(default)]
    pub dropout: f32,
    /// The chance that all features of a row's author are left out each time the row is learned: hosts that send no author
    /// must get as good an answer as the text allows. Absent: the head does not look at authors.
    #[serde(default = "always")]
    pub author_dropout: f32,
    /// The same for how a comment fits its post.
    #[serde(default = "always")]
    pub post_dropout: f32,
    /// How to learn, where the head learns otherwise than the others.
    #[serde(default)]
    pub ftrl: Option<FtrlParams>,
    /// How often every row is learned, where that differs, and over how many of the last times the weights are averaged.
    #[serde(default)]
    pub epochs: Option<[u32; 2]>,
    /// Calibrates on rows that were held out in so many turns, whole groups of a source at a time. 0: as the recipe says.
    #[serde(default)]
    pub folds: usize,
    /// Shifts calibration so that this share of harmless rows that were held out, or are for development, scores so much or more:
    /// then a threshold costs much the same in every language. Only rows of sources without abuse count.
    #[serde(default)]
    pub alarms: Option<[f32; 2]>,
    /// Whether the head speaks every language that has no head of its own for the label.
    #[serde(default)]
    pub everywhere: bool,
    /// Languages that the sources hold along with the language itself.
    #[serde(default)]
    pub also: Vec<String>,
    /// Gives every group of sources an intercept of its own while learning, so that the words need not tell the
    /// sources apart. Serving does without.
    #[serde(default)]
    pub source_bias: bool,
    /// How much more rare features count than common ones while learning: the power of their inverse document frequency.
    #[serde(default)]
    pub rarity: f32,
    /// How much a row that was held out counts where the weights of marks of scope are learned, beside the rows for
    /// development. 0: marks have no weights.
    #[serde(default)]
    pub scope: f32,
    /// Whether identity terms themselves have weights: harmless for spam, unfair for abuse.
    #[serde(default)]
    pub identity_terms: bool,
}

/// One file of labelled comments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeSource {
    /// File name in the data directory, `.jsonl` or `.jsonl.gz`.
    pub file: String,
    /// Which language's heads it feeds.
    #[serde(default = "english")]
    pub language: String,
    /// Sources of one group share an intercept; each group should hold both classes.
    #[serde(default)]
    pub group: String,
    /// Whether rows marked as ambiguous are used all the same: for a source all of whose rows are.
    #[serde(default)]
    pub ambiguous: bool,
    /// What the rows' `post_text` is.
    #[serde(default)]
    pub post: PostTextKind,
    /// What rows are for that do not say.
    #[serde(default)]
    pub split: Option<Split>,
    /// Only rows whose field has one of these values.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// The field that names a row's group, such as its blog: calibration holds out whole groups.
    #[serde(default)]
    pub groups: Option<String>,
    /// Whether a row says nothing without its author, so that it is not learned when the author is left out.
    #[serde(default)]
    pub needs_author: bool,
    /// How often a row is learned in an epoch, on average, before balancing.
    #[serde(default = "once")]
    pub weight: f32,
    /// Bounds on how much one blog, kind or campaign teaches, applied in order.
    #[serde(default)]
    pub balance: Vec<Balance>,
    /// Which heads the rows feed, and how their labels are read. Heads that are not named learn nothing from the rows.
    pub heads: BTreeMap<String, LabelRule>,
}

/// Rows that agree in some fields are learned so many times an epoch at the most, all together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The fields.
    pub by: Vec<String>,
    /// How many rows.
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

/// Why a recipe cannot be used.
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
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys, or does not fit together.
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
        let whole = |head: &HeadRecipe| [head.author_dropout, head.post_dropout];
        range(heads().flat_map(whole).all(|chance| (0.0..=1.0).contains(&chance)), "author_dropout, post_dropout", "0 to 1")?;
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

    /// Checks that a language and its labels exist, and that some source feeds each head.
    fn check_language(&self, language: &String, made: &LanguageRecipe) -> Result<(), RecipeError> {
        let also = made.heads.values().flat_map(|head| &head.also);
        if let Some(unknown) = also.chain([language]).find(|code| super::parse_language(code).is_none()) {
            return Err(RecipeError::UnknownLanguage(unknown.clone()));
        }
        for head in made.heads.keys() {
            if Label::parse(head).is_none() {
                return Err(RecipeError::UnknownLabel(head.clone()));
            }
            if !self.sources.iter().any(|source| source.language == *language && source.heads.contains_key(head)) {
                return Err(RecipeError::Unfed { language: language.clone(), head: head.clone() });
            }
        }
        Ok(())
    }

    /// Checks that a source feeds heads that are made, from fields that hold labels.
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

    /// The heads of every language in lane order.
    pub fn heads(&self) -> impl Iterator<Item = (&str, Label, &HeadRecipe)> {
        self.languages.iter().flat_map(|(language, made)| {
            let head = |label: Label| Some((language.as_str(), label, made.heads.get(label.as_str())?));
            Label::ALL.into_iter().filter_map(head)
        })
    }
}

impl RecipeSource {
    /// How the rows' labels are read for a head; `None` when they do not feed it.
    pub fn rule(&self, label: Label) -> Option<&LabelRule> {
        self.heads.get(label.as_str())
    }

    /// Returns whether a row has one of the values that the source asks for.
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
