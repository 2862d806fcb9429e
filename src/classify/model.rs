//! The model in memory, and the hot path: a comment's score for every label.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use isolang::Language;

use super::calibrate::{Calibration, probability};
use super::explain::{self, Explanation, Occurrence};
use super::features::{self, Group, Workspace};
use super::file::{self, ModelError};
use super::hash::KEY_BITS;
use super::language;
use super::manner::Manner;
use super::scope;
use super::site::{self, Correction};
use super::table::{Table, Weights};
use super::tally::{Feature, Tally};
use super::token::Kind;
use super::vocabulary::Vocabulary;
use super::window;
use super::words;
use super::{Input, LANES, Label};

/// Longer names are not read to their end.
const MAX_NAME_BYTES: usize = 200;

/// The model that is compiled in.
const BUILTIN: &[u8] = include_bytes!("../../models/base.gpmodel");

/// A trained model. Cheap to share, never changes.
#[derive(Debug)]
pub struct Model {
    version: String,
    labels: Vec<Label>,
    parts: Parts,
}

/// What a model file holds.
#[derive(Debug, Clone)]
pub struct Parts {
    pub name: String,
    /// Every table has two to this power buckets.
    pub hash_bits: u32,
    /// What the model says in each language that it has learned.
    pub voices: Vec<Voice>,
    /// The length that each group's features are brought to.
    pub norms: [f32; Group::COUNT],
    /// Tells the model's languages apart.
    pub vocabulary: Vocabulary,
}

/// What was learned in one language.
#[derive(Debug, Clone)]
pub struct Voice {
    pub language: Language,
    /// In lane order.
    pub heads: Vec<Head>,
    pub table: Table,
}

/// What turns the sum of a lane's weights into a label's logit.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    pub label: Label,
    /// Languages that the head has learned along with its own.
    pub also: Vec<Language>,
    /// What one unit of a stored weight is worth.
    pub scale: f32,
    pub bias: f32,
    pub calibration: Calibration,
    /// Whether identity terms themselves count.
    pub identity_terms: bool,
    /// Whether marks of scope count.
    pub scope: bool,
    /// Whether it speaks every language that has no head of its own for the label.
    pub everywhere: bool,
    /// How many weights it was given.
    pub weights: usize,
}

/// Facts on a trained head, for people.
#[derive(Debug, Clone)]
pub struct HeadInfo {
    /// What the head finds.
    pub label: Label,
    /// The ISO 639-1 codes of the languages that it speaks; `*` if it speaks all.
    pub languages: Vec<&'static str>,
    /// How many weights are not zero.
    pub weights: usize,
    /// The largest weight before calibration.
    pub largest: f32,
    /// The raw logit of a comment without any feature.
    pub bias: f32,
    /// Calibration: the calibrated logit is `slope` times the raw one plus `offset`.
    pub slope: f32,
    /// See `slope`.
    pub offset: f32,
}

/// Buffers of one thread.
#[derive(Default)]
pub struct Scratch {
    pub work: Workspace,
    pub tally: Tally,
    pub trace: Vec<Occurrence>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Model {
    /// The compiled-in model, decoded once.
    ///
    /// # Errors
    /// When the file that was compiled in is not a valid model.
    pub fn builtin() -> Result<Arc<Model>, ModelError> {
        static MODEL: OnceLock<Result<Arc<Model>, ModelError>> = OnceLock::new();
        MODEL.get_or_init(|| Model::from_bytes(BUILTIN).map(Arc::new)).clone()
    }

    /// No model file is longer, in bytes.
    pub const MAX_BYTES: u64 = file::MAX_BYTES as u64;

    /// Reads a model file.
    ///
    /// # Errors
    /// When the bytes are not a complete, undamaged model of this format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        let (parts, checksum) = file::decode(bytes)?;
        Ok(Model::with_checksum(parts, checksum))
    }

