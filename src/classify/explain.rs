//! Explains a score: which words, links and signals spoke for and against a label, and by how much.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;
use isolang::Language;

use super::features::{self, Amount, Evidence, Group, Sink, What, Workspace};
use super::lexicon::Classes;
use super::model::{Model, Scratch};
use super::tally::{Feature, Tally};
use super::token::{Kind, Token};
use super::{Input, Label, link, signal};

/// Longer quotations in a reason are cut.
const MAX_QUOTED_CHARS: usize = 40;

/// Why a comment got its score for one label.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The label that is explained.
    pub label: Label,
    /// The calibrated logit; minus infinity when the model has no such head.
    pub logit: f32,
    /// What moved the logit most, strongest first, for or against.
    pub contributions: Vec<Contribution>,
    /// The bias and everything not listed. Contributions and rest add up to the logit.
    pub rest: f32,
}

/// One piece of evidence.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// In human words: `the word “casino”`.
    pub what: String,
    /// Where it stands: bytes of the comment's text, on character boundaries. None for what is nowhere in particular.
    pub span: Option<Range<usize>>,
    /// Its share of the calibrated logit; positive speaks for the label.
    pub weight: f32,
    /// Whether it is said of the author's name and not of the text.
    pub of_name: bool,
}

/// Counts features like the tally it wraps, and remembers what each occurrence was evidence of.
struct Tracer<'a> {
    tally: &'a mut Tally,
    trace: &'a mut Vec<Occurrence>,
}

/// The index of a feature in the tally, how much it counts, and what it is evidence of.
pub type Occurrence = (usize, Amount, Evidence);

impl Sink for Tracer<'_> {
    fn add(&mut self, group: Group, hash: u64, amount: impl Into<Amount>, evidence: Evidence) -> bool {
        let amount = amount.into();
        let (index, first_time) = self.tally.count(group, hash, amount);
        self.trace.push((index, amount, evidence));
        first_time
    }

    fn contains(&self, group: Group, hash: u64) -> bool {
        self.tally.contains(group, hash)
    }
}

/// What contributions are merged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// Every use of a word counts together.
    Word(u64),
    Pair(u64, u64),
    Link(u16),
    Place(u16, u16),
    Mark(u16, u16),
    Whole(&'static str),
    Signal(signal::Signal),
    /// Words without content of their own, and marks: nobody reads a reason in "the word “a”".
    Common,
}

/// Contributions that are merged into one, under the name and place of the first.
struct Merged {
    key: Key,
    /// The occurrence it began with; settles ties.
    first: usize,
    evidence: Evidence,
    weight: f64,
}

/// See [`Model::explain`].
pub fn explain(
    model: &Model,
    scratch: &mut Scratch,
    input: &Input,
    language: Language,
    labels: &[Label],
    most: usize,
) -> Vec<Explanation> {
    let Scratch { work, tally, trace } = scratch;
    trace.clear();
    features::read(input, work);
    tally.start(input.text.len());
    let mut tracer = Tracer { tally, trace };
    if labels.iter().any(|label| model.head(*label, language).is_some()) {
        features::extract(input, language, work, &mut tracer);
    }
    labels.iter().map(|&label| one(model, scratch, input, (label, language), most)).collect()
}

/// Explains one label by what was traced.
fn one(model: &Model, scratch: &Scratch, input: &Input, (label, language): (Label, Language), most: usize) -> Explanation {
    let Scratch { work, tally, trace } = scratch;
    let Some((voice, head)) = model.head(label, language) else {
        return Explanation { label, logit: f32::NEG_INFINITY, contributions: Vec::new(), rest: f32::NEG_INFINITY };
    };
    // What each use of a feature adds to the logit, in units of the calibrated one; of what speaks for the label only
    // what counts of the use.
    let unit = f64::from(head.calibration.slope * head.scale);
    let factors = tally.factors(model.norms());
    let worth = |feature: &Feature| {
        let counts = head.counts(feature.group as usize);
        let weight = model.weights(voice, feature).filter(|_| counts).map_or(0, |weights| weights[label.lane()]);
        if weight == 0 {
            return 0.0;
        }
        f64::from(weight) * f64::from(feature.value() * factors[feature.group as usize]) / f64::from(feature.times)
    };
    let worth: Vec<f64> = tally.features().iter().map(worth).collect();
    let mut merged: HashMap<Key, Merged, FixedState> =
        HashMap::with_capacity_and_hasher(work.tokens.tokens.len() * 2, FixedState::default());
    for (first, &(index, amount, evidence)) in trace.iter().enumerate() {
        let part = f64::from(if label == Label::Spam { amount.spam } else { amount.abuse });
        let weight = worth.get(index).map_or(0.0, |&worth| unit * if worth > 0.0 { worth * part } else { worth });
        if weight != 0.0 {
            let (key, evidence) = place(evidence, &work.tokens.tokens);
            merged.entry(key).or_insert(Merged { key, first, evidence, weight: 0.0 }).weight += weight;
        }
    }
    let mut all: Vec<Merged> = merged.into_values().collect();
    // Equal weights stay in the order of the text, whatever the order of the map.
    all.sort_unstable_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.first.cmp(&b.first)));
    let bias = f64::from(head.calibration.apply(head.bias));
    let logit = bias + all.iter().map(|merged| merged.weight).sum::<f64>();
    let unlisted: f64 = all.iter().skip(most).map(|merged| merged.weight).sum();
    all.truncate(most);
    let contributions = all.iter().map(|merged| contribution(input, work, merged)).collect();
    Explanation { label, logit: logit as f32, contributions, rest: (bias + unlisted) as f32 }
}

