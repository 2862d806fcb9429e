//! The words of a text in each way it reads, with their places in it: as written, in normal form, in disguise.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::deobfuscate::{seen_through, single_letter, without_accents};
use super::link::Addresses;
use super::text::{Whole, is_invisible, is_plain};

/// The fewest single letters in a row that are taken for a spaced-out word: with nothing but white space between them,
const MIN_SPACED: usize = 3;
/// with the same marks beside each, as lists have them,
const MIN_MARKED: usize = 4;
/// and with different marks.
const MIN_MIXED: usize = 5;
/// A single letter with marks around it is no longer than this.
const MAX_SINGLE_BYTES: usize = 4;
/// From so many of one letter in a row on they are stretched: no word has them.
const STRETCHED: usize = 3;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub text: String,
    /// The bytes of the text that it covers.
    pub at: Range<usize>,
    /// How its text is compared.
    pub written: Written,
}

/// How a word is written, so that it can be compared with the word meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As it is meant.
    Plainly,
    /// In disguise: its text is what [`skeleton`](super::deobfuscate::skeleton) makes of the word meant.
    Disguised,
    /// With [`MASK`] in place of one letter.
    Masked,
}

/// Stands for one letter in the text of a word that is [`Written::Masked`].
pub const MASK: char = '*';
/// The fewest letters of a word of which one is masked.
pub const MIN_MASKED: usize = 4;
/// Symbols that mask a letter.
const MASKS: &str = "*#%•●■█▪✱∗";

/// Marks that are part of a word by UAX #29 where a letter follows, although many people leave no space behind them.
const WITHIN_WORDS: &str = ".:_'·‧‿⁀";
/// The fewest letters of one of the words that such marks join.
const MIN_JOINED: usize = 3;

/// Returns the words of a text in each way it reads, at least as it is written. The ways beyond that are few, and left out
/// where they would be the same.
pub fn readings(text: &str) -> Vec<Vec<Word>> {
    let mut readings = vec![words(text).filter(|word| is_whole(text, &word.at)).collect()];
    let whole = Whole::read(text, |c| c);
    let normal = whole.as_str();
    if !is_plain(text) && normal != text.to_lowercase() {
        readings.push(words(normal).collect());
    }
    for most in [STRETCHED - 1, 1] {
        let mut reader = Reader { normal, most, ..Reader::default() };
        reader.read();
        let is_stretched = reader.is_stretched;
        if reader.differs {
            readings.push(reader.words);
        }
        if !is_stretched {
            break;
        }
    }
    readings.extend(loosely_typed(normal));
    for word in readings.iter_mut().skip(1).flatten() {
        word.at = whole.span(word.at.clone());
    }
    readings.extend(Some(reversed(text)).filter(|words| !words.is_empty()));
    readings
}

fn words(text: &str) -> impl Iterator<Item = Word> {
    text.unicode_word_indices().map(|(at, word)| Word::plain(word, at))
}

impl Word {
    fn plain(word: &str, at: usize) -> Self {
        Self { text: folded(word), at: at..at + word.len(), written: Written::Plainly }
    }
}

/// Returns a word in the form in which words are compared whatever their case: with full case folding, so that "ß" is "ss".
/// The dotless i stays, which makes other words.
pub fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let fold = |c: char| c.to_uppercase().flat_map(char::to_lowercase);
    let lower = word.to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for c in lower.chars() {
        if c == 'ı' { folded.push(c) } else { folded.extend(fold(c)) }
    }
    folded
}

/// Returns whether a word does not go on behind characters that nobody sees.
fn is_whole(text: &str, at: &Range<usize>) -> bool {
    let (before, after) = (&text[..at.start], &text[at.end..]);
    let (seen_before, seen_after) = (before.trim_end_matches(is_invisible), after.trim_start_matches(is_invisible));
    let goes_on_before = seen_before.len() < before.len() && seen_before.ends_with(char::is_alphanumeric);
    let goes_on_after = seen_after.len() < after.len() && seen_after.starts_with(char::is_alphanumeric);
    !goes_on_before && !goes_on_after
}

