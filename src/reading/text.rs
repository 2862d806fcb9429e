//! Normalised text that remembers, byte by byte, where in the original it came from.
//!
//! One pass decodes entities, applies NFKC, drops what cannot be seen, lower-cases and shortens stretched letters.
//! ASCII takes a short path. Work is bounded by [`MAX_BYTES`] whatever the input.

use std::iter::once;
use std::ops::Range;

use decancer::Translation;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// How much of a text is read at once; a longer one is cut at the character boundary before this.
pub const MAX_BYTES: usize = 6_000;

/// Normalising can lengthen a text (one Arabic ligature becomes 18 letters): where it stops.
const MAX_NORMALISED: usize = 8_000;

/// Marks kept on one character; stacks of more are decoration meant to break layouts.
const MAX_MARKS: usize = 4;

/// How often one letter may stand in a row: "sooooo" becomes "soo".
const MAX_STRETCH: u16 = 2;

/// No entity that is decoded is longer, with its marks at both ends.
const MAX_ENTITY: usize = 17;

/// Set in an origin when the character was a capital; offsets need fewer than 15 bits.
const CAPITAL: u16 = 1 << 15;

/// A normalised text. Reused from call to call to keep its buffers.
#[derive(Default)]
pub struct Text {
    normalised: String,
    /// For every byte of `normalised` the offset of its character in the original, and one more for the end.
    origin: Vec<u16>,
    last: char,
    run: u16,
    longest_run: u16,
    invisible: u16,
    styled: u16,
}

impl Text {
    /// Replaces the content with the normal form of `source`.
    pub fn read(&mut self, source: &str) {
        self.normalised.clear();
        self.origin.clear();
        (self.last, self.run, self.longest_run, self.invisible, self.styled) = ('\0', 0, 0, 0, 0);
        let end = normalise(&source[..source.floor_char_boundary(MAX_BYTES)], self);
        self.origin.push(end as u16);
    }

    /// The normal form. Its only white space is `' '` and `'\n'`.
    pub fn as_str(&self) -> &str {
        &self.normalised
    }

    /// The part of the original that a part of the normal form came from. Both ends are character boundaries there;
    /// a character that became several is covered whole.
    pub fn span(&self, part: Range<usize>) -> Range<usize> {
        let offset = |at: usize| usize::from(self.origin.get(at).copied().unwrap_or(0) & !CAPITAL);
        let end = self.origin.len().saturating_sub(1);
        let start = offset(part.start.min(end));
        let mut after = part.end.min(end);
        while after < end && offset(after) <= offset(after.saturating_sub(1)) {
            after += 1;
        }
        start..offset(after).max(start)
    }

    /// Whether the character at this byte of the normal form was a capital.
    pub fn is_capital(&self, at: usize) -> bool {
        self.origin.get(at).is_some_and(|origin| origin & CAPITAL != 0)
    }

    /// The longest run of one and the same character other than white space, before shortening.
    pub fn longest_run(&self) -> usize {
        usize::from(self.longest_run)
    }

    /// Returns how many letters are written as symbols, upside down or backwards.
    pub fn styled(&self) -> usize {
        usize::from(self.styled)
    }

    /// How many characters that nobody can see were dropped from behind ASCII letters and digits.
    pub fn invisible(&self) -> usize {
        usize::from(self.invisible)
    }
}

impl Receiver for Text {
    #[inline]
    fn push(&mut self, c: char, at: usize, capital: bool) {
        let c = match c {
            '\n' => '\n',
            c if c.is_whitespace() || c.is_control() => ' ',
            c => c,
        };
        if c == self.last {
            self.run = self.run.saturating_add(1);
            if c != ' ' && c != '\n' {
                self.longest_run = self.longest_run.max(self.run);
            }
            if self.run > MAX_STRETCH && c.is_alphabetic() {
                return;
            }
        } else {
            (self.last, self.run) = (c, 1);
        }
        let origin = at as u16 | if capital { CAPITAL } else { 0 };
        self.normalised.push(c);
        self.origin.resize(self.normalised.len(), origin);
    }

    fn skip(&mut self) {
        // Joiners are ordinary in emoji and in Indic and Arabic script; inside a Latin word they hide something.
        self.invisible += u16::from(self.last.is_ascii_alphanumeric());
    }

    fn style(&mut self) {
        self.styled = self.styled.saturating_add(1);
    }

