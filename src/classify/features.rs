//! Turns a comment into hashed features. Training, scoring and explaining all go through [`extract`].

use isolang::Language;

use super::Input;
use super::author;
use super::disguise;
use super::hash::join;
use super::lexicon::{self, Classes, WordSet};
use super::manner::Manner;
use super::quote;
use super::scope::{self, Mark};
use super::shape;
use super::signal::{self, Facts, Signal, few};
use super::text::Text;
use super::token::{Kind, Piece, Token, Tokens};
use super::words;

/// Features are brought to a length of their own per group, so that a long text's many n-grams do not drown its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Group {
    Words,
    Chars,
    Shape,
    Dense,
    Author,
    /// How the comment fits its post.
    Post,
    /// Marks of scope: hostile words, of whom they are said, and what surrounds them. Spam's head does without.
    Scope,
    /// Identity terms themselves: which group of people is spoken of. Heads for abuse do without.
    Identity,
}

impl Group {
    /// How many groups there are.
    pub const COUNT: usize = 8;
}

/// The part of a feature's use that counts in what speaks for a label, `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// For spam.
    pub spam: f32,
    /// For abuse, where what is quoted, or said of things, counts less.
    pub abuse: f32,
}

impl From<f32> for Amount {
    fn from(all: f32) -> Self {
        Self { spam: all, abuse: all }
    }
}

impl Amount {
    /// Returns the larger part of both.
    fn max(self, other: Amount) -> Amount {
        Amount { spam: self.spam.max(other.spam), abuse: self.abuse.max(other.abuse) }
    }
}

/// Where features go.
pub trait Sink {
    /// Takes one occurrence of a feature that counts `amount`; tells whether it is the first.
    fn add(&mut self, group: Group, hash: u64, amount: impl Into<Amount>, evidence: Evidence) -> bool;

    /// Takes a feature that names somebody or some place: a domain, a word of a name or of an address. In the groups that
    /// describe form, only these are of one site; the others say what comments look like anywhere.
    fn add_name(&mut self, group: Group, hash: u64, amount: impl Into<Amount>, evidence: Evidence) -> bool {
        self.add(group, hash, amount, evidence)
    }

    /// Whether the feature has occurred.
    fn contains(&self, group: Group, hash: u64) -> bool;
}

/// What a feature is evidence of; `start..end` are bytes of the normalised text.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    pub what: What,
    pub start: u16,
    pub end: u16,
}

/// The kinds of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A token, or characters within it.
    Token,
    /// Two neighbouring tokens.
    Pair,
    /// A piece of text that reads differently from how it is written.
    Disguise,
    /// Digits that look like a telephone number.
    Phone,
    /// A dense signal at a level.
    Signal(Signal, u8),
    /// The author's name.
    AuthorName,
    /// The author's web address.
    AuthorUrl,
    /// The domain of the author's e-mail address.
    AuthorEmail,
    /// How many of its words are the post's.
    OfPost,
    /// Something hostile or kind that is said of somebody.
    Scope(Mark),
    /// How hostile the comment is on the whole.
    Hostility,
}

/// Buffers that extraction needs. Reused from call to call.
#[derive(Default)]
pub struct Workspace {
    pub text: Text,
    pub tokens: Tokens,
    side_text: Text,
    side_tokens: Tokens,
    post_words: WordSet,
    disguise: disguise::Buffers,
    scope: scope::Buffers,
}

// Seeds of the feature families, here and in `disguise` (0x1D), `shape` (0x32 to 0x39) and `author` (0x51 to 0x5F). Changing one changes what a
// trained weight means: then the format version must rise.
pub const UNIGRAM: u64 = 0x11;
const BIGRAM: u64 = 0x12;
const SHOUTED: u64 = 0x13;
const FIRST: u64 = 0x14;
const SECOND: u64 = 0x15;
const LAST: u64 = 0x16;
const NEGATED: u64 = 0x17;
const QUOTED: u64 = 0x18;
const BEFORE_YOU: u64 = 0x19;
const AFTER_YOU: u64 = 0x1A;
const NEAR_IDENTITY: u64 = 0x1B;
const PAIR_NEAR_IDENTITY: u64 = 0x1C;
pub const GRAM: u64 = 0x21;
pub const DOMAIN: u64 = 0x31;
pub const LINK_WORD: u64 = 0x35;
const SIGNAL: u64 = 0x41;
const OF_POST: u64 = 0x42;
const THEME: u64 = 0x61;
const THEME_PAIR: u64 = 0x62;