/// What a feature's evidence is merged by, and the token it lies in.
fn place(evidence: Evidence, tokens: &[Token]) -> (Key, Evidence) {
    let Evidence { what, start, end } = evidence;
    match what {
        What::Token => match token_at(tokens, start, end) {
            Some(token) => at_word(token),
            None => (Key::Place(start, end), evidence),
        },
        What::Pair => {
            let token = |at: Result<usize, usize>| at.ok().and_then(|at| tokens.get(at));
            let first = token(tokens.binary_search_by_key(&start, |token| token.start));
            let second = token(tokens.binary_search_by_key(&end, |token| token.end));
            match (first, second) {
                (Some(first), Some(second)) if is_common(first) && is_common(second) => (Key::Common, evidence),
                // What a common word adds to another is said of the other, but not where that names people: then what
                // is said of them counts.
                (Some(first), Some(second)) if is_common(first) && !names_people(second) => at_word(second),
                (Some(first), Some(second)) if is_common(second) && !names_people(first) => at_word(first),
                (first, second) => {
                    let hash = |token: Option<&Token>| token.map_or(0, |token| token.hash);
                    (Key::Pair(hash(first), hash(second)), evidence)
                }
            }
        }
        What::Disguise | What::Phone => (Key::Place(start, end), evidence),
        What::Signal(signal, _) => (Key::Signal(signal.topic()), evidence),
        What::AuthorName => (Key::Whole("name"), evidence),
        What::AuthorUrl => (Key::Whole("url"), evidence),
        What::AuthorEmail => (Key::Whole("email"), evidence),
        What::OfPost => (Key::Whole("post"), evidence),
        What::Scope(_) => (Key::Mark(start, end), evidence),
        What::Hostility => (Key::Whole("hostility"), evidence),
    }
}

fn at_word(token: &Token) -> (Key, Evidence) {
    let key = match token.kind {
        Kind::Link => Key::Link(token.start),
        _ if is_common(token) => Key::Common,
        _ => Key::Word(token.hash),
    };
    (key, Evidence { what: What::Token, start: token.start, end: token.end })
}

fn is_common(token: &Token) -> bool {
    token.kind == Kind::Mark || token.classes.has(Classes::FUNCTION) && !token.classes.has(Classes::YOU)
}

fn names_people(token: &Token) -> bool {
    token.classes.has(Classes::IDENTITY)
}

/// The token that the bytes `start..end` of the normalised text lie in for the most part.
fn token_at(tokens: &[Token], start: u16, end: u16) -> Option<&Token> {
    let first = tokens.partition_point(|token| token.end <= start);
    let overlap = |token: &Token| token.end.min(end).saturating_sub(token.start.max(start));
    let touching = tokens.iter().skip(first).take_while(|token| token.start < end);
    touching.max_by_key(|token| (token.kind == Kind::Word, overlap(token)))
}

