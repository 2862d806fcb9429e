//! Dense signals: properties of the whole comment, such as length, capitals, links and repetition, in a few levels each.

use super::comment_counts::CommentCounts;

/// A property of the whole comment. Each of its levels is a separate feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DenseSignal {
    Length,
    Words,
    Capitals,
    Digits,
    Punctuation,
    NonAscii,
    Newlines,
    Exclamations,
    Questions,
    Variety,
    LongestRun,
    WordLength,
    Links,
    LinkShare,
    LinksByLength,
    Emoji,
    SecondPerson,
    FirstPerson,
    Opening,
    Closing,
    Shouted,
    ShoutedShare,
    Disguised,
    Invisible,
    CallsToAction,
    WebPlaces,
    SalesWords,
    Praise,
    PraiseShare,
    Violence,
    Contempt,
    Garbled,
    Mixed,
    Braces,
    Generic,
    GenericByLength,
}

impl DenseSignal {
    /// Returns the signal under which this one is explained. Signals that measure the same property share one.
    pub fn topic(self) -> DenseSignal {
        match self {
            DenseSignal::LinkShare | DenseSignal::LinksByLength => DenseSignal::Links,
            DenseSignal::Shouted | DenseSignal::ShoutedShare => DenseSignal::Capitals,
            DenseSignal::Words => DenseSignal::Length,
            DenseSignal::GenericByLength => DenseSignal::Generic,
            signal => signal,
        }
    }
}

/// Returns an iterator over all signals and their levels.
pub fn levels(counts: &CommentCounts) -> impl Iterator<Item = (DenseSignal, u8)> {
    let CommentCounts { counts: chars, words, .. } = *counts;
    let bytes = counts.bytes as u32;
    let length = bit_length(bytes);
    [
        (DenseSignal::Length, length),
        (DenseSignal::Words, bit_length(words)),
        (DenseSignal::Capitals, share_level(chars.uppercase, chars.letters)),
        (DenseSignal::Digits, share_level(chars.digits, bytes)),
        (DenseSignal::Punctuation, share_level(chars.punctuation, bytes)),
        (DenseSignal::NonAscii, share_level(chars.non_ascii, chars.letters)),
        (DenseSignal::Newlines, bit_length(chars.newlines)),
        (DenseSignal::Exclamations, count_level(counts.exclamations)),
        (DenseSignal::Questions, count_level(counts.questions)),
        // Longer texts repeat more words, so the share is combined with the length.
        (DenseSignal::Variety, share_level(counts.distinct_words, words) * 4 + bit_length(words).min(7) / 2),
        (DenseSignal::LongestRun, count_level(counts.longest_run as u32)),
        (DenseSignal::WordLength, counts.word_bytes.checked_div(words).unwrap_or(0).min(12) as u8),
        (DenseSignal::Links, count_level(counts.links)),
        (DenseSignal::LinkShare, share_level(chars.link_bytes, bytes)),
        (DenseSignal::LinksByLength, count_level(counts.links).min(3) * 16 + length),
        (DenseSignal::Emoji, count_level(counts.emoji)),
        (DenseSignal::SecondPerson, count_level(counts.second_person)),
        (DenseSignal::FirstPerson, count_level(counts.first_person)),
        (DenseSignal::Opening, counts.opening),
        (DenseSignal::Closing, counts.closing),
        (DenseSignal::Shouted, count_level(counts.uppercase_words)),
        (DenseSignal::ShoutedShare, share_level(counts.uppercase_words, words)),
        (DenseSignal::Disguised, count_level(counts.disguised)),
        (DenseSignal::Invisible, count_level(counts.invisible as u32)),
        (DenseSignal::CallsToAction, count_level(counts.calls_to_action)),
        (DenseSignal::WebPlaces, count_level(counts.web_places)),
        (DenseSignal::SalesWords, count_level(counts.sales_words)),
        (DenseSignal::Praise, count_level(counts.praise)),
        (DenseSignal::PraiseShare, share_level(counts.praise, words)),
        (DenseSignal::Violence, count_level(counts.harm)),
        (DenseSignal::Contempt, count_level(counts.contempt)),
        (DenseSignal::Garbled, count_level(counts.garbled_words)),
        (DenseSignal::Mixed, count_level(counts.mixed_script_words)),
        (DenseSignal::Braces, count_level(counts.braces)),
        (DenseSignal::Generic, share_level(counts.generic_words, counts.content_words)),
        (
            DenseSignal::GenericByLength,
            share_level(counts.generic_words, counts.content_words) * 16
                + bit_length(counts.content_words).min(7) * 2
                + u8::from(counts.links > 0),
        ),
    ]
    .into_iter()
}