/// So many consonants in a row cannot be pronounced in most languages.
const GARBLED: u64 = 5;
/// How many words a negator reaches.
const NEGATION_REACH: usize = 3;
/// How many tokens further a theme still reaches.
const THEME_REACH: usize = 4;
/// How many tokens on either side are near "you" or an identity term.
const NEAR: usize = 4;
/// Words of emoji's names that say what kind of picture it is.
const NO_NAMES: [&str; 6] = ["", "face", "with", "of", "and", "sign"];

/// How much a word that the post itself uses counts in what speaks for a label: on a post about idiots the word is no
/// insult yet. What speaks against it counts in full.
const SHARED_WITH_POST: f32 = 0.25;
/// Longer titles, names and addresses are cut; of the post only the beginning is compared.
pub const MAX_SIDE_BYTES: usize = 2_000;

/// Reads a comment into the workspace.
pub fn read(input: &Input, work: &mut Workspace) {
    let Workspace { text, tokens, side_text, .. } = work;
    text.read(input.text);
    tokens.read(text);
    quote::weigh(input, text, tokens, side_text);
}

/// Extracts every feature of the comment that was read into the workspace, and tells what it is like besides.
pub fn extract(input: &Input, language: Language, work: &mut Workspace, sink: &mut impl Sink) -> Manner {
    let Workspace { text, tokens, side_text, side_tokens, post_words, disguise, scope } = work;
    post_words.clear();
    for post in [input.post_title, input.post_text] {
        collect_content_words(post, side_text, side_tokens, post_words);
    }
    if language != Language::Eng {
        tokens.classify_in(words::of(language));
    }
    scope::extract(text, tokens, language, scope, sink);
    let comment = Comment { text: text.as_str(), tokens: &tokens.tokens, post_words };

    let mut facts = Facts {
        bytes: comment.text.len(),
        counts: tokens.counts,
        longest_run: text.longest_run(),
        invisible: text.invisible(),
        disguised: u32::from(text.styled() > 0),
        ..Facts::default()
    };
    comment.words(sink, &mut facts);
    comment.windows(sink);
    comment.themes(sink);
    for piece in &tokens.pieces {
        comment.grams(piece, sink);
    }
    facts.disguised += disguise::extract(comment.text, &tokens.pieces, language, disguise, sink);
    shape::extract(comment.text, comment.tokens, sink);
    for (signal, level) in signal::levels(&facts) {
        let hash = join(SIGNAL, (signal as u64) << 8 | u64::from(level));
        sink.add(Group::Dense, hash, 1.0, Evidence { what: What::Signal(signal, level), start: 0, end: 0 });
    }
    comment.post(&facts, sink);
    let body = author::Body {
        text: comment.text,
        tokens: comment.tokens,
        words: facts.words,
        links: facts.links,
        praise: facts.praise,
    };
    let name = input.author.and_then(|author| author::extract(&author, &body, side_text, side_tokens, sink));
    Manner { generic_praise: facts.generic.is_generic(), of_post: facts.generic.is_of_post(), name }
}

struct Comment<'a> {
    text: &'a str,
    tokens: &'a [Token],
    post_words: &'a WordSet,
}

