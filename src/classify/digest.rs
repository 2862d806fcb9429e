//! A digest that identifies a text, independent of case and white space.

use sha2::{Digest as _, Sha256};

/// A digest that identifies a text, independent of case and white space. Every other character counts, since a single
/// punctuation mark can change the meaning of a text.
pub type TextDigest = [u8; 16];

/// Returns the first 16 bytes of the SHA-256 of a text in lower case without white space.
pub fn text_digest(text: &str) -> TextDigest {
    let mut hash = Sha256::new();
    let mut buffer = [0; 4];
    for c in text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase) {
        hash.update(c.encode_utf8(&mut buffer));
    }
    let all = hash.finalize();
    std::array::from_fn(|at| all[at])
}

#[cfg(test)]
mod tests {
    use super::text_digest;

    const SPAM: &str = "Earn money from home with our proven system, just visit http://a.example/join and start today, \
                        no experience needed and the first week is free for everybody who signs up now";

    #[test]
    fn one_character_makes_another_text_wherever_it_stands() {
        assert_eq!(text_digest(SPAM), text_digest(&SPAM.replace(' ', "\n  ").to_uppercase()));
        let long = format!("{SPAM} {}", "and so on, ".repeat(6_000));
        for (one, other) in [
            (SPAM.to_owned(), SPAM.replace("today", "tonight")),
            (SPAM.to_owned(), format!("{SPAM} 555")),
            (SPAM.to_owned(), format!("{SPAM} \u{0fd5}")),
            (format!("{SPAM} @anna"), format!("{SPAM} @anne")),
            (format!("{SPAM} 5550001111"), format!("{SPAM} 9009998888")),
            (long.clone(), format!("{long} go away")),
            (SPAM.to_owned(), format!("{SPAM}{}", "\u{200b}".repeat(2_100))),
        ] {
            assert_ne!(text_digest(&one), text_digest(&other), "{other}");
        }
    }
}
