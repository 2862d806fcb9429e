//! Finds the language of a comment, so that the model speaks only of languages it has learned.
//!
//! Scripts that hardly another language is written in decide by themselves. Else the model's own vocabulary is asked, which is
//! right on short comments, then [`whatlang`], which knows more languages. Where neither is sure, the host's word counts; and
//! without one the comment is taken for English: a short cheer is no reason to give up.

use std::sync::LazyLock;

use isolang::Language;
use whatlang::{Detector, Lang};

use super::parse_tag;
use crate::classify::token::{Token, TokenKind, Tokens};
use crate::classify::vocabulary::Vocabulary;

/// With fewer letters than this the trigrams of an alphabet that many languages share say nothing.
const MIN_LETTERS: u32 = 24;
/// A language that the model does not speak must be found in so many letters: a short text is more likely in one that
/// readers here write.
const MIN_LETTERS_UNSUPPORTED: u32 = 60;
/// How much the language that the host names is expected, and English where it names none, in units of the vocabulary's weights.
const HINT_PRIOR: i32 = 48;
const ENGLISH_PRIOR: i32 = 16;
/// How much of a text is shown to the detector.
const MAX_SAMPLE_BYTES: usize = 300;
/// How many letters of other scripts are looked at.
const MAX_SCRIPT_LETTERS: usize = 64;

/// Languages that hardly anybody comments in, but which make the detector doubt the ones beside them.
static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::with_denylist(vec![Lang::Afr, Lang::Epo, Lang::Lat]));

/// The language of a tokenised text. `hint` is a BCP 47 tag or empty; `spoken` says which languages the model speaks.
pub fn detect(text: &str, tokens: &Tokens, hint: &str, vocabulary: &Vocabulary, spoken: impl Fn(Language) -> bool) -> Language {
    let hinted = parse_tag(hint);
    if tokens.counts.non_ascii > 0
        && let Some(language) = by_script(text)
    {
        return language;
    }
    let expected = hinted.map_or((Language::Eng, ENGLISH_PRIOR), |hinted| (hinted, HINT_PRIOR));
    let guess = vocabulary.guess(&tokens.tokens, expected, &spoken);
    if let Some(language) = guess.filter(|language| spoken(*language) || tokens.counts.letters >= MIN_LETTERS) {
        return language;
    }
    if tokens.counts.non_ascii > 0
        && let Some(language) = by_letters(text)
    {
        return language;
    }
    by_trigrams(text, tokens, hinted, spoken)
}

/// Returns the language that the trigrams of a text speak for, or what the host says (or the script suggests) if they are unsure.
fn by_trigrams(text: &str, tokens: &Tokens, hinted: Option<Language>, spoken: impl Fn(Language) -> bool) -> Language {
    let has_words = tokens.tokens.iter().any(is_word);
    if !has_words || tokens.counts.non_ascii == 0 && tokens.counts.letters < MIN_LETTERS {
        return hinted.unwrap_or(Language::Eng);
    }
    let Some(found) = DETECTOR.detect(&detector_sample(text, tokens)) else { return hinted.unwrap_or(Language::Eng) };
    let latin = found.script() == whatlang::Script::Latin;
    let language = from_whatlang(found.lang());
    // Malay is not Indonesian, but for a host that says it is Indonesian, it is.
    let letters = if spoken(language) { MIN_LETTERS } else { MIN_LETTERS_UNSUPPORTED };
    let doubted = latin && (tokens.counts.letters < letters || hinted.is_some_and(&spoken) && !spoken(language));
    if found.is_reliable() && !doubted {
        return language;
    }
    match found.script() {
        whatlang::Script::Latin => hinted.unwrap_or(Language::Eng),
        // Languages that share this script are too close to be told apart in few words; this one is written most.
        whatlang::Script::Cyrillic => hinted.unwrap_or(Language::Rus),
        _ => hinted.unwrap_or(language),
    }
}

/// Returns the beginning of a text, as far as it is shown to the detector: words and ideographs only.
fn detector_sample(text: &str, tokens: &Tokens) -> String {
    let mut shown = String::with_capacity(MAX_SAMPLE_BYTES + 64);
    for token in tokens.tokens.iter().filter(|token| is_word(token)) {
        shown.push_str(&text[usize::from(token.start)..usize::from(token.end)]);
        if token.kind == TokenKind::Word {
            shown.push(' ');
        }
        if shown.len() > MAX_SAMPLE_BYTES {
            break;
        }
    }
    shown
}

fn is_word(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::Ideograph)
}

/// The language of a text with a letter that only this one of the model's languages has.
fn by_letters(text: &str) -> Option<Language> {
    text.chars().filter(|c| !c.is_ascii()).take(MAX_SCRIPT_LETTERS).find_map(|c| {
        Some(match c {
            'ğ' | 'ı' | 'ş' => Language::Tur,
            'ơ' | 'ư' | '\u{1EA0}'..='\u{1EF9}' => Language::Vie,
            'ł' | 'ą' | 'ę' | 'ż' | 'ź' | 'ś' => Language::Pol,
            'ř' | 'ě' | 'ů' => Language::Ces,
            'ő' | 'ű' => Language::Hun,
            'ț' | 'ș' | 'ă' => Language::Ron,
            'ß' => Language::Deu,
            'ñ' | '¿' | '¡' => Language::Spa,
            'ã' | 'õ' => Language::Por,
            'і' | 'ї' | 'є' | 'ґ' => Language::Ukr,
            _ => return None,
        })
    })
}