fn contribution(input: &Input, work: &Workspace, merged: &Merged) -> Contribution {
    let Evidence { what, start, end } = merged.evidence;
    let span = work.text.span(usize::from(start)..usize::from(end));
    let written = input.text.get(span.clone()).unwrap_or_default();
    let quoted = quote(written);
    let mut located = true;
    let what = match what {
        _ if merged.key == Key::Common => {
            located = false;
            "common words and punctuation".to_owned()
        }
        What::Token => {
            let token = work.tokens.tokens.iter().find(|token| token.start == start && token.end == end);
            match token.map(|token| token.kind) {
                Some(Kind::Link) => format!("the link to {}", quote(link::host(&written.to_lowercase()))),
                Some(Kind::Email) => format!("the e-mail address {quoted}"),
                Some(Kind::Handle) => format!("the mention of {quoted}"),
                Some(Kind::Tag) => format!("the tag {quoted}"),
                Some(Kind::Emoji) => format!("the emoji {quoted}"),
                Some(Kind::Number) => format!("the number {quoted}"),
                Some(Kind::Mark) => format!("the mark “{quoted}”"),
                Some(Kind::Ideograph) => format!("the character “{quoted}”"),
                Some(Kind::Word) | None => format!("the word “{quoted}”"),
            }
        }
        What::Pair => format!("the words “{quoted}”"),
        What::Disguise => format!("the disguised word “{quoted}”"),
        What::Phone => format!("the telephone number {quoted}"),
        What::Signal(signal, level) => {
            located = false;
            signal::describe(signal, level)
        }
        What::AuthorName => {
            located = false;
            format!("the author's name “{}”", quote(input.author.map_or("", |author| author.name)))
        }
        What::AuthorUrl => {
            located = false;
            match input.author.and_then(|author| author.url).unwrap_or_default() {
                "" => "that the author gave no web address".to_owned(),
                url => format!("the author's link to {}", quote(link::host(&url.to_lowercase()))),
            }
        }
        What::AuthorEmail => {
            located = false;
            "the domain of the author's e-mail address".to_owned()
        }
        What::OfPost => {
            located = false;
            "how far it speaks of the post".to_owned()
        }
        What::Scope(mark) => format!("{} “{quoted}”", mark.describe()),
        What::Hostility => {
            located = false;
            "how hostile it is on the whole".to_owned()
        }
    };
    Contribution { what, span: located.then_some(span), weight: merged.weight as f32, of_name: false }
}

/// Text as it may stand in one line of a reason.
fn quote(text: &str) -> String {
    let mut quoted: String =
        text.chars().take(MAX_QUOTED_CHARS).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::classify::model::tests::tiny;
    use crate::classify::{Author, Input, Label, Model};

    fn named(name: &str) -> Option<Author<'_>> {
        Some(Author { name, ..Author::default() })
    }

    fn adds_up(model: &Model, input: &Input) {
        let scores = model.score(input);
        for &label in model.labels() {
            let Some(logit) = scores.logit(label) else { continue };
            for most in [0, 3, usize::MAX] {
                let explanation = model.explain(input, &scores, &[label], most).remove(0);
                assert!((explanation.logit - logit).abs() < 1e-4, "{} {logit}", explanation.logit);
                let listed: f32 = explanation.contributions.iter().map(|contribution| contribution.weight).sum();
                assert!((listed + explanation.rest - logit).abs() < 1e-4);
                for contribution in &explanation.contributions {
                    if let Some(span) = &contribution.span {
                        assert!(input.text.get(span.clone()).is_some_and(|text| !text.is_empty()), "{contribution:?}");
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn contributions_add_up_for_any_text(text in "\\PC{0,120}", title in "\\PC{0,40}", author_name in "\\PC{0,20}") {
            adds_up(&tiny(), &Input { text: &text, post_title: &title, author: named(&author_name), ..Input::default() });
        }

        #[test]
        fn contributions_add_up_for_likely_text(
            words in proptest::collection::vec(
                "(you|idiot|F R E E|v1@gra|not|gay|&amp;|½|e\u{301}|\u{200B}|ﷺ|looool|http://x.com/a|a@b.com|#tag|!!!|\"|555-123-4567|日本|😀)[ \n]?",
                0..40,
            ),
        ) {
            let author = Author { url: Some("http://x.com"), email: "a@b.com", ..Author::default() };
            adds_up(&tiny(), &Input { text: &words.concat(), author: Some(author), ..Input::default() });
        }
    }

    #[test]
    fn reasons_are_human() {
        let text = "CASINO at http://Casino777.example/win?x=1 v1@gra";
        let input = Input { text, author: named("Bob"), ..Input::default() };
        let explanation = tiny().explain(&input, &tiny().score(&input), &[Label::Spam], usize::MAX).remove(0);
        let find = |what: &str| explanation.contributions.iter().find(|contribution| contribution.what == what);
        let word = find("the word “CASINO”").expect("word");
        assert_eq!(word.span, Some(0..6));
        assert!(find("the link to casino777.example").is_some(), "{explanation:?}");
        assert!(find("the disguised word “v1@gra”").is_some());
        assert!(find("common words and punctuation").is_some_and(|contribution| contribution.span.is_none()));
        assert!(find("the word “at”").is_none());
        assert!(find("the author's name “Bob”").is_some_and(|contribution| contribution.span.is_none()));
    }

    #[test]
    fn a_label_without_head_has_no_reasons() {
        let input = Input { text: "x", ..Input::default() };
        let explanation = tiny().explain(&input, &tiny().score(&input), &[Label::Threat], 5).remove(0);
        assert!(explanation.contributions.is_empty());
    }
}
