//! Closed classes of English words that features refer to: negators, pronouns, identity terms, function words and others.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::hash;
use crate::reading::link;

/// The seed of word hashes. All parts of the classifier share it, so a word has the same hash in each.
pub const WORD_SEED: u64 = 0x1;

/// The hash that replaces every identity term in features that combine words.
pub const IDENTITY_PLACEHOLDER: u64 = 0x50_0DE0_0DE0_0DE0;

/// Returns the hash of a normalised word.
#[inline]
pub fn word_hash(word: &[u8]) -> u64 {
    hash::hash_bytes(WORD_SEED, word)
}

/// A set of word hashes that are not hashed again.
pub type WordSet = HashSet<u64, BuildHasherDefault<IdentityHasher>>;

/// A hasher for keys that are already hashes: it returns a `u64` key unchanged.
#[derive(Default)]
pub struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash::hash_bytes(self.0, bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A set of word classes, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LexicalClasses(u16);

impl LexicalClasses {
    /// Words that negate what follows: "not", "never".
    pub const NEGATOR: LexicalClasses = LexicalClasses(1);
    /// Words that address the reader: "you", "your", "u".
    pub const SECOND_PERSON_WORDS: LexicalClasses = LexicalClasses(2);
    /// Words that refer to the author: "I", "my".
    pub const FIRST_PERSON_WORDS: LexicalClasses = LexicalClasses(4);
    /// Identity terms: names of groups of people by religion, origin, colour, sex, orientation, disability, age or politics.
    pub const IDENTITY: LexicalClasses = LexicalClasses(8);
    /// Function words, which carry no content of their own: "the", "and".
    pub const FUNCTION: LexicalClasses = LexicalClasses(16);

    /// Words that ask the reader to do something elsewhere: "click", "subscribe", "visit".
    pub const CALL_TO_ACTION: LexicalClasses = LexicalClasses(32);
    /// Words for places on the web that spam points to: "channel", "website", "profile".
    pub const WEB_PLACE: LexicalClasses = LexicalClasses(64);
    /// Words for what spam sells or promises: "casino", "loans", "followers", "earn".
    pub const SALES_WORDS: LexicalClasses = LexicalClasses(128);
    /// Praise that fits any post: "great", "informative".
    pub const PRAISE_WORDS: LexicalClasses = LexicalClasses(256);
    /// Words for harming people: "kill", "deport", "hang".
    pub const VIOLENCE_WORDS: LexicalClasses = LexicalClasses(512);
    /// Words of contempt and insult.
    pub const CONTEMPT_WORDS: LexicalClasses = LexicalClasses(1024);

    /// Function words that no other common language has.
    pub const ENGLISH_ONLY_WORDS: LexicalClasses = LexicalClasses(2048);

    /// Words about posts and blogs in general: "article", "content".
    pub const BLOGGING_WORDS: LexicalClasses = LexicalClasses(4096);

    /// Top-level domains under which addresses are commonly written without a scheme: "com", "shop".
    pub const TLD: LexicalClasses = LexicalClasses(8192);

    /// The classes that word-class pairs are built from.
    pub const THEMES: [LexicalClasses; 11] = [
        LexicalClasses::NEGATOR,
        LexicalClasses::SECOND_PERSON_WORDS,
        LexicalClasses::FIRST_PERSON_WORDS,
        LexicalClasses::IDENTITY,
        LexicalClasses::CALL_TO_ACTION,
        LexicalClasses::WEB_PLACE,
        LexicalClasses::SALES_WORDS,
        LexicalClasses::VIOLENCE_WORDS,
        LexicalClasses::CONTEMPT_WORDS,
        LexicalClasses::PRAISE_WORDS,
        LexicalClasses::BLOGGING_WORDS,
    ];

    /// The classes that apply in every language: spam uses English words for its goods and places everywhere.
    const LANGUAGE_INDEPENDENT: LexicalClasses = LexicalClasses(
        LexicalClasses::CALL_TO_ACTION.0 | LexicalClasses::WEB_PLACE.0 | LexicalClasses::SALES_WORDS.0 | LexicalClasses::TLD.0,
    );

    /// Returns the union of both sets.
    pub const fn union(self, other: LexicalClasses) -> LexicalClasses {
        LexicalClasses(self.0 | other.0)
    }

    /// Returns the classes of the set that apply in every language.
    pub const fn language_independent(self) -> LexicalClasses {
        LexicalClasses(self.0 & LexicalClasses::LANGUAGE_INDEPENDENT.0)
    }

    /// Returns whether the sets have a class in common.
    #[inline]
    pub fn intersects(self, other: LexicalClasses) -> bool {
        self.0 & other.0 != 0
    }
}

/// Returns the classes of the word with this hash.
#[inline]
pub fn classes_of(word: u64) -> LexicalClasses {
    LEXICON.get(&word).copied().unwrap_or_default()
}

/// The classes of every word in the lists below, by word hash.
static LEXICON: LazyLock<HashMap<u64, LexicalClasses, BuildHasherDefault<IdentityHasher>>> = LazyLock::new(|| {
    let mut lexicon: HashMap<u64, LexicalClasses, _> = HashMap::default();
    let lists = [
        (LexicalClasses::NEGATOR, NEGATORS),
        (LexicalClasses::SECOND_PERSON_WORDS, SECOND_PERSON_WORDS),
        (LexicalClasses::FIRST_PERSON_WORDS, FIRST_PERSON_WORDS),
        (LexicalClasses::IDENTITY, IDENTITY_TERMS),
        (LexicalClasses::FUNCTION, FUNCTION_WORDS),
        (LexicalClasses::ENGLISH_ONLY_WORDS, ENGLISH_ONLY_WORDS),
        (LexicalClasses::CALL_TO_ACTION, CALL_TO_ACTION_WORDS),
        (LexicalClasses::WEB_PLACE, WEB_PLACE_WORDS),
        (LexicalClasses::SALES_WORDS, SALES_WORDS),
        (LexicalClasses::PRAISE_WORDS, PRAISE_WORDS),
        (LexicalClasses::VIOLENCE_WORDS, VIOLENCE_WORDS),
        (LexicalClasses::CONTEMPT_WORDS, CONTEMPT_WORDS),
        (LexicalClasses::BLOGGING_WORDS, BLOGGING_WORDS),
        (LexicalClasses::TLD, link::BARE_LINK_TLDS),
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

const SECOND_PERSON_WORDS: &str = "you u your ur you're youre yours yourself urself ya yall y'all you've you'll you'd";

const FIRST_PERSON_WORDS: &str = "i i'm im my me mine myself i've i'll i'd we our us";

/// The identity terms, separated by white space.
pub const IDENTITY_TERMS: &str = "muslim muslims islam islamic moslem moslems jew jews jewish judaism christian christians \
    christianity catholic catholics protestant mormon mormons hindu hindus sikh sikhs buddhist buddhists atheist \
    atheists black blacks white whites asian asians african africans arab arabs latino latinos latina hispanic \
    hispanics mexican mexicans chinese japanese korean indian indians pakistani pakistanis turk turks turkish russian \
    russians ukrainian ukrainians polish irish german germans french american americans european europeans israeli \
    israelis palestinian palestinians iranian iranians gypsy gypsies roma immigrant immigrants migrant migrants \
    refugee refugees foreigner foreigners native natives woman women female females girl girls lady ladies man men \
    male males boy boys gay gays lesbian lesbians homosexual homosexuals bisexual queer trans transgender transsexual \
    lgbt straight heterosexual disabled handicapped autistic blind deaf old elderly young teenager teenagers \
    terrorist terrorists islamist islamists jihadist jihadists jihadi militant militants extremist extremists zionist \
    zionists communist communists socialist socialists liberal liberals conservative conservatives democrat democrats \
    republican republicans leftist leftists feminist feminists veteran veterans";

const FUNCTION_WORDS: &str = "a an the and or but if then than that this these those there here is are was were be \
    been being am do does did done have has had having will would can could shall should may might must to of in on \
    at by for from with about into over under after before between through during out up down off again as so such \
    not no nor only own same too very just also it its it's i me my mine we our us you your he him his she her they \
    them their who whom whose which what when where why how all any both each few more most other some one two get \
    got go going like really even much many because while until against now ever still well yes don't im i'm";

const ENGLISH_ONLY_WORDS: &str = "the and that this these those there they their them you your you're with has had having are were \
    been being not don't didn't doesn't isn't won't can't what which who whom whose when where why how would could \
    should might must about because while though although from into than it it's its i'm i've i'll he's she's \
    his him very just only every everybody everyone anyone someone nobody nothing something anything please \
    thanks";

const CALL_TO_ACTION_WORDS: &str = "click visit subscribe sub subs subscribed follow join check checkout watch like share add download \
    buy order get grab call email contact message text dm whatsapp telegram inbox vote support donate install signup \
    register sign login enter try discover listen view see search google browse bookmark go hit write apply";

const WEB_PLACE_WORDS: &str = "channel channels chanel video videos vid vids website websites site sites web webpage homepage \
    page pages blog blogs weblog profile account link links url instagram facebook fb twitter ig insta snapchat tiktok \
    soundcloud spotify itunes patreon playlist mixtape album cover covers store shop group gmail hotmail yahoo";

const SALES_WORDS: &str = "casino casinos poker slots slot betting bet bets gambling jackpot lottery bonus bonuses loan loans \
    credit mortgage debt payday lender cash money income earn earned earning earnings profit profits invest investment \
    investor investors trading trader forex bitcoin btc crypto cryptocurrency wallet mining usd dollars payout paypal \
    rich wealth salary job jobs hiring free cheap cheapest discount discounts coupon coupons voucher sale offer offers \
    deal deals price prices shipping giveaway prize winner win gift gifts promo promotion seo backlinks backlink \
    traffic ranking rankings followers subscribers marketing affiliate leads viagra cialis pills pill pharmacy \
    prescription meds weight diet keto supplement supplements enlargement penis escort escorts dating singles sexy \
    porn xxx cam cams nude hookup essay essays assignment dissertation thesis replica handbags jewelry sneakers watches \
    software hosting vpn iptv proxy hack hacker hackers hacking spell spells caster psychic herbal cure cures service \
    services company agency solutions repair plumber plumbing roofing cleaning movers limo taxi ticket tickets hotel";

const PRAISE_WORDS: &str = "great awesome amazing nice good wonderful excellent fantastic brilliant superb informative useful \
    helpful interesting fascinating insightful impressive incredible beautiful perfect best outstanding terrific \
    remarkable valuable quality pleasant fastidious marvellous exceptional exceptionally superb fabulous enjoyable thanks thank thankyou appreciate enjoyed loved bookmarked sharing keep posting \
    congratulations kudos cool neat magnificent marvelous stunning genuinely truly definitely";

const VIOLENCE_WORDS: &str = "kill kills killed killing die dies death dead murder murdered shoot shot shooting hang hanged hanging \
    lynch lynched burn burned gas gassed bomb bombed nuke nuked stab rape raped beat beaten beating punch slap choke \
    strangle behead execute executed exterminate exterminated eradicate eliminate wipe annihilate slaughter deport \
    deported expel expelled ban banned sterilize castrate enslave whip torture hurt destroy crush throat neck bullet \
    exclude excluded segregate segregated imprison imprisoned jail jailed lock locked throw thrown kick kicked \
    disappear eliminated slaughtered massacre massacred genocide drown drowned hunt hunted cleanse cleansed remove \
    removed smash smashed assault assaulted attack attacked";

const CONTEMPT_WORDS: &str = "idiot idiots idiotic moron morons moronic stupid dumb dumbass fool fools retard retarded retards \
    imbecile cretin loser losers pathetic scum scumbag trash garbage filth filthy dirty vermin rat rats pig pigs dog \
    dogs cockroach cockroaches parasite parasites leech leeches animal animals monkey monkeys ape apes savage savages \
    subhuman subhumans inferior hateful despise despised detest loathe loathsome repulsive revolting gross nasty horrible \
    awful terrible worst wicked barbaric barbarian barbarians primitive uncivilized backward degenerate degenerates \
    abomination freeloader freeloaders scrounger scroungers thug thugs rapist rapists pedophile pedophiles paedophile \
    murderer murderers predator predators burden threat scourge cesspool sewage excrement crap shitty lowlife lowlifes \
    dishonest greedy deceitful treacherous violent aggressive dangerous useless disgusts sicken sickening worthless useless disgusting disgrace vile evil sick disease plague cancer criminal \
    criminals thief thieves liar liars coward cowards clown clowns creep pervert perverts whore whores slut sluts bitch \
    bitches bastard bastards asshole assholes dick prick cunt cunts faggot faggots fag fags jerk shit fuck fucking \
    fucked fucker ugly fat lazy brainless ignorant hypocrite troll nazi nazis freak freaks invader invaders hate hates";

const BLOGGING_WORDS: &str = "post posts article articles blog blogs weblog site sites website page info information content read \
    reading topic topics subject share shared write writes writing writer author written point points material detail \
    details tip tips knowledge piece entry stuff webpage paragraph learn learned learning visit visiting \
    reader readers bookmark found people friends thought thoughts work works weblogs webpages website's internet net web \
    browser browsers firefox explorer theme template layout design loads loading hosting host blogging blogger bloggers \
    blogroll commenting comment comments comment's rss feed feeds subscribe discussion conversation writing wrote \
    words word opinion opinions advice ideas idea info knowledge issue issues everyone somebody someone anyone \
    favorite favourite favorites favourites saved googled searching search searched stumbled stumble discovered \
    checking check updated update updates regularly time times day days more things thing lot little bit love \
    liked enjoy interested delighted glad happy pleased cheers grateful hello hi howdy greetings guys wow";

#[cfg(test)]
mod tests {
    use super::{LexicalClasses, classes_of, word_hash};

    #[test]
    fn words_are_found_in_all_their_classes() {
        let of = |word: &str| classes_of(word_hash(word.as_bytes()));
        assert!(of("not").intersects(LexicalClasses::NEGATOR) && of("not").intersects(LexicalClasses::FUNCTION));
        assert!(
            of("your").intersects(LexicalClasses::SECOND_PERSON_WORDS)
                && !of("your").intersects(LexicalClasses::FIRST_PERSON_WORDS)
        );
        assert!(of("muslims").intersects(LexicalClasses::IDENTITY));
        assert_eq!(of("weapon"), LexicalClasses::default());
    }
}