    fn is_full(&self) -> bool {
        self.normalised.len() >= MAX_NORMALISED
    }
}

/// A symbol without dots. It is ordinary in drawings, so that the model's normal form keeps it; within a word it is a disguise.
const BRAILLE_BLANK: char = '\u{2800}';

/// A text of any length in normal form, its stretched letters as they are.
pub struct Whole {
    normalised: String,
    /// For every byte of `normalised` the offset of its character in the original, and one more for the end. Empty: the same.
    origin: Vec<u32>,
}

impl Whole {
    /// Normalises a text. `also` replaces characters of the normal form.
    pub fn read(source: &str, also: fn(char) -> char) -> Self {
        if is_plain(source) {
            return Self { normalised: source.to_ascii_lowercase(), origin: Vec::new() };
        }
        let normalised = String::with_capacity(source.len());
        let mut out = Collector { whole: Self { normalised, origin: Vec::with_capacity(source.len() + 1) }, also };
        let end = normalise(source, &mut out);
        out.whole.origin.push(end as u32);
        out.whole
    }

    /// Returns the normal form.
    pub fn as_str(&self) -> &str {
        &self.normalised
    }

    /// Returns the part of the original that a part of the normal form came from. Both ends are character boundaries there.
    pub fn span(&self, part: Range<usize>) -> Range<usize> {
        if self.origin.is_empty() {
            return part;
        }
        let offset = |at: usize| self.origin.get(at).map_or(0, |&offset| offset as usize);
        let end = self.origin.len().saturating_sub(1);
        let start = offset(part.start.min(end));
        let mut after = part.end.min(end);
        while after < end && offset(after) <= offset(after.saturating_sub(1)) {
            after += 1;
        }
        start..offset(after).max(start)
    }
}

