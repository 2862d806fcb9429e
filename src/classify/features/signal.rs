//! Dense signals: how long, loud, linked and repetitive a comment is, each cut into a few levels.

use super::facts::Facts;

/// A property of the whole comment. Every level of it is a feature of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Signal {
    Length,
    Words,
    Capitals,
    Digits,
    Marks,
    Foreign,
    Newlines,
    Exclamations,
    Questions,
    Variety,
    Run,
    WordLength,
    Links,
    LinkShare,
    LinksByLength,
    Emoji,
    You,
    I,
    Opening,
    Closing,
    Shouted,
    ShoutedShare,
    Disguised,
    Invisible,
    Calls,
    Places,
    Wares,
    Praise,
    PraiseShare,
    Harm,
    Contempt,
    Garbled,
    Mixed,
    Braces,
    Generic,
    GenericByLength,
}

impl Signal {
    /// The signal that stands for this one in reasons: several may measure the same thing in different ways.
    pub fn topic(self) -> Signal {
        match self {
            Signal::LinkShare | Signal::LinksByLength => Signal::Links,
            Signal::Shouted | Signal::ShoutedShare => Signal::Capitals,
            Signal::Words => Signal::Length,
            Signal::GenericByLength => Signal::Generic,
            signal => signal,
        }
    }
}

/// Every signal with its level.
pub fn levels(facts: &Facts) -> impl Iterator<Item = (Signal, u8)> {
    let Facts { counts, words, .. } = *facts;
    let bytes = facts.bytes as u32;
    let length = log2(bytes);
    [
        (Signal::Length, length),
        (Signal::Words, log2(words)),
        (Signal::Capitals, share(counts.capitals, counts.letters)),
        (Signal::Digits, share(counts.digits, bytes)),
        (Signal::Marks, share(counts.marks, bytes)),
        (Signal::Foreign, share(counts.foreign, counts.letters)),
        (Signal::Newlines, log2(counts.newlines)),
        (Signal::Exclamations, few(facts.exclamations)),
        (Signal::Questions, few(facts.questions)),
        // The longer a text, the more often its words return: a share means something only beside the length.
        (Signal::Variety, share(facts.distinct_words, words) * 4 + log2(words).min(7) / 2),
        (Signal::Run, few(facts.longest_run as u32)),
        (Signal::WordLength, facts.word_bytes.checked_div(words).unwrap_or(0).min(12) as u8),
        (Signal::Links, few(facts.links)),
        (Signal::LinkShare, share(counts.link_bytes, bytes)),
        (Signal::LinksByLength, few(facts.links).min(3) * 16 + length),
        (Signal::Emoji, few(facts.emoji)),
        (Signal::You, few(facts.you)),
        (Signal::I, few(facts.i)),
        (Signal::Opening, facts.opening),
        (Signal::Closing, facts.closing),
        (Signal::Shouted, few(facts.shouted)),
        (Signal::ShoutedShare, share(facts.shouted, words)),
        (Signal::Disguised, few(facts.disguised)),
        (Signal::Invisible, few(facts.invisible as u32)),
        (Signal::Calls, few(facts.calls)),
        (Signal::Places, few(facts.places)),
        (Signal::Wares, few(facts.wares)),
        (Signal::Praise, few(facts.praise)),
        (Signal::PraiseShare, share(facts.praise, words)),
        (Signal::Harm, few(facts.harm)),
        (Signal::Contempt, few(facts.contempt)),
        (Signal::Garbled, few(facts.garbled)),
        (Signal::Mixed, few(facts.mixed)),
        (Signal::Braces, few(facts.braces)),
        (Signal::Generic, share(facts.generic_words, facts.content)),
        (
            Signal::GenericByLength,
            share(facts.generic_words, facts.content) * 16 + log2(facts.content).min(7) * 2 + u8::from(facts.links > 0),
        ),
    ]
    .into_iter()
}

