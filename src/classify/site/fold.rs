//! What a site has learned: a fold over the lessons of its log in their order. Pure: the same lessons give the same, on every
//! server and after every restart.
//!
//! Of several outcomes on one comment the most trusted source's last counts. Whatever may change which that is, an outcome
//! that was taken back or a second one on the same comment, is folded anew from all that is left: that is what makes
//! forgetting exact.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::gate::{Standing, Terms, Trial, WINDOW};
use super::lesson::{Lesson, Source};
use super::missed::Missed;
use super::sentinel::{Limits, Sentinels};
use super::{Correction, Kind, Outcome, Sketch, sentinel};
use crate::classify::learn::LearnError;
use crate::classify::{Digest, Likeness, digest};

/// How much an outcome counts, by [`Source`].
const WEIGHTS: [f32; Source::ALL.len()] = [0.5, 0.9, 1.0];
/// What one counts on which two moderators were not of one mind.
const CONTESTED: f32 = 0.5;
/// Once moderators have decided so many comments, what the others say counts less.
const HEARD: f32 = 10.0;
/// The others' harmless outcomes, and their bad ones, then count together no more than this many, and this many for each
/// comment that moderators decided. A harmless comment that is held for their sake comes before a moderator; a bad one that
/// is published does not.
const OTHERS: [(f32, f32); 2] = [(10.0, 0.25), (50.0, 2.0)];
/// For so many comments a spot check teaches at most, and counts in the gate.
const TEACHES_FOR: f32 = 4.0;
const COUNTS_FOR: f32 = 10.0;
/// How many of the latest outcomes are remembered for the gate, of each kind, of moderators and of the others;
const TRIALS: usize = WINDOW;
/// for comments that are nearly the same, of moderators and of the others;
const DECIDED: [usize; 2] = [16, 32];
/// and for telling how many were like a comment.
const SIGNATURES: usize = 128;
/// The parts of what the sentinels allow that are tried, to serve with the best of them.
const SHRUNK: [f32; 4] = [1.0, 0.6, 0.35, 0.2];
/// Bits of a signature that may differ between comments that resemble each other: those that have nothing in common differ in
/// 64 of them, give or take eleven.
const RESEMBLES: u32 = 54;
/// How many outcomes of one class on comments that resemble another are enough to decide that one.
const RESEMBLED: u32 = 2;
/// With more outcomes than this, nothing is decided by resemblance: by then the correction as a whole has proved itself, or has not.
const FEW_ENOUGH: u32 = 12;
/// How many of the latest spot checks tell how much is missed.
const SPOT_CHECKS: usize = 500;
/// How long an outcome speaks for what is nearly the same, in microseconds.
const WAVE: i64 = 3_600_000_000;
/// Bits of a signature that may differ between comments that are alike: features at an angle of some sixty degrees.
const ALIKE: u32 = 42;

/// What a site has learned.
#[derive(Debug, Default)]
pub struct Learned {
    /// `None`: nothing.
    correction: Option<Box<Correction>>,
    /// How many outcomes it is made of.
    counts: Counts,
    /// How many harmless and bad outcomes others than moderators told.
    others: [u32; 2],
    /// Hashes of the comments that it has learned from, in rising order.
    seen: Vec<u32>,
    /// How many comments were looked at for rehearsal.
    rehearsed: usize,
    /// By [`Kind`], and those of others before those of moderators, harmless ones before bad ones: none pushes another out.
    trials: [[[VecDeque<Trial>; 2]; 2]; 2],
    /// The same way.
    decided: [VecDeque<Decided>; 2],
    signatures: VecDeque<(u128, Outcome)>,
    /// How many approved comments the latest spot checks stand for, and whether they were rejected.
    spot_checks: VecDeque<(f32, bool)>,
    /// What the correction may say on the terms that were asked for last.
    serving: Mutex<Option<(Terms, Arc<Serving>)>>,
}

/// What of a correction may serve, and how it stands beside the base, by [`Kind`].
#[derive(Debug, Clone, PartialEq)]
pub struct Serving {
    /// How much of it the sentinels allow.
    pub limits: Limits,
    /// On all outcomes.
    pub all: [Standing; 2],
    /// Whether comments that resemble those that were decided may be decided by all of the correction.
    pub alike: [bool; 2],
    /// On those in languages that the base does not speak: what it is worth elsewhere says nothing of these.
    pub unspoken: [Standing; 2],
}

