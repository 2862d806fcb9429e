//! Who decides: the machine, an archive, or somebody with a name.

use unicode_normalization::UnicodeNormalization;

/// What `decided_by` says of a verdict that no person gave.
pub const MACHINE: &str = "MACHINE";
/// What `decided_by` says of a verdict that came with the comment from elsewhere.
pub const IMPORT: &str = "import";

/// Returns whether a person or a key may go by a name: one that cannot be read as the machine's or an archive's, holds nothing that
/// is not seen or turns text around, and is no longer than 128 bytes. An empty name names nobody.
pub fn is_valid_actor_name(name: &str) -> bool {
    let looks = |text: &str| -> String {
        let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
        unicode_security::skeleton(lower.trim()).collect()
    };
    let reserved = [MACHINE, IMPORT].iter().any(|taken| looks(name) == looks(taken));
    let blank = !name.is_empty() && name.trim().is_empty();
    name.len() <= 128 && !reserved && !blank && !name.contains(|c: char| c.is_control() || is_invisible(c))
}

/// Returns whether a character is invisible or changes the direction of text: characters that names have no use for.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_by_the_name_of_the_machine_or_unseen() {
        for name in [
            "MACHINE",
            "machine",
            "ＭＡＣＨＩＮＥ",
            "import",
            "Import ",
            "a\u{202e}nna",
            "a\u{200b}nn",
            "bell\u{7}",
            "MACHINE\u{34f}",
            "M\u{410}CHINE",
            "imp\u{43e}rt",
            "\u{3164}",
            "  ",
            &"x".repeat(129),
        ] {
            assert!(!is_valid_actor_name(name), "{name:?}");
        }
        for name in ["", "mia", "jürgen o'brien", "машина", "importer"] {
            assert!(is_valid_actor_name(name), "{name:?}");
        }
    }
}