    /// The model of these parts.
    pub fn from_parts(parts: Parts) -> Model {
        let bytes = file::encode(&parts);
        let checksum = bytes.last_chunk().map_or(0, |checksum| u32::from_le_bytes(*checksum));
        Model::with_checksum(parts, checksum)
    }

    fn with_checksum(parts: Parts, checksum: u32) -> Model {
        let has = |label: &Label| parts.voices.iter().any(|voice| voice.head(*label).is_some());
        Model { version: format!("{}-{checksum:08x}", parts.name), labels: Label::ALL.into_iter().filter(has).collect(), parts }
    }

    /// The model file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::encode(&self.parts)
    }

    /// Name and checksum, such as `base-2026.11-1a2b3c4d`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The labels that were trained; the others do not exist in this model.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// How many buckets have weights.
    pub fn rows(&self) -> usize {
        self.parts.voices.iter().map(|voice| voice.table.len()).sum()
    }

    /// Facts on every head of every language.
    pub fn heads(&self) -> impl Iterator<Item = HeadInfo> {
        let heads = self.parts.voices.iter().flat_map(|voice| voice.heads.iter().map(move |head| (voice, head)));
        heads.map(|(voice, head)| HeadInfo {
            label: head.label,
            languages: match head.everywhere {
                true => vec!["*"],
                false => [voice.language].iter().chain(&head.also).map(|language| code(*language)).collect(),
            },
            weights: head.weights,
            largest: f32::from(i8::MAX) * head.scale,
            bias: head.bias,
            slope: head.calibration.slope,
            offset: head.calibration.offset,
        })
    }

    /// Scores a comment for every label that the model knows in the comment's language.
    pub fn score(&self, input: &Input) -> Scores {
        self.score_for(input, None)
    }

    /// The same, and what a site's correction makes of it. It speaks any language that the site's moderators do.
    pub fn score_for(&self, input: &Input, correction: Option<&Correction>) -> Scores {
        self.score_in(input, correction, None)
    }

    /// Scores a comment that is taken for English, whatever it is written in: for measuring what a head knows by itself.
    pub fn score_as_english(&self, input: &Input) -> Scores {
        self.score_in(input, None, Some(Language::Eng))
    }

    fn score_in(&self, input: &Input, correction: Option<&Correction>, language: Option<Language>) -> Scores {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut parts = window::parts(self, input.text).into_iter();
            let mut part = |at: Range<usize>, language: Option<Language>| {
                let quoted = window::quoted(input.quoted, &at);
                let window = Input { text: input.text.get(at.clone()).unwrap_or_default(), quoted: &quoted, ..*input };
                self.score_window(&window, at.start, correction, language, scratch)
            };
            let mut scores = part(parts.next().unwrap_or_default(), language);
            parts.for_each(|at| scores.worse_of(&part(at, language)));
            self.score_name(input, scratch, &mut scores);
            scores
        })
    }

    /// Reads the author's name as the heads for abuse read a comment, if it has a hostile word: a name stands above every text.
    fn score_name(&self, input: &Input, scratch: &mut Scratch, scores: &mut Scores) {
        let name = name_of(input);
        let Some(words) = words::of(scores.language).filter(|_| !name.is_empty()) else { return };
        scratch.work.text.read(name);
        scratch.work.tokens.read(&scratch.work.text);
        let tokens = &scratch.work.tokens.tokens;
        if !tokens.iter().any(|token| scope::is_hostile(words, token.hash)) {
            return;
        }
        let mut of_name = self.score_window(&Input { text: name, ..Input::default() }, 0, None, Some(scores.language), scratch);
        of_name.logits[Label::Spam.lane()] = f32::NAN;
        of_name.windows.iter_mut().for_each(|window| window.of_name = true);
        of_name.links = 0;
        scores.worse_of(&of_name);
    }

    /// Scores a part of a comment that begins at a byte of it.
    fn score_window(
        &self,
        input: &Input,
        begin: usize,
        correction: Option<&Correction>,
        language: Option<Language>,
        scratch: &mut Scratch,
    ) -> Scores {
        let Scratch { work, tally, .. } = scratch;
        features::read(input, work);
        let language = language.unwrap_or_else(|| self.detect(input, work));
        let links = work.tokens.tokens.iter().filter(|token| token.kind == Kind::Link).count();
        let window = Window { begin, end: begin + input.text.len(), language, of_name: false };
        let mut scores = Scores {
            logits: [f32::NAN; LANES],
            windows: [window; LANES],
            corrected: None,
            links,
            language,
            manner: Manner::default(),
        };
        let speaks = self.speaks(language);
        if speaks || correction.is_some() {
            tally.start(input.text.len());
            let manner = features::extract(input, language, work, tally);
            if speaks {
                scores.manner = manner;
            }
        }
        if speaks {
            for voice in &self.parts.voices {
                self.sum(voice, tally, &mut scores);
            }
        }
        if let Some(correction) = correction {
            let base = site::Kind::ALL.map(|kind| scores.logit(kind.label()));
            scores.corrected = Some(correction.logits(tally, &tally.factors(&self.parts.norms), base));
        }
        scores
    }

    /// Says of the scores of a comment, label by label, what spoke for and against it: at most `most` contributions,
    /// strongest first.
    pub fn explain(&self, input: &Input, scores: &Scores, labels: &[Label], most: usize) -> Vec<Explanation> {
        SCRATCH.with_borrow_mut(|scratch| {
            let explain = |label: &Label| {
                let Window { begin, end, language, of_name } = scores.windows[label.lane()];
                if of_name {
                    let name = Input { text: name_of(input), ..Input::default() };
                    let mut explained = explain::explain(self, scratch, &name, language, &[*label], most);
                    explained.iter_mut().flat_map(|one| &mut one.contributions).for_each(|part| {
                        part.of_name = true;
                        part.span = None;
                    });
                    return explained;
                }
                let quoted = window::quoted(input.quoted, &(begin..end));
                let window = Input { text: input.text.get(begin..end).unwrap_or_default(), quoted: &quoted, ..*input };
                let mut explained = explain::explain(self, scratch, &window, language, &[*label], most);
                for span in explained.iter_mut().flat_map(|one| &mut one.contributions).filter_map(|part| part.span.as_mut()) {
                    *span = span.start + begin..span.end + begin;
                }
                explained
            };
            labels.iter().flat_map(explain).collect()
        })
    }

    /// Adds the scores of those of a voice's heads that speak for this language.
    fn sum(&self, voice: &Voice, tally: &Tally, scores: &mut Scores) {
        let language = scores.language;
        let speaks = |head: &&Head| self.head(head.label, language).is_some_and(|(chosen, _)| std::ptr::eq(chosen, voice));
        if !voice.heads.iter().any(|head| speaks(&head)) {
            return;
        }
        let mut sums = [[0.0f32; LANES]; Group::COUNT];
        for feature in tally.features() {
            if let Some(weights) = self.weights(voice, feature) {
                let sum = &mut sums[feature.group as usize];
                let (value, counted) = (feature.value(), feature.counted());
                if counted.abuse < 1.0 || counted.spam < 1.0 {
                    // Less of what speaks for a label, all of what speaks against it.
                    for (lane, (sum, &weight)) in sum.iter_mut().zip(weights).enumerate() {
                        let adds = value * f32::from(weight);
                        let part = if lane == Label::Spam.lane() { counted.spam } else { counted.abuse };
                        *sum += if adds > 0.0 { adds * part } else { adds };
                    }
                    continue;
                }
                for (sum, &weight) in sum.iter_mut().zip(weights) {
                    *sum += value * f32::from(weight);
                }
            }
        }
        let factors = tally.factors(&self.parts.norms);
        for head in voice.heads.iter().filter(speaks) {
            let lane = head.label.lane();
            let sums = sums.iter().zip(factors).enumerate().filter(|(group, _)| head.counts(*group));
            let sum: f32 = sums.map(|(_, (sum, factor))| sum[lane] * factor).sum();
            scores.logits[lane] = head.calibration.apply(head.bias + head.scale * sum);
        }
    }

    /// The language of a comment that was read.
    fn detect(&self, input: &Input, work: &Workspace) -> Language {
        // What speaks everywhere makes no language likelier.
        let of_its_own = |voice: &Voice, language| {
            voice.language == language || voice.heads.iter().any(|head| head.also.contains(&language))
        };
        let spoken = |language| self.parts.voices.iter().any(|voice| of_its_own(voice, language));
        language::detect(work.text.as_str(), &work.tokens, input.language, &self.parts.vocabulary, spoken)
    }

    /// Whether any head speaks a language.
    fn speaks(&self, language: Language) -> bool {
        self.parts.voices.iter().any(|voice| voice.heads.iter().any(|head| voice.speaks(head, language)))
    }

    /// Who speaks of a label in a language: its own head before one that learned the language along with another.
    pub(super) fn head(&self, label: Label, language: Language) -> Option<(&Voice, &Head)> {
        let heads = || self.parts.voices.iter().filter_map(|voice| Some((voice, voice.head(label)?)));
        let own = heads().find(|(voice, _)| voice.language == language);
        own.or_else(|| heads().find(|(_, head)| head.also.contains(&language)))
            .or_else(|| heads().find(|(_, head)| head.everywhere))
    }

    /// The languages that the model speaks.
    pub(super) fn voices(&self) -> &[Voice] {
        &self.parts.voices
    }

    /// The weights of a bucket of 2^20.
    pub(super) fn weights_of<'v>(&self, voice: &'v Voice, bucket: u32) -> Option<&'v Weights> {
        voice.table.get(bucket >> (KEY_BITS - 1 - self.parts.hash_bits))
    }

    #[inline]
    pub(super) fn weights<'v>(&self, voice: &'v Voice, feature: &Feature) -> Option<&'v Weights> {
        self.weights_of(voice, feature.bucket())
    }

    pub(super) fn norms(&self) -> &[f32; Group::COUNT] {
        &self.parts.norms
    }
}

