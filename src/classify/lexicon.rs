//! Closed classes of words that features refer to: negators, address, identity terms, function words.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::hash;

/// Seed of word hashes; a word has one hash wherever it is met.
pub const WORD_SEED: u64 = 0x1;

/// The hash of a normalised word.
#[inline]
pub fn word_hash(word: &[u8]) -> u64 {
    hash::bytes(WORD_SEED, word)
}

/// A set of word hashes that are not hashed again.
pub type WordSet = HashSet<u64, BuildHasherDefault<Ready>>;

/// Hasher for keys that are hashes already.
#[derive(Default)]
pub struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash::bytes(self.0, bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The classes a word belongs to, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Classes(u8);

impl Classes {
    /// Turns round what follows: "not", "never".
    pub const NEGATOR: Classes = Classes(1);
    /// Speaks to the reader: "you", "your", "u".
    pub const YOU: Classes = Classes(2);
    /// Speaks of the author: "I", "my".
    pub const I: Classes = Classes(4);
    /// Names a group of people by religion, origin, colour, sex, orientation, disability or age.
    pub const IDENTITY: Classes = Classes(8);
    /// Carries no content of its own: "the", "and".
    pub const FUNCTION: Classes = Classes(16);

    /// Whether the word is in one of the classes of `other`.
    #[inline]
    pub fn has(self, other: Classes) -> bool {
        self.0 & other.0 != 0
    }
}

/// The classes of the word with this hash.
#[inline]
pub fn classes(word: u64) -> Classes {
    LEXICON.get(&word).copied().unwrap_or_default()
}

static LEXICON: LazyLock<HashMap<u64, Classes, BuildHasherDefault<Ready>>> = LazyLock::new(|| {
    let mut lexicon: HashMap<u64, Classes, _> = HashMap::default();
    let lists = [
        (Classes::NEGATOR, NEGATORS),
        (Classes::YOU, YOU),
        (Classes::I, I),
        (Classes::IDENTITY, IDENTITIES),
        (Classes::FUNCTION, FUNCTION_WORDS),
    ];
    for (class, words) in lists {
        for word in words.split_whitespace() {
            lexicon.entry(word_hash(word.as_bytes())).or_default().0 |= class.0;
        }
    }
    lexicon
});

const NEGATORS: &str = "not no never none nobody nothing neither nor cannot without hardly don't dont doesn't doesnt \
    didn't didnt isn't isnt aren't arent wasn't wasnt weren't werent won't wont wouldn't wouldnt can't cant couldn't \
    couldnt shouldn't shouldnt ain't aint haven't havent hasn't hasnt";

const YOU: &str = "you u your ur you're youre yours yourself urself ya yall y'all you've you'll you'd";

const I: &str = "i i'm im my me mine myself i've i'll i'd we our us";

const IDENTITIES: &str = "muslim muslims islam islamic moslem moslems jew jews jewish judaism christian christians \
    christianity catholic catholics protestant mormon mormons hindu hindus sikh sikhs buddhist buddhists atheist \
    atheists black blacks white whites asian asians african africans arab arabs latino latinos latina hispanic \
    hispanics mexican mexicans chinese japanese korean indian indians pakistani pakistanis turk turks turkish russian \
    russians ukrainian ukrainians polish irish german germans french american americans european europeans israeli \
    israelis palestinian palestinians iranian iranians gypsy gypsies roma immigrant immigrants migrant migrants \
    refugee refugees foreigner foreigners native natives woman women female females girl girls lady ladies man men \
    male males boy boys gay gays lesbian lesbians homosexual homosexuals bisexual queer trans transgender transsexual \
    lgbt straight heterosexual disabled handicapped autistic blind deaf old elderly young teenager teenagers";

const FUNCTION_WORDS: &str = "a an the and or but if then than that this these those there here is are was were be \
    been being am do does did done have has had having will would can could shall should may might must to of in on \
    at by for from with about into over under after before between through during out up down off again as so such \
    not no nor only own same too very just also it its it's i me my mine we our us you your he him his she her they \
    them their who whom whose which what when where why how all any both each few more most other some one two get \
    got go going like really even much many because while until against now ever still well yes don't im i'm";

#[cfg(test)]
mod tests {
    use super::{Classes, classes, word_hash};

    #[test]
    fn words_are_found_in_all_their_classes() {
        let of = |word: &str| classes(word_hash(word.as_bytes()));
        assert!(of("not").has(Classes::NEGATOR) && of("not").has(Classes::FUNCTION));
        assert!(of("your").has(Classes::YOU) && !of("your").has(Classes::I));
        assert!(of("muslims").has(Classes::IDENTITY));
        assert_eq!(of("weapon"), Classes::default());
    }
}