/// Returns whether the normal form of a text differs from it in nothing but capitals and kinds of white space.
pub fn is_plain(source: &str) -> bool {
    source
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t') && byte != b'&' && byte != b'<' && byte != b'`')
}

/// Gathers a [`Whole`].
struct Collector {
    whole: Whole,
    also: fn(char) -> char,
}

impl Receiver for Collector {
    fn push(&mut self, c: char, at: usize, _: bool) {
        if c == BRAILLE_BLANK {
            return;
        }
        let c = if c.is_whitespace() && c != '\n' { ' ' } else { (self.also)(c) };
        self.whole.normalised.push(c);
        self.whole.origin.resize(self.whole.normalised.len(), at as u32);
    }

    fn skip(&mut self) {}

    fn style(&mut self) {}

    fn is_full(&self) -> bool {
        false
    }
}

/// What takes a normal form, character by character.
trait Receiver {
    /// Takes a character, in lower case, that came from the byte `at`, and whether it was a capital there.
    fn push(&mut self, c: char, at: usize, capital: bool);

    /// Takes note of a character that nobody can see.
    fn skip(&mut self);

    /// Takes note of a letter that is written as a symbol, upside down or backwards.
    fn style(&mut self);

    /// Returns whether there is room for no more.
    fn is_full(&self) -> bool;
}

/// Hands over the normal form of a text; returns how much of it was read.
fn normalise(source: &str, out: &mut impl Receiver) -> usize {
    let bytes = source.as_bytes();
    let flips = !source.is_ascii() && source.chars().filter(|c| is_turned(*c)).nth(MIN_TURNED - 1).is_some();
    let mut at = 0;
    while at < bytes.len() && !out.is_full() {
        let byte = bytes[at];
        if flips && (at == 0 || bytes[at - 1] == b'\n') {
            let line = &source[at..at + source[at..].find('\n').unwrap_or(source.len() - at)];
            if is_upside_down(line) {
                read_backwards(line, at, rotated, out);
                at += line.len();
                continue;
            }
        }
        if byte == RIGHT_TO_LEFT_LEAD && source[at..].starts_with(RIGHT_TO_LEFT) {
            let rest = &source[at + RIGHT_TO_LEFT.len_utf8()..];
            let run = &rest[..rest.find(|c| c == RIGHT_TO_LEFT || OVERRIDE_ENDS.contains(&c)).unwrap_or(rest.len())];
            // Scripts that are written from right to left are shown as they are stored.
            if run.contains(|c: char| c.is_ascii_alphabetic()) {
                read_backwards(run, at, |c| c, out);
                at += RIGHT_TO_LEFT.len_utf8() + run.len();
                continue;
            }
        }
        let alone = byte.is_ascii() && bytes.get(at + 1).is_none_or(u8::is_ascii);
        at += if !alone {
            read_cluster(&source[at..], at, out)
        } else if byte == b'&'
            && let Some((decoded, length)) = decode_entity(&source[at..])
        {
            read_char(decoded, at, out);
            length
        } else if byte == b'<'
            && let Some(length) = line_break(&bytes[at..])
        {
            out.push('\n', at, false);
            length
        } else if is_invisible(char::from(byte)) {
            out.skip();
            1
        } else {
            out.push(char::from(byte.to_ascii_lowercase()), at, byte.is_ascii_uppercase());
            1
        };
    }
    at
}

/// Has what follows be shown from right to left, up to the next of [`OVERRIDE_ENDS`].
const RIGHT_TO_LEFT: char = '\u{202E}';
const RIGHT_TO_LEFT_LEAD: u8 = 0xE2;
const OVERRIDE_ENDS: [char; 5] = ['\u{202C}', '\u{202D}', '\u{2069}', '\u{2029}', '\n'];

/// Reads a part of a line from its end. Each character came from the part as a whole.
fn read_backwards(part: &str, at: usize, shown: fn(char) -> char, out: &mut impl Receiver) {
    for c in part.chars().rev() {
        out.style();
        read_char(shown(c), at, out);
    }
}

/// The fewest turned letters of a line that is upside down, and one of how many of its letters must be one.
const MIN_TURNED: usize = 3;
const TURNED_EVERY: usize = 4;

/// Whether a letter is a Latin one on its head.
fn is_turned(c: char) -> bool {
    matches!(c, 'ɐ' | 'ǝ' | 'ɟ' | 'ƃ' | 'ɥ' | 'ᴉ' | 'ı' | 'ɾ' | 'ʞ' | 'ɯ' | 'ɹ' | 'ʇ' | 'ʌ' | 'ʍ' | 'ʎ')
}

fn is_upside_down(line: &str) -> bool {
    // A dotless i alone is Turkish.
    let turned = line.chars().filter(|c| is_turned(*c) && *c != 'ı').count();
    turned >= MIN_TURNED && turned * TURNED_EVERY >= line.chars().filter(|c| c.is_alphabetic()).count()
}

/// The letter that is seen when a line that is upside down is turned.
fn rotated(c: char) -> char {
    match c.to_ascii_lowercase() {
        'b' => 'q',
        'q' => 'b',
        'd' => 'p',
        'p' => 'd',
        'n' => 'u',
        'u' => 'n',
        'ɐ' => 'a',
        'ɔ' => 'c',
        'ǝ' => 'e',
        'ɟ' => 'f',
        'ƃ' => 'g',
        'ɥ' => 'h',
        'ı' | 'ᴉ' => 'i',
        'ɾ' => 'j',
        'ʞ' => 'k',
        'ɯ' => 'm',
        'ɹ' => 'r',
        'ʇ' => 't',
        'ʌ' => 'v',
        'ʍ' => 'w',
        'ʎ' => 'y',
        '¡' => '!',
        '¿' => '?',
        '˙' => '.',
        '6' => '9',
        '9' => '6',
        c => c,
    }
}

/// The letter that a symbol or a letter of phonetic alphabets stands for: in circles and squares, small capitals, turned ones.
fn styled_letter(c: char) -> Option<char> {
    let is_styled = match c {
        // Letters of languages, of Africa and the Caucasus mostly.
        'ɓ' | 'ɔ' | 'ɖ' | 'ɗ' | 'ə' | 'ɛ' | 'ɣ' | 'ɨ' | 'ɩ' | 'ɲ' | 'ɵ' | 'ʃ' | 'ʉ' | 'ʊ' | 'ʋ' | 'ʒ' | 'ʔ' => {
            false
        }
        '\u{250}'..='\u{2AF}' | '\u{1D00}'..='\u{1DBF}' | '\u{A730}' | '\u{A731}' => true,
        '\u{1F130}'..='\u{1F189}' | '\u{1F1E6}'..='\u{1F1FF}' => true,
        _ => false,
    };
    if !is_styled {
        return None;
    }
    let letter = match decancer::cure_char(c, decancer::Options::default()) {
        Translation::Character(letter) => letter,
        Translation::String(letters) => letters.chars().next()?,
        Translation::None => return None,
    };
    Some(letter.to_ascii_lowercase()).filter(char::is_ascii_lowercase)
}

/// A longer row of regional indicators is read in parts, so that a text of nothing else takes no longer than others.
const LONGEST_FLAGS: usize = 64;

/// How long a row of regional indicators at the start of a text is, if it is nothing but flags.
fn flags(text: &str) -> Option<usize> {
    let is_regional = |c: &char| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    let row = &text[..text.chars().take(LONGEST_FLAGS).take_while(is_regional).map(char::len_utf8).sum()];
    let mut rest = row;
    while !rest.is_empty() {
        let (flag, others) = rest.split_at_checked(2 * '\u{1F1E6}'.len_utf8())?;
        emojis::get(flag)?;
        rest = others;
    }
    Some(row.len()).filter(|length| *length > 0)
}

/// Reads one character and the marks on it; returns its length in the original.
fn read_cluster(rest: &str, at: usize, out: &mut impl Receiver) -> usize {
    let mut chars = rest.char_indices();
    let Some((_, base)) = chars.next() else { return 1 };
    if let Some(length) = flags(rest) {
        rest[..length].chars().for_each(|c| out.push(c, at, false));
        return length;
    }
    let (mut kept, mut length, mut marks) = (base.len_utf8(), base.len_utf8(), 0);
    for (_, c) in chars {
        if !extends(c) {
            break;
        }
        length += c.len_utf8();
        marks += 1;
        if marks <= MAX_MARKS {
            kept = length;
        }
    }
    if marks == 0 {
        read_char(base, at, out);
    } else {
        let capital = base.is_uppercase();
        for c in rest[..kept].nfkc().filter(|&c| !is_invisible(c)) {
            lower(c, at, capital, out);
        }
    }
    length
}

/// Reads a character that carries no marks.
fn read_char(c: char, at: usize, out: &mut impl Receiver) {
    if is_invisible(c) {
        out.skip();
    } else if let Some(letter) = styled_letter(c) {
        out.style();
        out.push(letter, at, false);
    } else if is_nfkc_quick(once(c)) == IsNormalized::Yes {
        lower(c, at, c.is_uppercase(), out);
    } else {
        for part in once(c).nfkc() {
            lower(part, at, part.is_uppercase(), out);
        }
    }
}

fn lower(c: char, at: usize, capital: bool, out: &mut impl Receiver) {
    match c {
        '‘' | '’' | 'ʼ' | '`' | '´' => out.push('\'', at, false),
        '“' | '”' | '„' | '«' | '»' => out.push('"', at, false),
        _ => c.to_lowercase().for_each(|c| out.push(c, at, capital)),
    }
}