impl Serving {
    /// Returns whether the correction of a kind serves at all.
    pub fn serves(&self, kind: Kind) -> bool {
        self.all[kind as usize].serves || self.alike[kind as usize]
    }
}

/// How many outcomes were learned, by what and by whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// By [`Outcome`].
    pub outcomes: [u32; Outcome::ALL.len()],
    /// By [`Source`].
    pub sources: [u32; Source::ALL.len()],
    /// On which moderators were not of one mind.
    pub contested: u32,
}

/// A comment that somebody decided of late.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Which.
    pub comment_id: String,
    /// Who; may be empty.
    pub by: String,
    /// Whether it was rejected.
    pub rejected: bool,
    /// What the base thought of it, by [`Kind`].
    pub base: [Option<f32>; 2],
    at: i64,
    likeness: Likeness,
    /// Tells its whole text from others. `None`: not known.
    digest: Option<Digest>,
}

impl Clone for Learned {
    fn clone(&self) -> Self {
        Self {
            correction: self.correction.clone(),
            counts: self.counts,
            others: self.others,
            seen: self.seen.clone(),
            rehearsed: self.rehearsed,
            trials: self.trials.clone(),
            decided: self.decided.clone(),
            signatures: self.signatures.clone(),
            spot_checks: self.spot_checks.clone(),
            serving: Mutex::default(),
        }
    }
}

impl Counts {
    /// All of them.
    pub fn all(&self) -> u32 {
        self.outcomes.iter().sum()
    }
}

impl Learned {
    /// Folds lessons, which come with their numbers and in the order of those.
    ///
    /// # Errors
    /// When linfa's model cannot be built.
    pub fn fold(lessons: &[(u64, Lesson)]) -> Result<Self, LearnError> {
        let mut standing: HashMap<(&str, u32), &(u64, Lesson)> = HashMap::new();
        let mut contested: HashSet<(&str, u32)> = HashSet::new();
        for numbered in lessons {
            let lesson = &numbered.1;
            let last = standing.entry(lesson.on()).or_insert(numbered);
            if last.1.source <= lesson.source {
                let minds = last.1.outcome.zip(lesson.outcome).is_some_and(|(theirs, ours)| theirs != ours);
                if minds && last.1.source == Source::Moderator && last.1.by != lesson.by {
                    contested.insert(lesson.on());
                }
                *last = numbered;
            }
        }
        let mut learned = Self::default();
        for (number, lesson) in lessons {
            if standing.get(&lesson.on()).is_some_and(|(stands, _)| stands == number) {
                learned.take(lesson, contested.contains(&lesson.on()))?;
            }
        }
        learned.seen.sort_unstable();
        Ok(learned)
    }

    /// Learns one lesson more. `false`: it is about a text that a lesson was about before, so that all must be folded anew;
    /// nothing was learned.
    ///
    /// # Errors
    /// When linfa's model cannot be built.
    pub fn learn(&mut self, lesson: &Lesson) -> Result<bool, LearnError> {
        let Err(place) = self.seen.binary_search(&named(lesson)) else { return Ok(false) };
        self.take(lesson, false)?;
        let hash = self.seen.pop().unwrap_or_default();
        self.seen.insert(place, hash);
        Ok(true)
    }

