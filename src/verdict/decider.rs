//! Names of those who decide: the machine, an imported archive, or a person or key.

use unicode_normalization::UnicodeNormalization;

/// Value of `decided_by` for a verdict that no person gave.
pub const MACHINE: &str = "MACHINE";
/// Value of `decided_by` for a verdict that was imported with the comment.
pub const IMPORT: &str = "import";

/// Returns whether a person or a key may have a name.
///
/// A valid name does not look like [`MACHINE`] or [`IMPORT`], contains no invisible characters and none that control the
/// direction of text, does not consist of white space, and is at most 128 bytes long. An empty name is valid and stands for
/// nobody.
pub fn is_valid_actor_name(name: &str) -> bool {
    let look_alike_form = |text: &str| -> String {
        let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
        unicode_security::skeleton(lower.trim()).collect()
    };
    let is_reserved = [MACHINE, IMPORT].iter().any(|reserved| look_alike_form(name) == look_alike_form(reserved));
    let is_blank = !name.is_empty() && name.trim().is_empty();
    name.len() <= 128 && !is_reserved && !is_blank && !name.contains(|c: char| c.is_control() || is_invisible(c))
}

/// Returns whether a character is invisible or changes the direction of text. Names do not need such characters.
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