impl Comment<'_> {
    /// Words and pairs of words, shouted words, words by position; counts what the signals need.
    fn words(&self, sink: &mut impl Sink, facts: &mut Facts) {
        let mut previous = (lexicon::WORD_SEED, Amount::from(1.0), 0);
        let mut words = 0;
        for token in self.tokens {
            let amount = self.amount(token);
            let of_post = amount.spam < 1.0;
            facts.generic.add(token, of_post);
            if is_content(token) {
                facts.content += 1;
                facts.generic_words += u32::from(token.classes.has(Classes::PRAISE) || token.classes.has(Classes::OF_BLOGS));
                facts.of_post += u32::from(of_post);
            }
            let evidence = at_token(token);
            // Of whom a comment speaks is no evidence; what it says of them is.
            let group = if token.classes.has(Classes::IDENTITY) { Group::Identity } else { Group::Words };
            let first_time = sink.add(group, join(UNIGRAM, token.hash), amount, evidence);
            let pair = Evidence { what: What::Pair, start: previous.2, end: token.end };
            sink.add(Group::Words, join(join(BIGRAM, previous.0), token.said), amount.max(previous.1), pair);
            previous = (token.said, amount, token.start);
            match token.kind {
                Kind::Word => {
                    words += 1;
                    self.oddities(token, facts);
                    facts.distinct_words += u32::from(first_time);
                    facts.word_bytes += u32::from(token.end - token.start);
                    facts.you += u32::from(token.classes.has(Classes::YOU));
                    facts.i += u32::from(token.classes.has(Classes::I));
                    facts.calls += u32::from(token.classes.has(Classes::CALL));
                    facts.places += u32::from(token.classes.has(Classes::PLACE));
                    facts.wares += u32::from(token.classes.has(Classes::WARES));
                    facts.praise += u32::from(token.classes.has(Classes::PRAISE));
                    facts.harm += u32::from(token.classes.has(Classes::HARM));
                    facts.contempt += u32::from(token.classes.has(Classes::CONTEMPT));
                    if token.shouted {
                        facts.shouted += 1;
                        sink.add(Group::Words, join(SHOUTED, token.said), amount, evidence);
                    }
                    match words {
                        1 => _ = sink.add(Group::Words, join(FIRST, token.said), amount, evidence),
                        2 => _ = sink.add(Group::Words, join(SECOND, token.said), amount, evidence),
                        _ => {}
                    }
                }
                Kind::Mark => {
                    let run = u32::from(token.end - token.start);
                    facts.braces += u32::from(matches!(self.text.as_bytes()[usize::from(token.start)], b'{' | b'}' | b'|'));
                    match self.text.as_bytes()[usize::from(token.start)] {
                        b'!' => facts.exclamations += run,
                        b'?' => facts.questions += run,
                        _ => {}
                    }
                }
                Kind::Link => facts.links += 1,
                Kind::Emoji => {
                    facts.emoji += 1;
                    self.emoji_name(token, amount, sink);
                }
                _ => {}
            }
        }
        facts.words = words;
        if let Some(last) = self.tokens.iter().rfind(|token| token.kind == Kind::Word) {
            sink.add(Group::Words, join(LAST, last.said), self.amount(last), at_token(last));
        }
        facts.opening = self.tokens.first().map_or(0, |token| self.form(token));
        facts.closing = self.tokens.last().map_or(0, |token| self.form(token));
    }

    /// Adds the words of an emoji's name, as if they had been written.
    fn emoji_name(&self, token: &Token, amount: Amount, sink: &mut impl Sink) {
        let written = &self.text[usize::from(token.start)..usize::from(token.end)];
        let names = emojis::get(written).map_or("", emojis::Emoji::name).split([' ', '-']);
        for word in names.filter(|word| !NO_NAMES.contains(word)) {
            sink.add(Group::Words, join(UNIGRAM, lexicon::word_hash(word.as_bytes())), amount, at_token(token));
        }
    }

    /// Words under negation, in quotes, near "you", near an identity term.
    fn windows(&self, sink: &mut impl Sink) {
        let mut quoted = false;
        let mut negated = 0;
        for (at, token) in self.tokens.iter().enumerate() {
            if token.kind == Kind::Mark {
                let mark = &self.text[usize::from(token.start)..usize::from(token.end)];
                quoted ^= mark == "\"";
                // A negation does not reach beyond its clause.
                negated = if matches!(mark, "." | "!" | "?" | ";" | ",") { 0 } else { negated };
                continue;
            }
            let mut add = |seed| {
                sink.add(Group::Words, join(seed, token.said), self.amount(token), at_token(token));
            };
            if quoted {
                add(QUOTED);
            }
            if negated > 0 {
                negated -= 1;
                add(NEGATED);
            }
            if token.classes.has(Classes::NEGATOR) {
                negated = NEGATION_REACH;
            }
            if token.classes.has(Classes::YOU) {
                self.near(at, BEFORE_YOU, AFTER_YOU, sink);
            }
            if token.classes.has(Classes::IDENTITY) {
                self.near(at, NEAR_IDENTITY, NEAR_IDENTITY, sink);
                self.pairs_near_identity(at, sink);
            }
        }
    }

    /// Pairs of word classes that stand close together: what "kill all X" and "hang every Y" share.
    fn themes(&self, sink: &mut impl Sink) {
        // The last few words that belong to a theme: class and place among the tokens.
        let mut recent = [(0u64, usize::MAX, 0u16); 4];
        let mut next = 0;
        for (at, token) in self.tokens.iter().enumerate() {
            if token.classes == Classes::default() {
                continue;
            }
            for (theme, class) in Classes::THEMES.iter().enumerate() {
                if !token.classes.has(*class) {
                    continue;
                }
                let theme = theme as u64 + 1;
                let evidence = at_token(token);
                if *class != Classes::IDENTITY {
                    sink.add(Group::Words, join(THEME, theme), 1.0, evidence);
                }
                for (before, place, start) in recent {
                    if place < at && at - place <= THEME_REACH {
                        let pair = Evidence { what: What::Pair, start, end: token.end };
                        sink.add(Group::Words, join(join(THEME_PAIR, before), theme), 1.0, pair);
                    }
                }
                recent[next % recent.len()] = (theme, at, token.start);
                next += 1;
            }
        }
    }

    fn near(&self, at: usize, before: u64, after: u64, sink: &mut impl Sink) {
        for token in &self.tokens[at.saturating_sub(NEAR)..at] {
            sink.add(Group::Words, join(before, token.said), self.amount(token), at_token(token));
        }
        for token in self.tokens[at + 1..].iter().take(NEAR) {
            sink.add(Group::Words, join(after, token.said), self.amount(token), at_token(token));
        }
    }

    /// Pairs of words around an identity term, with every such term replaced by one and the same stand-in: what is
    /// said counts, not of whom.
    fn pairs_near_identity(&self, at: usize, sink: &mut impl Sink) {
        let end = (at + NEAR + 1).min(self.tokens.len());
        for pair in self.tokens[at.saturating_sub(NEAR)..end].windows(2) {
            let hash = join(join(PAIR_NEAR_IDENTITY, pair[0].said), pair[1].said);
            let evidence = Evidence { what: What::Pair, start: pair[0].start, end: pair[1].end };
            sink.add(Group::Words, hash, self.said(&pair[0]).max(self.said(&pair[1])), evidence);
        }
    }

    /// Runs of four characters within a piece, with a space before and after it.
    fn grams(&self, piece: &Piece, sink: &mut impl Sink) {
        let (start, end) = (usize::from(piece.start), usize::from(piece.end));
        let text = &self.text[start..end];
        let group = if piece.identity { Group::Identity } else { Group::Chars };
        let shared = if self.post_words.is_empty() {
            1.0
        } else {
            self.shared(lexicon::word_hash(text.trim_matches(|c: char| c.is_ascii_punctuation()).as_bytes()))
        };
        let amount = Amount { spam: shared, abuse: shared.min(piece.weight) };
        // The last three characters, 21 bits each, and where they and the one before them begin.
        let mut window = u64::from(b' ') << 42;
        let mut starts = [start; 4];
        let mut seen = 1;
        let chars = text.char_indices().map(|(at, c)| (start + at, c)).chain([(end, ' ')]);
        for (at, c) in chars {
            seen += 1;
            if seen >= 4 {
                let hash = join(join(GRAM, window), u64::from(c));
                let stop = (at + c.len_utf8()).min(end);
                let evidence = Evidence { what: What::Token, start: starts[1] as u16, end: stop as u16 };
                sink.add(group, hash, amount, evidence);
            }
            window = window >> 21 | u64::from(c) << 42;
            starts = [starts[1], starts[2], starts[3], at];
        }
        if seen < 4 {
            let evidence = Evidence { what: What::Token, start: piece.start, end: piece.end };
            sink.add(group, join(GRAM, window), amount, evidence);
        }
    }

    /// Counts words of more than one script, and those that nobody can pronounce.
    fn oddities(&self, token: &Token, facts: &mut Facts) {
        let word = &self.text[usize::from(token.start)..usize::from(token.end)];
        let mut only_latin = true;
        if !word.is_ascii() {
            let latin = word.bytes().filter(u8::is_ascii_alphabetic).count();
            let foreign = word.chars().any(|c| ('\u{370}'..'\u{1E00}').contains(&c) && c.is_alphabetic());
            facts.mixed += u32::from(latin > 0 && foreign);
            only_latin = word.chars().filter(|c| c.is_alphabetic()).count() == latin;
        }
        // Shorter words have no room for so many.
        if only_latin && word.len() as u64 >= GARBLED {
            facts.garbled += u32::from(shape::longest_consonants(word) >= GARBLED);
        }
    }

    /// How many of the words are the post's, where the post is known.
    fn post(&self, facts: &Facts, sink: &mut impl Sink) {
        if self.post_words.is_empty() {
            return;
        }
        let evidence = Evidence { what: What::OfPost, start: 0, end: 0 };
        let (hits, length) = (u64::from(few(facts.of_post)), u64::from(few(facts.content)));
        let praised = u64::from(few(facts.praise));
        sink.add(Group::Post, join(OF_POST, hits), 1.0, evidence);
        sink.add(Group::Post, join(OF_POST, 1 << 16 | hits << 4 | length), 1.0, evidence);
        sink.add(Group::Post, join(OF_POST, 2 << 16 | u64::from(facts.of_post > 0) << 4 | praised), 1.0, evidence);
        sink.add(
            Group::Post,
            join(OF_POST, 3 << 16 | u64::from(facts.of_post > 0) << 4 | u64::from(few(facts.links))),
            1.0,
            evidence,
        );
    }

    /// What kind of token opens or closes the comment.
    fn form(&self, token: &Token) -> u8 {
        match token.kind {
            Kind::Word if token.shouted => 1,
            Kind::Mark => 0x80 | self.text.as_bytes()[usize::from(token.start)] & 0x7F,
            kind => 2 + kind as u8,
        }
    }

    /// How much a word counts.
    #[inline]
    fn amount(&self, token: &Token) -> Amount {
        let shared = self.shared(token.hash);
        Amount { spam: shared, abuse: shared.min(token.weight) }
    }

    /// How much a word counts that the post may use as well.
    fn said(&self, token: &Token) -> Amount {
        Amount { spam: 1.0, abuse: token.weight }
    }

    #[inline]
    fn shared(&self, word: u64) -> f32 {
        if !self.post_words.is_empty() && self.post_words.contains(&word) { SHARED_WITH_POST } else { 1.0 }
    }
}

/// A token as evidence.
pub fn at_token(token: &Token) -> Evidence {
    Evidence { what: What::Token, start: token.start, end: token.end }
}

fn is_content(token: &Token) -> bool {
    token.kind == Kind::Word && token.end - token.start >= 3 && !token.classes.has(Classes::FUNCTION)
}

fn collect_content_words(source: &str, text: &mut Text, tokens: &mut Tokens, words: &mut WordSet) {
    if source.is_empty() {
        return;
    }
    text.read(cut(source, MAX_SIDE_BYTES));
    tokens.read(text);
    words.extend(tokens.tokens.iter().filter(|token| is_content(token)).map(|token| token.hash));
}

/// Returns the text up to the character boundary before this byte.
pub fn cut(source: &str, most: usize) -> &str {
    &source[..source.floor_char_boundary(most)]
}