    fn take(&mut self, lesson: &Lesson, contested: bool) -> Result<(), LearnError> {
        self.seen.push(named(lesson));
        let (moderator, base) = (lesson.source == Source::Moderator, lesson.sketch.base);
        let says = lesson.outcome.is_some() || lesson.rejected;
        if let Some(likeness) = lesson.likeness.filter(|_| says && lesson.source != Source::Import) {
            let (comment_id, by) = (lesson.comment_id.clone(), lesson.by.clone());
            let (rejected, at, digest) = (lesson.rejected, lesson.at, lesson.digest);
            let decided = Decided { comment_id, by, rejected, base, at, likeness, digest };
            push(&mut self.decided[usize::from(moderator)], DECIDED[usize::from(moderator)], decided);
        }
        if let Some(stands_for) = lesson.spot_check.filter(|_| says) {
            push(&mut self.spot_checks, SPOT_CHECKS, (stands_for, lesson.rejected));
        }
        let Some(outcome) = lesson.outcome else { return Ok(()) };
        let weight = self.weight(lesson.source, outcome != Outcome::Ham) * if contested { CONTESTED } else { 1.0 };
        // One that stands for many teaches more, but not so much that a slip of the hand is the end of it.
        let stands_for = |most: f32| weight * lesson.spot_check.unwrap_or(1.0).min(most);
        let (weight, in_trial) = (stands_for(TEACHES_FOR), stands_for(COUNTS_FOR));
        let correction = self.correction.get_or_insert_default();
        let corrected = correction.learn(&lesson.sketch, outcome, weight)?;
        let order = self.counts.all();
        for kind in Kind::ALL {
            let Some(bad) = kind.of(outcome) else { continue };
            let few = sentinel::rehearsals(kind, !bad, &mut self.rehearsed);
            correction.rehearse(&few, kind, !bad, weight.min(1.0))?;
            let (base, corrected) = (base[kind as usize], corrected[kind as usize]);
            let trial = Trial { order, bad, source: lesson.source, weight: in_trial, base, corrected };
            push(&mut self.trials[kind as usize][usize::from(moderator)][usize::from(bad)], TRIALS, trial);
        }
        push(&mut self.signatures, SIGNATURES, (lesson.sketch.signature(), outcome));
        self.counts.outcomes[outcome as usize] += 1;
        self.counts.sources[lesson.source as usize] += 1;
        self.others[usize::from(outcome != Outcome::Ham)] += u32::from(!moderator);
        self.counts.contested += u32::from(contested);
        self.serving = Mutex::default();
        Ok(())
    }

    /// Returns how much the next outcome of a source counts.
    fn weight(&self, source: Source, bad: bool) -> f32 {
        let moderators = self.counts.sources[Source::Moderator as usize] as f32;
        let heard = source == Source::Moderator || moderators < HEARD;
        let others = self.others[usize::from(bad)] as f32;
        let (least, factor) = OTHERS[usize::from(bad)];
        let share = if heard { 1.0 } else { ((least + factor * moderators) / (others + 1.0)).min(1.0) };
        WEIGHTS[source as usize] * share
    }

    /// What it adds to the base. `None`: nothing was learned.
    pub fn correction(&self) -> Option<&Correction> {
        self.correction.as_deref()
    }

    /// How many outcomes it is made of.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What the latest outcomes say of a kind, oldest first.
    pub fn trials(&self, kind: Kind) -> Vec<Trial> {
        let mut trials: Vec<Trial> = self.trials[kind as usize].iter().flatten().flatten().copied().collect();
        trials.sort_by_key(|trial| trial.order);
        trials
    }

    /// Returns how much of what the machine approved was bad, by the latest spot checks. Returns `None` if there were none.
    pub fn missed(&self) -> Option<Missed> {
        Missed::of(self.spot_checks.iter().map(|(stands_for, bad)| (f64::from(*stands_for), *bad)))
    }

