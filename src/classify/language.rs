//! The languages of comments: their tags and names. `detect` detects the language of a text.

pub mod detect;

use isolang::Language;

/// Hindi and Urdu in Latin script. ISO 639 has no code for them, so the code of Fiji Hindi stands in: it is written in
/// Latin script.
pub const HINGLISH: Language = Language::Hif;

/// Parses the language of a BCP 47 tag. Returns `None` if the tag is empty or unknown.
pub fn parse_tag(tag: &str) -> Option<Language> {
    let mut parts = tag.split(['-', '_']);
    let code = parts.next()?.to_ascii_lowercase();
    if matches!(code.as_str(), "hi" | "ur") && parts.any(|part| part.eq_ignore_ascii_case("Latn")) {
        return Some(HINGLISH);
    }
    let language = Language::from_639_1(&code).or_else(|| Language::from_639_3(&code))?;
    Some(if language == Language::Cmn { Language::Zho } else { language })
}

/// Returns the tag of a language: its two-letter code, or its three-letter code if it has no two-letter one. Hindi and Urdu
/// in Latin script have the tag `hi-Latn`.
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
