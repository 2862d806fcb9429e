//! Detects the language of a comment, so that the model scores only languages it was trained on.
//!
//! A script that only one language commonly uses decides by itself. Next comes the model's own vocabulary, which works on
//! short comments, and then [`whatlang`], which knows more languages. If neither is confident, the language declared by the
//! host is used, and English if there is none.

use std::sync::LazyLock;

use isolang::Language;
use whatlang::{Detector, Lang};

use super::parse_tag;
use crate::classify::token::{Token, TokenKind, Tokens};
use crate::classify::vocabulary::Vocabulary;

/// The minimum number of letters for trigrams of an alphabet that many languages share.
const MIN_LETTERS: u32 = 24;
/// The minimum number of letters to detect a language that the model does not support. A short text is more likely in a
/// supported language.
const MIN_LETTERS_UNSUPPORTED: u32 = 60;
/// The prior of the language that the host declares, in units of the vocabulary's weights.
const HINT_PRIOR: i32 = 48;
/// The prior of English if the host declares no language, in units of the vocabulary's weights.
const ENGLISH_PRIOR: i32 = 16;
/// The approximate size of the sample that the trigram detector reads, in bytes.
const MAX_SAMPLE_BYTES: usize = 300;
/// The maximum number of letters that are read to detect a language by its script or its letters.
const MAX_SCRIPT_LETTERS: usize = 64;

/// The trigram detector, without three languages that are rare in comments and lower its confidence in similar ones.
static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::with_denylist(vec![Lang::Afr, Lang::Epo, Lang::Lat]));

/// Returns the language of a tokenised text. `hint` is a BCP 47 tag or empty; `is_supported` tells whether the model
/// supports a language.
pub fn detect(
    text: &str,
    tokens: &Tokens,
    hint: &str,
    vocabulary: &Vocabulary,
    is_supported: impl Fn(Language) -> bool,
) -> Language {
    let hinted = parse_tag(hint);
    if tokens.counts.non_ascii > 0
        && let Some(language) = by_script(text)
    {
        return language;
    }
    let expected = hinted.map_or((Language::Eng, ENGLISH_PRIOR), |hinted| (hinted, HINT_PRIOR));
    let guess = vocabulary.guess(&tokens.tokens, expected, &is_supported);
    if let Some(language) = guess.filter(|language| is_supported(*language) || tokens.counts.letters >= MIN_LETTERS) {
        return language;
    }
    if tokens.counts.non_ascii > 0
        && let Some(language) = by_letters(text)
    {
        return language;
    }
    by_trigrams(text, tokens, hinted, is_supported)
}

/// Returns the language of a text by its trigrams. If they are not reliable, returns the language that the host declares or
/// that the script suggests.
fn by_trigrams(text: &str, tokens: &Tokens, hinted: Option<Language>, is_supported: impl Fn(Language) -> bool) -> Language {
    let has_words = tokens.tokens.iter().any(is_word);
    if !has_words || tokens.counts.non_ascii == 0 && tokens.counts.letters < MIN_LETTERS {
        return hinted.unwrap_or(Language::Eng);
    }
    let Some(detected) = DETECTOR.detect(&detector_sample(text, tokens)) else { return hinted.unwrap_or(Language::Eng) };
    let is_latin = detected.script() == whatlang::Script::Latin;
    let language = from_whatlang(detected.lang());
    let min_letters = if is_supported(language) { MIN_LETTERS } else { MIN_LETTERS_UNSUPPORTED };
    // A declared and supported language wins over a detected and unsupported one, such as Indonesian over Malay.
    let is_doubtful =
        is_latin && (tokens.counts.letters < min_letters || hinted.is_some_and(&is_supported) && !is_supported(language));
    if detected.is_reliable() && !is_doubtful {
        return language;
    }
    match detected.script() {
        whatlang::Script::Latin => hinted.unwrap_or(Language::Eng),
        // A few words do not distinguish the languages of this script; Russian is the most common.
        whatlang::Script::Cyrillic => hinted.unwrap_or(Language::Rus),
        _ => hinted.unwrap_or(language),
    }
}

/// Returns the sample of a text that the trigram detector reads: its first words and ideographs.
fn detector_sample(text: &str, tokens: &Tokens) -> String {
    let mut sample = String::with_capacity(MAX_SAMPLE_BYTES + 64);
    for token in tokens.tokens.iter().filter(|token| is_word(token)) {
        sample.push_str(&text[usize::from(token.start)..usize::from(token.end)]);
        if token.kind == TokenKind::Word {
            sample.push(' ');
        }
        if sample.len() > MAX_SAMPLE_BYTES {
            break;
        }
    }
    sample
}

fn is_word(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::Ideograph)
}

/// Returns the language of a text by a letter that only one of the model's languages uses, or `None` if it has none.
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

/// Returns the language of a text by its script. Returns `None` if the text's main script is shared by several languages.
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
    // A single foreign name or term among Latin words does not decide.
    (most * 2 > others).then_some(language)
}

fn from_whatlang(language: Lang) -> Language {
    match language {
        // The detector reports the spoken language (Mandarin, Iranian Persian); the model uses the macrolanguage.
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
        let is_supported = |language| matches!(language, Language::Eng | Language::Por | Language::Ind | Language::Deu);
        detect(text.as_str(), &tokens, hint, &Vocabulary::default(), is_supported)
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