impl Voice {
    /// The head for a label.
    pub fn head(&self, label: Label) -> Option<&Head> {
        self.heads.iter().find(|head| head.label == label)
    }

    /// Whether one of its heads speaks a language.
    pub fn speaks(&self, head: &Head, language: Language) -> bool {
        self.language == language || head.everywhere || head.also.contains(&language)
    }
}

impl Head {
    /// Returns whether the features of a group count.
    pub fn counts(&self, group: usize) -> bool {
        (self.identity_terms || group != Group::Identity as usize) && (self.scope || group != Group::Scope as usize)
    }
}

/// The author's name as far as it is read.
fn name_of<'a>(input: &Input<'a>) -> &'a str {
    features::cut(input.author.map_or("", |author| author.name).trim(), MAX_NAME_BYTES)
}

/// The two-letter code of a language, or the three-letter one where it has no other.
pub fn code(language: Language) -> &'static str {
    if language == language::HINGLISH {
        return "hi-Latn";
    }
    language.to_639_1().unwrap_or_else(|| language.to_639_3())
}

/// The scores of one comment.
#[derive(Debug, Clone, Copy)]
pub struct Scores {
    /// Calibrated logits; not a number where the model has no head.
    logits: [f32; LANES],
    /// The part of the text that each of them is of.
    windows: [Window; LANES],
    /// By [`site::Kind`]; `None`: no correction was asked.
    corrected: Option<[f32; 2]>,
    links: usize,
    pub(super) language: Language,
    manner: Manner,
}