    /// Returns what of the correction may serve under a policy, as the sentinels and the site's latest outcomes allow. The
    /// answer is kept until something is learned or other terms are asked for.
    pub fn serving<'s>(&self, terms: &Terms, sentinels: impl Fn() -> &'s Sentinels) -> Arc<Serving> {
        match self.serving.lock() {
            Ok(known) => self.serving_in(known, terms, sentinels),
            Err(_) => Arc::new(self.compare(terms, sentinels)),
        }
    }

    /// Returns the same, or `None` if somebody is finding it out just now.
    pub fn serving_now<'s>(&self, terms: &Terms, sentinels: impl Fn() -> &'s Sentinels) -> Option<Arc<Serving>> {
        match self.serving.try_lock() {
            Ok(known) => Some(self.serving_in(known, terms, sentinels)),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(_)) => Some(Arc::new(self.compare(terms, sentinels))),
        }
    }

    fn serving_in<'s>(
        &self,
        mut known: MutexGuard<'_, Option<(Terms, Arc<Serving>)>>,
        terms: &Terms,
        sentinels: impl Fn() -> &'s Sentinels,
    ) -> Arc<Serving> {
        match &*known {
            Some((same, serving)) if same == terms => Arc::clone(serving),
            _ => Arc::clone(&known.insert((*terms, Arc::new(self.compare(terms, sentinels)))).1),
        }
    }

    /// Finds out what of the correction may serve.
    fn compare<'s>(&self, terms: &Terms, sentinels: impl Fn() -> &'s Sentinels) -> Serving {
        let limits = self.correction.as_ref().map_or_else(Limits::default, |correction| sentinels().limits(correction, terms));
        let trials = Kind::ALL.map(|kind| self.trials(kind));
        let of = |kind: Kind, spoken: bool, limits: &Limits| {
            Standing::of(trials[kind as usize].iter().filter(|trial| trial.base.is_some() == spoken), kind, terms, limits)
        };
        let mut limits = limits;
        let all = Kind::ALL.map(|kind| {
            let tried = SHRUNK.map(|factor| {
                let shrunk = limits.shrunk(kind, factor);
                (of(kind, true, &shrunk), shrunk)
            });
            let serves = tried.iter().filter(|(standing, _)| standing.serves);
            let best = serves.min_by(|(a, _), (b, _)| a.corrected_cost().total_cmp(&b.corrected_cost()));
            let (standing, shrunk) = best.unwrap_or(&tried[0]);
            limits = shrunk.clone();
            *standing
        });
        let unspoken = Kind::ALL.map(|kind| of(kind, false, &limits));
        let unlimited = Limits::default();
        let alike = Kind::ALL.map(|kind| {
            self.correction.as_ref().is_some_and(|correction| {
                let resembles = |signature| self.resembles_signature(signature, kind);
                of(kind, true, &unlimited).serves && sentinels().allow(correction, terms, kind, resembles)
            })
        });
        Serving { limits, all, alike, unspoken }
    }

    /// Returns the last decision within the hour before `now`, in microseconds since 1970, that goes for this comment too: a
    /// rejection of one that is nearly the same, or an approval of the same text. A moderator's comes before anybody
    /// else's.
    pub fn decided_alike(&self, comment_id: &str, text: &str, likeness: &Likeness, now: i64) -> Option<&Decided> {
        let mut own = None;
        let mut all = self.decided.iter().rev().flat_map(|line| line.iter().rev());
        all.find(|decided| {
            let recent = now.saturating_sub(decided.at) <= WAVE;
            // A word that was put in or left out may make it say something else: nobody has approved that.
            let mut same = || decided.digest == Some(*own.get_or_insert_with(|| digest(text)));
            let like = decided.likeness.is_like(likeness);
            recent && decided.comment_id != comment_id && like && (decided.rejected || same())
        })
    }

    /// How many of the latest outcomes were on comments like this one: harmless ones, and bad ones.
    pub fn alike(&self, sketch: &Sketch) -> (usize, usize) {
        let signature = sketch.signature();
        let like = self.signatures.iter().filter(|(other, _)| (other ^ signature).count_ones() <= ALIKE);
        let ham = like.clone().filter(|(_, outcome)| *outcome == Outcome::Ham).count();
        (ham, like.count() - ham)
    }

    /// Returns which way the latest outcomes on comments like this one point, bad or harmless. Returns `None` if there are few or
    /// they disagree.
    pub fn resembles(&self, sketch: &Sketch, kind: Kind) -> Option<bool> {
        self.resembles_signature(sketch.signature(), kind)
    }

    fn resembles_signature(&self, signature: u128, kind: Kind) -> Option<bool> {
        let (mut all, mut harmless, mut bad) = (0, 0, 0);
        for (other, outcome) in &self.signatures {
            let Some(outcome) = kind.of(*outcome) else { continue };
            all += 1;
            if (other ^ signature).count_ones() <= RESEMBLES {
                *if outcome { &mut bad } else { &mut harmless } += 1;
            }
        }
        match (harmless, bad) {
            // Of many outcomes some are near by chance.
            _ if all > FEW_ENOUGH => None,
            (RESEMBLED.., 0) => Some(false),
            (0, RESEMBLED..) => Some(true),
            _ => None,
        }
    }

    /// SHA-256 of all that was learned, in hexadecimal; of nothing for nothing.
    pub fn digest(&self) -> String {
        let digest = self.correction.as_ref().map(|correction| correction.digest());
        digest.iter().flatten().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Adds to a line that holds so many at most.
fn push<T>(line: &mut VecDeque<T>, most: usize, one: T) {
    if line.len() >= most {
        line.pop_front();
    }
    line.push_back(one);
}

/// A hash of what a lesson is about. Two that share one cost a fold that was not needed.
fn named(lesson: &Lesson) -> u32 {
    crc32fast::hash(lesson.comment_id.as_bytes()).wrapping_mul(0x9E37_79B1) ^ lesson.text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::classify::{Input, Model};

    const TEXTS: [&str; 6] = [
        "buy pills now, cheap pills, best pills",
        "you are an idiot and everybody here knows it",
        "I see it differently: the sanctions hurt the poor first",
        "visit my channel and subscribe",
        "thank you for the recipe, the bread rose well",
        "shut up, nobody asked you",
    ];

    fn lesson(id: usize, text: usize, outcome: Outcome, source: Source, by: &str) -> Lesson {
        let model = Model::builtin().unwrap();
        Lesson {
            name: format!("d:{id}:{by}"),
            comment_id: format!("c{id}"),
            outcome: Some(outcome),
            rejected: outcome != Outcome::Ham,
            text: 0,
            source,
            by: by.to_owned(),
            at: 0,
            sketch: model.sketch(&Input { text: TEXTS[text % TEXTS.len()], ..Input::default() }),
            likeness: None,
            digest: Some(digest(TEXTS[text % TEXTS.len()])),
            persons: Vec::new(),
            spot_check: None,
        }
    }

    fn numbered(lessons: Vec<Lesson>) -> Vec<(u64, Lesson)> {
        (1..).zip(lessons).collect()
    }

    #[test]
    fn the_most_trusted_sources_last_word_counts() {
        let host = lesson(1, 0, Outcome::Ham, Source::Host, "");
        let ann = lesson(1, 0, Outcome::Spam, Source::Moderator, "ann");
        let both = Learned::fold(&numbered(vec![ann.clone(), host])).unwrap();
        let alone = Learned::fold(&numbered(vec![ann])).unwrap();
        assert_eq!(both.digest(), alone.digest());
        assert_eq!((both.counts().all(), both.counts().contested), (1, 0));
    }

    #[test]
    fn what_moderators_disagree_on_counts_less() {
        let ann = lesson(1, 0, Outcome::Spam, Source::Moderator, "ann");
        let bob = lesson(1, 0, Outcome::Ham, Source::Moderator, "bob");
        let both = Learned::fold(&numbered(vec![ann.clone(), bob.clone()])).unwrap();
        assert_eq!(both.counts().contested, 1);
        assert_ne!(both.digest(), Learned::fold(&numbered(vec![bob])).unwrap().digest());
        // Who changes one's own mind is not in conflict with anybody.
        let again = Learned::fold(&numbered(vec![ann, lesson(1, 0, Outcome::Ham, Source::Moderator, "ann")])).unwrap();
        assert_eq!(again.counts().contested, 0);
    }

    #[test]
    fn hosts_do_not_outvote_moderators_by_their_number() {
        let outcome =
            |n: usize| if n.is_multiple_of(5) { (Source::Moderator, Outcome::Spam) } else { (Source::Host, Outcome::Ham) };
        let lessons: Vec<Lesson> = (0..1_000)
            .map(|n| {
                let (source, outcome) = outcome(n);
                lesson(n, 0, outcome, source, "x")
            })
            .collect();
        let learned = Learned::fold(&numbered(lessons)).unwrap();
        let evidence = learned.correction().unwrap().evidence(Kind::Spam);
        // 200 of moderators, and of the 800 harmless ones of others what some 115 count.
        assert!((280.0..330.0).contains(&evidence), "{evidence}");
    }

    #[test]
    fn what_nobody_says_anything_of_counts_no_more() {
        let ann = lesson(1, 0, Outcome::Spam, Source::Moderator, "ann");
        let back = Lesson { outcome: None, rejected: false, ..lesson(1, 0, Outcome::Ham, Source::Moderator, "bob") };
        let host = lesson(1, 0, Outcome::Spam, Source::Host, "");
        let learned = Learned::fold(&numbered(vec![host, ann, back])).unwrap();
        assert_eq!((learned.counts().all(), learned.digest()), (0, String::new()));
        // Another text of the same comment is another matter.
        let other = Lesson { text: 9, ..lesson(1, 3, Outcome::Spam, Source::Moderator, "bob") };
        let ham = lesson(1, 2, Outcome::Ham, Source::Moderator, "ann");
        let both = Learned::fold(&numbered(vec![ham, other])).unwrap();
        assert_eq!((both.counts().all(), both.counts().contested), (2, 0));
    }

    #[test]
    fn nobody_else_pushes_out_what_moderators_said() {
        let text = "Dear readers, the town library opens its doors again on Monday at nine, bring a friend";
        let like = Likeness::of(text);
        let wave = |lesson: Lesson| Lesson { likeness: like, digest: Some(digest(text)), ..lesson };
        let mut lessons = vec![wave(lesson(0, 0, Outcome::Spam, Source::Moderator, "mia"))];
        lessons.extend((1..200).map(|n| wave(lesson(n, 2, Outcome::Ham, Source::Host, "blog"))));
        lessons.extend((200..330).map(|n| lesson(n, 0, Outcome::Toxic, Source::Moderator, "mia")));
        let learned = Learned::fold(&numbered(lessons)).unwrap();
        let decided = learned.decided_alike("new", text, &like.unwrap(), 0).unwrap();
        assert_eq!((decided.comment_id.as_str(), decided.rejected), ("c0", true));
        assert!(learned.decided_alike("c0", text, &like.unwrap(), 0).is_some_and(|decided| !decided.rejected));
        assert!(
            learned.trials(Kind::Spam).iter().any(|trial| trial.source == Source::Moderator),
            "abuse tells nothing of spam"
        );
    }

    proptest! {
        /// Learned one by one, or folded from the whole log: the same, bit for bit.
        #[test]
        fn one_by_one_and_all_at_once_are_the_same(
            outcomes in prop::collection::vec((0..12usize, 0..6usize, 0..3usize, 0..3usize), 1..30),
        ) {
            let lessons = outcomes.iter().map(|&(id, text, outcome, source)| {
                lesson(id, text, Outcome::ALL[outcome], Source::ALL[source], "x")
            });
            let log = numbered(lessons.collect());
            let mut learned = Learned::default();
            for (at, (_, lesson)) in log.iter().enumerate() {
                if !learned.learn(lesson).unwrap() {
                    learned = Learned::fold(&log[..=at]).unwrap();
                }
            }
            let folded = Learned::fold(&log).unwrap();
            prop_assert_eq!(learned.digest(), folded.digest());
            prop_assert_eq!(learned.counts(), folded.counts());
            prop_assert_eq!(&learned.seen, &folded.seen);
            prop_assert!(Kind::ALL.into_iter().all(|kind| learned.trials(kind) == folded.trials(kind)));
        }
    }

    #[test]
    fn what_was_learned_of_a_site_stays_small() {
        let model = Model::builtin().unwrap();
        let texts = (0..600).map(|n| format!("comment {n}: {} about {}", TEXTS[n % 6], n * 7));
        let mut learned = Learned::default();
        for (n, text) in texts.enumerate() {
            let lesson = Lesson {
                sketch: model.sketch(&Input { text: &text, ..Input::default() }),
                comment_id: format!("0197b2f4-1111-7aaa-8bbb-{n:012}"),
                likeness: Likeness::of(TEXTS[2]),
                digest: Some(digest(TEXTS[2])),
                ..lesson(n, 0, Outcome::Ham, Source::Moderator, "moderator of the day")
            };
            assert!(learned.learn(&lesson).unwrap());
        }
        let trials: usize = learned.trials.iter().flatten().flatten().map(VecDeque::len).sum();
        assert_eq!((trials, learned.decided[1].len(), learned.signatures.len()), (2 * TRIALS, DECIDED[1], SIGNATURES));
        let decided = (DECIDED[0] + DECIDED[1]) * (size_of::<Decided>() + 64);
        let spot_checks = SPOT_CHECKS * size_of::<(f32, bool)>();
        let line = spot_checks + 8 * TRIALS * size_of::<Trial>() + decided + SIGNATURES * size_of::<(u128, Outcome)>();
        let correction = 4 * (super::super::SLOTS + 1) * size_of::<f32>();
        // Beside them a hash of four bytes for each outcome that the log keeps.
        assert!(correction + line + 4 * 3_500 < 305_000, "{correction} + {line}");
    }
}