/// Returns the description of a signal at a level.
pub fn describe(signal: DenseSignal, level: u8) -> String {
    let degree = |none: &str, some: &str, many: &str| match level {
        0 => none.to_owned(),
        1..=3 => some.to_owned(),
        _ => many.to_owned(),
    };
    match signal {
        DenseSignal::Length | DenseSignal::Words => match level {
            0..=4 => "how short the comment is".to_owned(),
            5..=8 => "the length of the comment".to_owned(),
            _ => "how long the comment is".to_owned(),
        },
        DenseSignal::Capitals | DenseSignal::Shouted | DenseSignal::ShoutedShare => {
            degree("no shouting in capitals", "the capitals", "mostly capitals")
        }
        DenseSignal::Digits => degree("no digits", "a few digits", "many digits"),
        DenseSignal::Punctuation => degree("no punctuation", "the punctuation", "a lot of punctuation"),
        DenseSignal::NonAscii => degree("plain letters only", "some unusual characters", "many unusual characters"),
        DenseSignal::Newlines => degree("one paragraph", "a few lines", "many lines"),
        DenseSignal::Exclamations => degree("no exclamation marks", "the exclamation marks", "many exclamation marks"),
        DenseSignal::Questions => degree("no question marks", "the question marks", "many question marks"),
        DenseSignal::Variety => "how often words are repeated".to_owned(),
        DenseSignal::LongestRun => degree("no stretched letters", "no stretched letters", "a stretched run of one character"),
        DenseSignal::WordLength => "the length of the words".to_owned(),
        DenseSignal::Links | DenseSignal::LinkShare => degree("no links", "the number of links", "many links"),
        DenseSignal::LinksByLength => match level / 16 {
            0 => "no links".to_owned(),
            _ => "links in a comment of this length".to_owned(),
        },
        DenseSignal::Emoji => degree("no emoji", "the emoji", "many emoji"),
        DenseSignal::SecondPerson => {
            degree("it does not address the reader", "it addresses the reader", "it addresses the reader often")
        }
        DenseSignal::FirstPerson => degree(
            "the author does not mention themselves",
            "the author mentions themselves",
            "the author mentions themselves often",
        ),
        DenseSignal::Opening => "how the comment begins".to_owned(),
        DenseSignal::Closing => "how the comment ends".to_owned(),
        DenseSignal::Disguised => degree("no disguised words", "disguised words", "many disguised words"),
        DenseSignal::Invisible => {
            degree("no invisible characters", "invisible characters inside words", "invisible characters inside words")
        }
        DenseSignal::CallsToAction => degree(
            "it asks nothing of the reader",
            "it asks the reader to do something",
            "it asks the reader to do many things",
        ),
        DenseSignal::WebPlaces => {
            degree("no mention of sites or channels", "it mentions sites or channels", "it mentions many sites or channels")
        }
        DenseSignal::SalesWords => degree("no sales words", "sales words", "many sales words"),
        DenseSignal::Praise | DenseSignal::PraiseShare => degree("no praise", "general praise", "little but praise"),
        DenseSignal::Violence => degree("no words of violence", "words of violence", "many words of violence"),
        DenseSignal::Garbled => degree("no garbled words", "garbled words", "many garbled words"),
        DenseSignal::Mixed => {
            degree("no words of mixed alphabets", "words of mixed alphabets", "many words of mixed alphabets")
        }
        DenseSignal::Braces => degree("no braces", "braces", "many braces"),
        DenseSignal::Generic | DenseSignal::GenericByLength => "how generic the comment is".to_owned(),
        DenseSignal::Contempt => degree("no words of contempt", "words of contempt", "many words of contempt"),
    }
}

/// Returns the level of a count. The levels are 0, 1, 2, 3-4, 5-8, 9-16 and so on, up to 7.
pub fn count_level(count: u32) -> u8 {
    match count {
        0..=2 => count as u8,
        _ => 2 + bit_length(count - 1).min(6) - 1,
    }
}

/// Returns the number of binary digits of a count. The levels are 0, 1, 2-3, 4-7 and so on.
fn bit_length(count: u32) -> u8 {
    (u32::BITS - count.leading_zeros()) as u8
}

/// Returns the level of a share, `0..=8`. The levels are finer for small shares.
fn share_level(part: u32, whole: u32) -> u8 {
    let percent = (u64::from(part) * 100).checked_div(u64::from(whole)).unwrap_or(0);
    match percent {
        0 if part == 0 => 0,
        0..2 => 1,
        2..5 => 2,
        5..10 => 3,
        10..20 => 4,
        20..35 => 5,
        35..50 => 6,
        50..75 => 7,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::{bit_length, count_level, share_level};

    #[test]
    fn levels_rise_with_what_they_measure() {
        let rises = |levels: Vec<u8>| levels.windows(2).all(|pair| pair[0] <= pair[1]);
        assert!(rises((0..500).map(count_level).collect()));
        assert!(rises((0..500).map(bit_length).collect()));
        assert!(rises((0..=1000).map(|part| share_level(part, 1000)).collect()));
        assert_eq!(
            [count_level(0), count_level(1), count_level(2), count_level(3), count_level(4), count_level(5)],
            [0, 1, 2, 3, 3, 4]
        );
        assert_eq!((share_level(0, 0), share_level(1, 1)), (0, 8));
    }
}