/// Returns the words of a text in normal form where marks between them are no part of them, with accents left out that
/// disguise them, and words with a masked letter. Returns `None` if the text has nothing of the kind.
fn loosely_typed(normal: &str) -> Option<Vec<Word>> {
    let is_suspect = |c: char| !c.is_ascii() || WITHIN_WORDS.contains(c) || MASKS.contains(c);
    if !normal.contains(is_suspect) {
        return None;
    }
    let (mut all, mut differs) = (Vec::new(), false);
    for piece in normal.split_whitespace() {
        let begin = piece.as_ptr().addr() - normal.as_ptr().addr();
        if let Some((text, at)) = masked(piece) {
            all.push(Word { text, at: begin + at.start..begin + at.end, written: Written::Masked });
            differs = true;
            continue;
        }
        let addresses: Vec<Range<usize>> = match piece.contains('.') {
            true => Addresses::of(piece).map(|address| address.at().clone()).collect(),
            false => Vec::new(),
        };
        for (at, word) in piece.unicode_word_indices() {
            // Of those that begin before the word's end the last: they do not overlap.
            let next = addresses.partition_point(|address| address.start < at + word.len());
            let in_address =
                next.checked_sub(1).and_then(|last| addresses.get(last)).is_some_and(|address| address.contains(&at));
            let parts = if in_address { vec![(0, word)] } else { apart(word) };
            differs |= parts.len() != 1 || parts.iter().any(|(_, part)| part.len() < word.len());
            for (offset, part) in parts {
                let mut part = Word::plain(part, begin + at + offset);
                if let Some(bare) = without_accents(&part.text) {
                    part.text = bare;
                    differs = true;
                }
                all.push(part);
            }
        }
    }
    differs.then_some(all)
}

/// Returns the words that marks join to one, with their places in it. Beside an apostrophe one or two letters are no word.
fn apart(word: &str) -> Vec<(usize, &str)> {
    let is_joined = |(at, c): (usize, char)| {
        let beside = |c: Option<char>| c.is_none_or(char::is_alphabetic);
        WITHIN_WORDS.contains(c) && (beside(word[..at].chars().next_back()) || beside(word[at + c.len_utf8()..].chars().next()))
    };
    if !word.contains(|c| WITHIN_WORDS.contains(c)) {
        return vec![(0, word)];
    }
    let (mut parts, mut from, mut apostrophe) = (Vec::new(), 0, false);
    let ends = word.char_indices().filter(|mark| is_joined(*mark)).chain(std::iter::once((word.len(), ' ')));
    for (at, mark) in ends {
        let part = &word[from..at];
        let is_short = (apostrophe || mark == '\'') && part.chars().nth(MIN_JOINED - 1).is_none();
        if !part.is_empty() && !is_short {
            parts.push((from, part));
        }
        apostrophe = mark == '\'';
        from = at + mark.len_utf8();
    }
    if parts.iter().any(|(_, part)| part.chars().nth(MIN_JOINED - 1).is_some()) { parts } else { vec![(0, word)] }
}

/// Returns the word of which a symbol masks one letter, with its place in the piece.
fn masked(piece: &str) -> Option<(String, Range<usize>)> {
    let is_mask = |c: char| MASKS.contains(c);
    let core = core(piece);
    let at = core.find(is_mask)?;
    let (before, rest) = core.split_at(at);
    let after = rest.trim_start_matches(is_mask);
    let is_word = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let is_masked = rest.chars().take_while(|c| is_mask(*c)).count() == 1
        && is_word(before)
        && is_word(after)
        && before.chars().count() + after.chars().count() + 1 >= MIN_MASKED;
    let start = core.as_ptr().addr() - piece.as_ptr().addr();
    is_masked.then(|| (folded(&format!("{before}{MASK}{after}")), start..start + core.len()))
}

/// Has what follows be shown from right to left, up to the next of [`OVERRIDE_ENDS`].
const RIGHT_TO_LEFT: char = '\u{202E}';
const OVERRIDE_ENDS: [char; 4] = ['\u{202C}', '\u{202D}', '\u{2029}', '\n'];

