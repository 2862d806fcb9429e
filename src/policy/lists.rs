//! Lists of words, domains and addresses.

mod addresses;
mod domains;
mod words;

pub use addresses::{Address, Addresses};
pub use domains::Domains;
pub use words::Words;

/// The lists of a policy file: what it blocks, or what it allows.
#[derive(Debug, Clone, Default)]
pub struct PolicyLists {
    /// Words and phrases.
    pub words: Words,
    /// Domains of links.
    pub domains: Domains,
    /// E-mail addresses, mail domains, IP addresses and ranges.
    pub addresses: Addresses,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_not_repeated_as_it_may_be_a_persons_address() {
        for typed in ["ada@", "ada", "203.0.113.300", "http://ada@mail.example/", "ada@mail.example,eve@mail.example:x/"] {
            let problems = [Addresses::parse(typed).err(), Domains::parse(typed).err()];
            assert!(problems.iter().any(Option::is_some), "{typed}");
            for problem in problems.into_iter().flatten() {
                assert!(!problem.contains("ada") && !problem.contains("203"), "{problem}");
            }
        }
    }
}
