//! Lists of words, domains and addresses.

mod addresses;
mod domains;
mod words;

pub use addresses::{AddressEntry, AddressList};
pub use domains::DomainList;
pub use words::WordList;

/// The blocked or the allowed lists of a policy file.
#[derive(Debug, Clone, Default)]
pub struct PolicyLists {
    /// Words and phrases.
    pub words: WordList,
    /// Domains of links.
    pub domains: DomainList,
    /// E-mail addresses, mail domains, IP addresses and ranges.
    pub addresses: AddressList,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_not_repeated_as_it_may_be_a_persons_address() {
        for typed in ["ada@", "ada", "203.0.113.300", "http://ada@mail.example/", "ada@mail.example,eve@mail.example:x/"] {
            let problems = [AddressList::parse(typed).err(), DomainList::parse(typed).err()];
            assert!(problems.iter().any(Option::is_some), "{typed}");
            for problem in problems.into_iter().flatten() {
                assert!(!problem.contains("ada") && !problem.contains("203"), "{problem}");
            }
        }
    }
}