/// Returns the words that are shown from right to left, as they are read.
fn reversed(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices(RIGHT_TO_LEFT) {
        let begin = at + RIGHT_TO_LEFT.len_utf8();
        let rest = &text[begin..];
        // Another override goes on by itself.
        let run = &rest[..rest.find(|c| c == RIGHT_TO_LEFT || OVERRIDE_ENDS.contains(&c)).unwrap_or(rest.len())];
        let whole = Whole::read(run, |c| c);
        let first = all.len();
        all.extend(words(whole.as_str()).map(|word| {
            let of_run = whole.span(word.at);
            let at = begin + of_run.start..begin + of_run.end;
            Word { text: word.text.chars().rev().collect(), at, ..word }
        }));
        if let Some(words) = all.get_mut(first..) {
            words.reverse();
        }
    }
    all
}

/// Reads a text in normal form and sees through disguises.
#[derive(Default)]
struct Reader<'t> {
    normal: &'t str,
    /// How many of a stretched letter are left.
    most: usize,
    /// Most letters are Latin.
    latin: bool,
    words: Vec<Word>,
    /// Single letters in a row, and where they stand.
    spaced: Vec<(char, &'t str)>,
    spaced_at: Range<usize>,
    /// Something reads in another way than it is written.
    differs: bool,
    /// A stretched letter was met.
    is_stretched: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        let normal = self.normal;
        let mut row = 0;
        let mut reads_otherwise = |piece| {
            row = if is_single(piece) { row + 1 } else { 0 };
            row >= MIN_SPACED || is_odd(piece)
        };
        if normal.is_ascii() && !normal.split_ascii_whitespace().any(&mut reads_otherwise) {
            return;
        }
        let letters = normal.chars().filter(|c| c.is_alphabetic()).count();
        self.latin = 2 * normal.bytes().filter(u8::is_ascii_lowercase).count() > letters;
        for piece in normal.split_whitespace() {
            let begin = piece.as_ptr().addr() - normal.as_ptr().addr();
            if piece.len() <= MAX_SINGLE_BYTES
                && let Some(letter) = single_letter(piece)
            {
                let start = if self.spaced.is_empty() { begin } else { self.spaced_at.start };
                self.spaced_at = start..begin + piece.len();
                self.spaced.push((letter, piece));
            } else {
                self.end_spaced();
                self.piece(piece, begin);
            }
        }
        self.end_spaced();
    }

    /// Reads what stands between white space.
    fn piece(&mut self, piece: &str, begin: usize) {
        let core = core(piece);
        let is_address = piece.contains('.') && Addresses::of(piece).next().is_some();
        let meant = if is_address || !is_odd(piece) { None } else { seen_through(core, self.latin) };
        if let Some(text) = meant {
            let start = begin + core.as_ptr().addr() - piece.as_ptr().addr();
            let text = self.shortened(&text).unwrap_or(text);
            self.words.push(Word { text: folded(&text), at: start..start + core.len(), written: Written::Disguised });
            self.differs = true;
            return;
        }
        for mut word in words(piece) {
            word.at = begin + word.at.start..begin + word.at.end;
            if let Some(shortened) = self.shortened(&word.text) {
                word.text = shortened;
                self.differs = true;
            }
            self.words.push(word);
        }
    }

    /// Returns a word with stretched letters shortened, or `None` if it has none.
    fn shortened(&mut self, word: &str) -> Option<String> {
        if !is_stretched(word) {
            return None;
        }
        self.is_stretched = true;
        let mut short = String::with_capacity(word.len());
        let mut rest = word.chars().peekable();
        while let Some(c) = rest.next() {
            let mut run = 1;
            while rest.next_if_eq(&c).is_some() {
                run += 1;
            }
            let kept = if run >= STRETCHED && c.is_alphabetic() { self.most } else { run };
            short.extend(std::iter::repeat_n(c, kept));
        }
        Some(short)
    }

    /// Returns whether the row of single letters is a word and no list or initials.
    fn is_spaced_out(&self) -> bool {
        let beside: Vec<(&str, &str)> = self.spaced.iter().map(|(_, piece)| marks(piece)).collect();
        // What stands before the first and behind the last is the sentence's.
        let (first, last) =
            (beside.iter().skip(1).map(|(before, _)| *before), beside.iter().rev().skip(1).map(|(_, behind)| *behind));
        let is_bare = first.clone().chain(last.clone()).all(str::is_empty);
        let same = |mut all: Box<dyn Iterator<Item = &str> + '_>| {
            let one = all.next();
            all.all(|other| Some(other) == one)
        };
        let is_same = same(Box::new(first)) && same(Box::new(last));
        beside.len()
            >= if is_bare {
                MIN_SPACED
            } else if is_same {
                MIN_MARKED
            } else {
                MIN_MIXED
            }
    }

    /// Ends a row of single letters: as one word if there are enough of them.
    fn end_spaced(&mut self) {
        let at = self.spaced_at.clone();
        if self.is_spaced_out() {
            let text = std::mem::take(&mut self.spaced).into_iter().map(|(letter, _)| letter).collect();
            self.words.push(Word { text, at, written: Written::Disguised });
            self.differs = true;
        } else if !self.spaced.is_empty() {
            self.spaced.clear();
            let row = self.normal.get(at.clone()).unwrap_or_default();
            let within = words(row).map(|word| Word { at: at.start + word.at.start..at.start + word.at.end, ..word });
            self.words.extend(within);
        }
    }
}

