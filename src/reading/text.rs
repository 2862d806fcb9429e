//! Normalized text that records the original offset of every byte.
//!
//! One pass decodes entities, applies NFKC, drops invisible characters, converts to lower case and shortens stretched letters.
//! ASCII takes a fast path. [`MAX_BYTES`] bounds the work for any input.

mod char_sink;
mod cluster;
mod entity;
mod invisible;
mod normalize;
mod origin;
mod styled;
mod upside_down;
mod whole;

use std::ops::Range;

use char_sink::CharSink;
use normalize::normalize;

pub(super) use invisible::is_invisible;
pub use whole::{NormalizedText, is_plain_ascii};

/// Maximum length of a text that is read, in bytes. A longer one is truncated at a character boundary.
pub const MAX_BYTES: usize = 6_000;

/// Length at which normalizing stops, in bytes. Normalizing can lengthen a text: one Arabic ligature becomes 18 letters.
const MAX_NORMALIZED: usize = 8_000;

/// Maximum number of repetitions of a letter: "sooooo" becomes "soo".
const MAX_STRETCH: u16 = 2;

/// Flag of an offset that marks a capital. Offsets need fewer than 15 bits.
const CAPITAL: u16 = 1 << 15;

/// A text in the normal form that the model scores. Reused from call to call to keep its buffers.
#[derive(Default)]
pub struct ScoringText {
    normalized: String,
    /// The offset in the original of the character of each byte of `normalized`, and the end of the original.
    offsets: Vec<u16>,
    last: char,
    run: u16,
    longest_run: u16,
    invisible: u16,
    styled: u16,
}

impl ScoringText {
    /// Replaces the content with the normal form of `source`.
    pub fn normalize(&mut self, source: &str) {
        self.normalized.clear();
        self.offsets.clear();
        (self.last, self.run, self.longest_run, self.invisible, self.styled) = ('\0', 0, 0, 0, 0);
        let end = normalize(&source[..source.floor_char_boundary(MAX_BYTES)], self);
        self.offsets.push(end as u16);
    }

    /// Returns the normal form. Its only white space is `' '` and `'\n'`.
    pub fn as_str(&self) -> &str {
        &self.normalized
    }

    /// Returns the range of the original that a range of the normal form came from. Both ends are character boundaries of the
    /// original; a character that became several is covered whole.
    pub fn source_span(&self, part: Range<usize>) -> Range<usize> {
        let offset = |at: usize| usize::from(self.offsets.get(at).copied().unwrap_or(0) & !CAPITAL);
        origin::source_span(part, self.offsets.len().saturating_sub(1), offset)
    }

    /// Returns whether the character at this byte of the normal form was a capital.
    pub fn is_capital(&self, at: usize) -> bool {
        self.offsets.get(at).is_some_and(|origin| origin & CAPITAL != 0)
    }

    /// Returns the length of the longest run of one character other than white space, before shortening.
    pub fn longest_run(&self) -> usize {
        usize::from(self.longest_run)
    }

    /// Returns the number of letters written as symbols, upside down or reversed.
    pub fn styled_count(&self) -> usize {
        usize::from(self.styled)
    }

    /// Returns the number of invisible characters that were dropped behind ASCII letters and digits.
    pub fn invisible_count(&self) -> usize {
        usize::from(self.invisible)
    }
}

impl CharSink for ScoringText {
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
        self.normalized.push(c);
        self.offsets.resize(self.normalized.len(), origin);
    }

    fn count_invisible(&mut self) {
        // Joiners are ordinary in emoji and in Indic and Arabic scripts. Within a Latin word they hide something.
        self.invisible += u16::from(self.last.is_ascii_alphanumeric());
    }

    fn count_styled(&mut self) {
        self.styled = self.styled.saturating_add(1);
    }

    fn is_full(&self) -> bool {
        self.normalized.len() >= MAX_NORMALIZED
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, NormalizedText, ScoringText, is_plain_ascii};

    fn normal(source: &str) -> String {
        let mut text = ScoringText::default();
        text.normalize(source);
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
            ("so \u{202E}loof\u{2069} a\u{202C} ok", "so a fool ok"),
            ("so \u{2066}\u{202E}loof\u{2069} ok", "so fool ok"),
            ("Bakı şəhəri ve ŋ ɛ", "bakı şəhəri ve ŋ ɛ"),
            ("\u{202E}שלום\u{202C}", "שלום"),
        ] {
            assert_eq!(normal(source), expected, "{source}");
        }
        let mut text = ScoringText::default();
        text.normalize("one 🅨🅞🅤");
        assert_eq!((text.styled_count(), text.source_span(4..7)), (3, 4..16));
        text.normalize("˙looɟ ɐ ǝɹɐ noʎ");
        assert_eq!(text.source_span(0..3), 0.."˙looɟ ɐ ǝɹɐ noʎ".len());
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let source = "Ünï &amp; Vi\u{200B}agraaaa ½ end";
        let mut text = ScoringText::default();
        text.normalize(source);
        let at = text.as_str().find("viagra").expect("normalised word");
        assert_eq!(&source[text.source_span(at..at + "viagraa".len())], "Vi\u{200B}agraaaa");
        let half = text.as_str().find('1').expect("half is spelled out");
        assert_eq!(&source[text.source_span(half..half + 1)], "½");
        assert!(text.is_capital(0) && text.is_capital(at) && !text.is_capital(at + 1));
    }

    #[test]
    fn long_texts_and_stacks_of_marks_are_cut() {
        let mut text = ScoringText::default();
        text.normalize(&"é".repeat(MAX_BYTES));
        assert_eq!(text.source_span(0..text.as_str().len()).end, MAX_BYTES);
        text.normalize(&format!("a{}b", "\u{301}".repeat(100)));
        assert!(text.as_str().len() < 16, "{}", text.as_str().len());
        assert!(text.as_str().ends_with('b'));
        text.normalize(&"\u{FDFA}".repeat(MAX_BYTES));
        assert!(text.as_str().len() < 8_100);
    }

    #[test]
    fn a_whole_text_reads_the_same_at_any_length_and_keeps_stretched_letters() {
        for part in [
            "Vi\u{200B}agra &amp; ｆｒｅｅ pi\u{AD}lls½ “so” ",
            "plain Words here ",
            "a\u{0}b\u{1}c\tx\r\ny \u{1F468}\u{200D}\u{1F469} ",
        ] {
            let mut text = ScoringText::default();
            text.normalize(part);
            let source = part.repeat(2_000);
            let whole = NormalizedText::normalize(&source, |c| c);
            assert_eq!(whole.as_str(), text.as_str().repeat(2_000));
            assert_eq!(is_plain_ascii(part), part.starts_with("plain"));
            let last = whole.as_str().len() - text.as_str().len();
            for (at, c) in text.as_str().char_indices() {
                let of_text = text.source_span(at..at + c.len_utf8());
                let begin = source.len() - part.len();
                assert_eq!(whole.source_span(last + at..last + at + c.len_utf8()), of_text.start + begin..of_text.end + begin);
            }
        }
        assert_eq!(
            NormalizedText::normalize("SOOO www pills。example", |c| if c == '。' { '.' } else { c }).as_str(),
            "sooo www pills.example"
        );
        assert_eq!(NormalizedText::normalize("Sooo é", |c| c).as_str(), "sooo é");
    }
}