/// Whether a character belongs to the one before it: marks, and the later parts of a Hangul syllable.
fn extends(c: char) -> bool {
    c >= '\u{300}' && (canonical_combining_class(c) != 0 || is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11FF}'))
}

/// Characters that show nothing: those that Unicode has be ignored where they are not understood (zero-width, direction marks,
/// variation selectors, soft hyphens, tags), fillers, anchors of annotations, and controls other than white space.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'
        | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{13430}'..='\u{13442}' | '\u{16FE4}' | '\u{1D159}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// How long the HTML line break at the start of `rest` is, if there is one: text that was copied out of a page has them.
fn line_break(rest: &[u8]) -> Option<usize> {
    let end = rest.iter().take(7).position(|&byte| byte == b'>')?;
    let name = rest[1..end].trim_ascii_start();
    let name = name.strip_suffix(b"/").unwrap_or(name).trim_ascii_end();
    (name.eq_ignore_ascii_case(b"br") || name.eq_ignore_ascii_case(b"p") || name.eq_ignore_ascii_case(b"/p")).then_some(end + 1)
}

/// The character of an HTML entity at the start of `rest`, and how long its spelling is.
fn decode_entity(rest: &str) -> Option<(char, usize)> {
    let end = rest.bytes().take(MAX_ENTITY).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let decoded = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "shy" => '\u{AD}',
        "zwj" | "zwnj" | "lrm" | "rlm" | "NoBreak" | "ZeroWidthSpace" => '\u{200B}',
        "period" => '.',
        "colon" => ':',
        "sol" => '/',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((decoded, end + 1))
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, Text, Whole, is_plain};

    fn normal(source: &str) -> String {
        let mut text = Text::default();
        text.read(source);
        text.as_str().to_owned()
    }

    #[test]
    fn case_width_entities_and_stretching_are_undone() {
        assert_eq!(normal("HELLO &amp; &#x41;&#98; ﬁne"), "hello & ab fine");
        assert_eq!(normal("Ｆｒｅｅ sooooo\tgood…"), "free soo good...");
        assert_eq!(normal("1000 !!!! www"), "1000 !!!! ww");
        assert_eq!(normal("cafe\u{301} é"), "café é");
        assert_eq!(normal("vi\u{200B}a\u{AD}gra &#8203;x &bogus; &#xD800;"), "viagra x &bogus; &#xd800;");
    }

    #[test]
    fn letters_in_disguise_are_read_and_flags_stay() {
        for (source, expected) in [
            ("🅨🅞🅤 🆈🅾🆄 Ⓨⓞⓤ", "you you you"),
            ("🇮🇩🇮🇴🇹 🇩🇪🇫🇷", "idiot 🇩🇪🇫🇷"),
            ("ʏᴏᴜ ꜰᴏᴏʟ", "you fool"),
            ("˙looɟ ɐ ǝɹɐ noʎ", "you are a fool."),
            ("so \u{202E}loof a\u{202C} ok", "so a fool ok"),
            ("Bakı şəhəri ve ŋ ɛ", "bakı şəhəri ve ŋ ɛ"),
            ("\u{202E}שלום\u{202C}", "שלום"),
        ] {
            assert_eq!(normal(source), expected, "{source}");
        }
        let mut text = Text::default();
        text.read("one 🅨🅞🅤");
        assert_eq!((text.styled(), text.span(4..7)), (3, 4..16));
        text.read("˙looɟ ɐ ǝɹɐ noʎ");
        assert_eq!(text.span(0..3), 0.."˙looɟ ɐ ǝɹɐ noʎ".len());
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let source = "Ünï &amp; Vi\u{200B}agraaaa ½ end";
        let mut text = Text::default();
        text.read(source);
        let at = text.as_str().find("viagra").expect("normalised word");
        assert_eq!(&source[text.span(at..at + "viagraa".len())], "Vi\u{200B}agraaaa");
        let half = text.as_str().find('1').expect("half is spelled out");
        assert_eq!(&source[text.span(half..half + 1)], "½");
        assert!(text.is_capital(0) && text.is_capital(at) && !text.is_capital(at + 1));
    }

    #[test]
    fn long_texts_and_stacks_of_marks_are_cut() {
        let mut text = Text::default();
        text.read(&"é".repeat(MAX_BYTES));
        assert_eq!(text.span(0..text.as_str().len()).end, MAX_BYTES);
        text.read(&format!("a{}b", "\u{301}".repeat(100)));
        assert!(text.as_str().len() < 16, "{}", text.as_str().len());
        assert!(text.as_str().ends_with('b'));
        text.read(&"\u{FDFA}".repeat(MAX_BYTES));
        assert!(text.as_str().len() < 8_100);
    }

    #[test]
    fn a_whole_text_reads_the_same_at_any_length_and_keeps_stretched_letters() {
        for part in [
            "Vi\u{200B}agra &amp; ｆｒｅｅ pi\u{AD}lls½ “so” ",
            "plain Words here ",
            "a\u{0}b\u{1}c\tx\r\ny \u{1F468}\u{200D}\u{1F469} ",
        ] {
            let mut text = Text::default();
            text.read(part);
            let source = part.repeat(2_000);
            let whole = Whole::read(&source, |c| c);
            assert_eq!(whole.as_str(), text.as_str().repeat(2_000));
            assert_eq!(is_plain(part), part.starts_with("plain"));
            let last = whole.as_str().len() - text.as_str().len();
            for (at, c) in text.as_str().char_indices() {
                let of_text = text.span(at..at + c.len_utf8());
                let begin = source.len() - part.len();
                assert_eq!(whole.span(last + at..last + at + c.len_utf8()), of_text.start + begin..of_text.end + begin);
            }
        }
        assert_eq!(
            Whole::read("SOOO www pills。example", |c| if c == '。' { '.' } else { c }).as_str(),
            "sooo www pills.example"
        );
        assert_eq!(Whole::read("Sooo é", |c| c).as_str(), "sooo é");
    }
}