/// A part of a text that was scored by itself.
#[derive(Debug, Clone, Copy)]
struct Window {
    begin: usize,
    end: usize,
    language: Language,
    /// It is of the author's name and not of the text.
    of_name: bool,
}

impl Scores {
    /// Takes over, label by label, what another part of the same comment scores worse.
    fn worse_of(&mut self, other: &Scores) {
        for (lane, logit) in other.logits.iter().enumerate() {
            // Whatever is a number is worse than what is not.
            if *logit > self.logits[lane] || self.logits[lane].is_nan() && !logit.is_nan() {
                (self.logits[lane], self.windows[lane]) = (*logit, other.windows[lane]);
            }
        }
        if let (Some(ours), Some(others)) = (&mut self.corrected, other.corrected) {
            for (ours, other) in ours.iter_mut().zip(others) {
                *ours = ours.max(other);
            }
        }
        self.links += other.links;
    }

    /// Returns the BCP 47 tag of the language that the text was taken for.
    pub fn language_tag(&self) -> &'static str {
        code(self.language)
    }

    /// The calibrated probability of a label, `0..=1`; `None` when the model does not know it in this language.
    pub fn get(&self, label: Label) -> Option<f32> {
        self.logit(label).map(probability)
    }

    /// The calibrated log-odds of a label; `None` when the model does not know it in this language.
    pub fn logit(&self, label: Label) -> Option<f32> {
        Some(self.logits[label.lane()]).filter(|logit| !logit.is_nan())
    }

    /// What the site's correction makes of it; `None` when none was asked.
    pub fn corrected(&self, kind: site::Kind) -> Option<f32> {
        self.corrected.map(|corrected| corrected[kind as usize])
    }

    /// Every trained label with its probability.
    pub fn iter(&self) -> impl Iterator<Item = (Label, f32)> {
        Label::ALL.into_iter().filter_map(|label| Some((label, self.get(label)?)))
    }

    /// The English name of the comment's language, as far as it was recognised.
    pub fn language(&self) -> &'static str {
        if self.language == language::HINGLISH { "Hinglish" } else { self.language.to_name() }
    }

    /// Returns the comment's language, as far as it was recognised.
    pub fn spoken(&self) -> Language {
        self.language
    }

    /// What was seen that no score counts; nothing in a language that the model does not speak.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// How many links were seen in the text.
    pub fn links(&self) -> usize {
        self.links
    }
}