/// Returns the marks before and behind a single letter.
fn marks(piece: &str) -> (&str, &str) {
    let is_mark = |c: char| c.is_ascii_punctuation() && !"@$".contains(c);
    let behind = piece.trim_start_matches(is_mark);
    (&piece[..piece.len() - behind.len()], behind.trim_start_matches(|c| !is_mark(c)))
}

/// Returns whether a piece is a single letter, with punctuation or without.
fn is_single(piece: &str) -> bool {
    piece.len() <= MAX_SINGLE_BYTES && single_letter(piece).is_some()
}

/// Returns what is left of a piece without the punctuation around it.
fn core(piece: &str) -> &str {
    piece.trim_matches(|c: char| c.is_ascii_punctuation() && !"@$".contains(c))
}

/// Returns whether a piece is neither a number nor mere letters with punctuation around them.
fn is_odd(piece: &str) -> bool {
    let core = core(piece);
    let all = |is: fn(&u8) -> bool| core.bytes().all(|byte| is(&byte));
    core.len() > 1 && (is_stretched(core) || !all(u8::is_ascii_lowercase) && !all(u8::is_ascii_digit))
}

/// Returns whether a word has a letter so often in a row as no word has it.
fn is_stretched(word: &str) -> bool {
    let mut run = 1;
    word.chars().zip(word.chars().skip(1)).any(|(before, c)| {
        run = if before == c && c.is_alphabetic() { run + 1 } else { 1 };
        run >= STRETCHED
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Vec<&str>> {
        let places = |reading: Vec<Word>| reading.into_iter().map(|word| &text[word.at]).collect();
        readings(text).into_iter().map(places).collect()
    }

    #[test]
    fn an_ordinary_text_reads_in_one_way() {
        assert_eq!(all("Buy it now, Ada! (Or not.)"), [["Buy", "it", "now", "Ada", "Or", "not"]]);
    }

    #[test]
    fn words_are_where_they_stand_however_they_read() {
        let text = "so Vi\u{200B}agra v i a g r a v1agra Soooo é";
        let found = readings(text);
        let place = |word: &str| {
            let of = found.iter().flatten().filter(|found| found.text == word).map(|word| &text[word.at.clone()]);
            of.collect::<Vec<_>>()
        };
        assert!(place("viagra").contains(&"Vi\u{200B}agra"));
        assert!(place("viagra").contains(&"v i a g r a") && place("viagra").contains(&"v1agra"));
        assert!(place("soo").contains(&"Soooo") && place("so").contains(&"Soooo"));
        assert!(found.len() <= 4);
    }
}
