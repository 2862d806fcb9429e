//! The languages of comments: their tags and names. `detect` finds the language of a text.

pub mod detect;

use isolang::Language;

/// Hindi and Urdu in Latin script. ISO 639 has no code of its own for them; that of Fiji Hindi, which is written so, stands for all.
pub const HINGLISH: Language = Language::Hif;

/// The language of a BCP 47 tag; `None` for an empty or unknown one.
pub fn parse_tag(tag: &str) -> Option<Language> {
    let mut parts = tag.split(['-', '_']);
    let code = parts.next()?.to_ascii_lowercase();
    if matches!(code.as_str(), "hi" | "ur") && parts.any(|part| part.eq_ignore_ascii_case("Latn")) {
        return Some(HINGLISH);
    }
    let language = Language::from_639_1(&code).or_else(|| Language::from_639_3(&code))?;
    Some(if language == Language::Cmn { Language::Zho } else { language })
}

/// Returns the tag of a language: its two-letter code, or the three-letter one if it has no other.
pub fn tag(language: Language) -> &'static str {
    if language == HINGLISH {
        return "hi-Latn";
    }
    language.to_639_1().unwrap_or_else(|| language.to_639_3())
}

/// Returns the English name of a language.
pub fn english_name(language: Language) -> &'static str {
    if language == HINGLISH { "Hinglish" } else { language.to_name() }
}

#[cfg(test)]
mod tests {
    use super::{Language, parse_tag};

    #[test]
    fn tags_are_read() {
        assert_eq!(parse_tag("zh-Hant-TW"), Some(Language::Zho));
        assert_eq!(parse_tag("EN"), Some(Language::Eng));
        assert_eq!(parse_tag("por"), Some(Language::Por));
        assert_eq!(parse_tag(""), None);
        assert_eq!(parse_tag("x-klingon"), None);
    }
}