#[cfg(test)]
pub mod tests {
    use isolang::Language;

    use super::{Calibration, Head, Model, Parts, Table, Vocabulary, Voice};
    use crate::classify::{Input, Label};

    /// A model with made-up weights in every bucket of a small table.
    pub fn tiny() -> Model {
        let head = |label: Label, bias| Head {
            scope: false,
            everywhere: false,
            label,
            also: vec![Language::Rus],
            weights: 256,
            scale: 0.05,
            bias,
            calibration: Calibration { slope: 1.25, offset: -0.5 },
            identity_terms: label == Label::Spam,
        };
        let rows = (0..1u32 << 8).map(|bucket| (bucket, std::array::from_fn(|lane| (bucket as usize * 7 + lane * 5) as i8)));
        let table = Table::new(8, rows).expect("rows are in order");
        Model::from_parts(Parts {
            name: "tiny".into(),
            hash_bits: 8,
            voices: vec![
                Voice {
                    language: Language::Eng,
                    heads: vec![head(Label::Spam, -1.0), head(Label::Insult, 0.5)],
                    table: table.clone(),
                },
                Voice { language: Language::Zho, heads: vec![head(Label::Spam, -2.0)], table },
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
            let spoken = ["English", "Chinese", "Russian"].contains(&scores.language());
            assert_eq!(scores.get(Label::Spam).is_some(), spoken, "{}", scores.language());
            assert!(scores.iter().all(|(_, score)| (0.0..=1.0).contains(&score)));
        }
    }
}