/// The language of a text most of whose letters are of a script that hardly another language is written in.
fn by_script(text: &str) -> Option<Language> {
    let mut counts = [(0, Language::Kor), (0, Language::Jpn), (0, Language::Zho), (0, Language::Ell), (0, Language::Hin)];
    let mut others = 0;
    for c in text.chars().filter(|c| c.is_alphabetic()).take(MAX_SCRIPT_LETTERS) {
        let at = match c {
            '\u{AC00}'..='\u{D7A3}' | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' => 0,
            '\u{3040}'..='\u{30FF}' => 1,
            '\u{3400}'..='\u{9FFF}' => 2,
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => 3,
            '\u{900}'..='\u{97F}' => 4,
            _ => {
                others += 1;
                continue;
            }
        };
        counts[at].0 += 1;
    }
    let [_, (kana, _), (han, _), ..] = counts;
    if kana > 0 && (kana + han) * 2 > others {
        return Some(Language::Jpn);
    }
    let (most, language) = counts.into_iter().max_by_key(|(count, _)| *count)?;
    // A name or a term among Latin words is no language.
    (most * 2 > others).then_some(language)
}

fn from_whatlang(language: Lang) -> Language {
    match language {
        // The detector knows the spoken language, everybody else the written one.
        Lang::Cmn => Language::Zho,
        Lang::Pes => Language::Fas,
        language => Language::from_639_3(language.code()).unwrap_or(Language::Und),
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, detect};
    use crate::classify::token::Tokens;
    use crate::classify::vocabulary::Vocabulary;
    use crate::reading::text::ScoringText;

    fn language(source: &str, hint: &str) -> Language {
        let (mut text, mut tokens) = (ScoringText::default(), Tokens::default());
        text.normalize(source);
        tokens.tokenize(&text);
        let spoken = |language| matches!(language, Language::Eng | Language::Por | Language::Ind | Language::Deu);
        detect(text.as_str(), &tokens, hint, &Vocabulary::default(), spoken)
    }

    #[test]
    fn languages_are_told_apart() {
        assert_eq!(language("I do not think that this is how it was.", ""), Language::Eng);
        assert_eq!(language("Não concordo com nada do que está escrito neste artigo, é uma vergonha.", ""), Language::Por);
        assert_eq!(language("Das ist doch nicht zu glauben, wer hat denn das geschrieben?", ""), Language::Deu);
        assert_eq!(language("Ищу партнеров для удаленной работы, доход от ста долларов", ""), Language::Rus);
        assert_eq!(language("这篇文章写得很好", ""), Language::Zho);
        assert_eq!(language("이 기사는 정말 좋네요", ""), Language::Kor);
        assert_eq!(language("Minusta tämä kirjoitus oli todella hyvä ja mielenkiintoinen luettava", ""), Language::Fin);
    }

    #[test]
    fn short_texts_are_what_the_host_says_else_english() {
        assert_eq!(language("lol", ""), Language::Eng);
        assert_eq!(language("muito bom", "pt-BR"), Language::Por);
        assert_eq!(language("http://a.example 😀", ""), Language::Eng);
        assert_eq!(language("I think that the author is right.", "de"), Language::Eng);
        assert_eq!(language("Todella hyvä kirjoitus, kiitos siitä", ""), Language::Eng);
    }

    #[test]
    fn a_host_that_names_a_spoken_language_is_believed_against_one_that_is_not_spoken() {
        let malay = "Saya tidak bersetuju dengan pendapat penulis kerana perkara itu sudah dijelaskan semalam oleh kerajaan";
        assert_eq!(language(malay, "id"), Language::Ind);
    }

    #[test]
    fn what_is_no_english_does_not_pass_for_it_by_the_built_in_vocabulary() {
        let model = crate::classify::Model::builtin().expect("compiled in");
        let name = |text: &str| model.score(&crate::classify::Input { text, ..Default::default() }).language_name();
        for (text, language) in [
            (
                "Je ne suis pas d'accord avec cet article, la guerre a commencé bien avant les sanctions du gouvernement",
                "French",
            ),
            ("Ik ben het niet eens met dit artikel, de oorlog begon lang voor de sancties van de regering", "Dutch"),
            ("No estoy de acuerdo con este artículo, la guerra empezó mucho antes de las sanciones del gobierno", "Spanish"),
            ("Non sono d'accordo con questo articolo, la guerra era cominciata molto prima delle sanzioni", "Italian"),
            ("Jag håller inte med om den här artikeln, kriget började långt innan sanktionerna kom på plats", "Swedish"),
            ("Nie zgadzam się z tym artykułem, wojna zaczęła się na długo przed sankcjami rządu w tym kraju", "Polish"),
            ("Bu makaleye katılmıyorum, savaş hükümetin yaptırımlarından çok önce başladı ve hala bitmedi", "Turkish"),
            ("Cheap pills at http://pills.example/buy?id=7 earn $5000 a week, W0RK from h0me!!! subscribe NOW.", "English"),
            ("CHECK OUT my new channel guys, subscribe and like, great remix video", "English"),
        ] {
            assert_eq!(name(text), language, "{text}");
        }
    }
}