/// What a signal at a level is called in a reason.
pub fn describe(signal: Signal, level: u8) -> String {
    let degree = |none: &str, some: &str, many: &str| match level {
        0 => none.to_owned(),
        1..=3 => some.to_owned(),
        _ => many.to_owned(),
    };
    match signal {
        Signal::Length | Signal::Words => match level {
            0..=4 => "how short the comment is".to_owned(),
            5..=8 => "the length of the comment".to_owned(),
            _ => "how long the comment is".to_owned(),
        },
        Signal::Capitals | Signal::Shouted | Signal::ShoutedShare => {
            degree("no shouting in capitals", "the capitals", "mostly capitals")
        }
        Signal::Digits => degree("no digits", "a few digits", "many digits"),
        Signal::Marks => degree("no punctuation", "the punctuation", "much punctuation"),
        Signal::Foreign => degree("plain letters only", "some unusual characters", "many unusual characters"),
        Signal::Newlines => degree("one paragraph", "a few lines", "many lines"),
        Signal::Exclamations => degree("no exclamation marks", "the exclamation marks", "many exclamation marks"),
        Signal::Questions => degree("no question marks", "the question marks", "many question marks"),
        Signal::Variety => "how often words are repeated".to_owned(),
        Signal::Run => degree("no stretched letters", "no stretched letters", "a stretched run of one character"),
        Signal::WordLength => "the length of the words".to_owned(),
        Signal::Links | Signal::LinkShare => degree("no links", "the number of links", "many links"),
        Signal::LinksByLength => match level / 16 {
            0 => "no links".to_owned(),
            _ => "links in a comment of this length".to_owned(),
        },
        Signal::Emoji => degree("no emoji", "the emoji", "many emoji"),
        Signal::You => degree("nobody is addressed", "it addresses “you”", "it addresses “you” again and again"),
        Signal::I => degree(
            "the author does not speak of themselves",
            "the author speaks of themselves",
            "the author speaks much of themselves",
        ),
        Signal::Opening => "how the comment begins".to_owned(),
        Signal::Closing => "how the comment ends".to_owned(),
        Signal::Disguised => degree("no disguised words", "disguised words", "many disguised words"),
        Signal::Invisible => {
            degree("no invisible characters", "invisible characters inside words", "invisible characters inside words")
        }
        Signal::Calls => degree(
            "the reader is asked for nothing",
            "it asks the reader to do something",
            "it asks the reader to do many things",
        ),
        Signal::Places => {
            degree("no mention of sites or channels", "it mentions sites or channels", "it mentions many sites or channels")
        }
        Signal::Wares => degree("nothing is offered", "words of selling", "many words of selling"),
        Signal::Praise | Signal::PraiseShare => degree("no praise", "general praise", "little but praise"),
        Signal::Harm => degree("no words of violence", "words of violence", "many words of violence"),
        Signal::Garbled => degree("no garbled words", "garbled words", "many garbled words"),
        Signal::Mixed => degree("no words of mixed alphabets", "words of mixed alphabets", "many words of mixed alphabets"),
        Signal::Braces => degree("no braces", "braces", "many braces"),
        Signal::Generic | Signal::GenericByLength => "how far it would fit any post".to_owned(),
        Signal::Contempt => degree("no words of contempt", "words of contempt", "many words of contempt"),
    }
}

/// 0, 1, 2, 3-4, 5-8, 9-16 and so on.
pub fn few(count: u32) -> u8 {
    match count {
        0..=2 => count as u8,
        _ => 2 + log2(count - 1).min(6) - 1,
    }
}

/// The number of binary digits: 0, 1, 2-3, 4-7 and so on.
fn log2(count: u32) -> u8 {
    (u32::BITS - count.leading_zeros()) as u8
}

/// A share in nine steps, finer at the low end.
fn share(part: u32, whole: u32) -> u8 {
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
    use super::{few, log2, share};

    #[test]
    fn levels_rise_with_what_they_measure() {
        let rises = |levels: Vec<u8>| levels.windows(2).all(|pair| pair[0] <= pair[1]);
        assert!(rises((0..500).map(few).collect()));
        assert!(rises((0..500).map(log2).collect()));
        assert!(rises((0..=1000).map(|part| share(part, 1000)).collect()));
        assert_eq!([few(0), few(1), few(2), few(3), few(4), few(5)], [0, 1, 2, 3, 3, 4]);
        assert_eq!((share(0, 0), share(1, 1)), (0, 8));
    }
}
