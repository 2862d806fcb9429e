//! The labels that the classifier scores.

/// The number of lanes in a row of the weight table: one per label and one spare.
pub const LABEL_LANES: usize = 8;

/// A label that the classifier scores. The order is the lane order of the model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Label {
    /// Advertising, link dropping, scams.
    Spam,
    /// Abuse of any kind that would make people leave a discussion.
    Toxicity,
    /// Extreme abuse.
    SevereToxicity,
    /// An insult to a person.
    Insult,
    /// An announcement of harm, or a wish for it.
    Threat,
    /// An attack on people for their identity.
    IdentityAttack,
    /// Swearing and sexual vulgarity.
    Obscene,
}

impl Label {
    /// Every label, in lane order.
    pub const ALL: [Label; 7] = [
        Label::Spam,
        Label::Toxicity,
        Label::SevereToxicity,
        Label::Insult,
        Label::Threat,
        Label::IdentityAttack,
        Label::Obscene,
    ];

    /// Returns the label's name in policies, reports and the API: lower case with underscores.
    pub fn as_str(self) -> &'static str {
        match self {
            Label::Spam => "spam",
            Label::Toxicity => "toxicity",
            Label::SevereToxicity => "severe_toxicity",
            Label::Insult => "insult",
            Label::Threat => "threat",
            Label::IdentityAttack => "identity_attack",
            Label::Obscene => "obscene",
        }
    }

    /// Returns the label with exactly this name, or `None` if there is none.
    pub fn parse(name: &str) -> Option<Label> {
        Label::ALL.into_iter().find(|label| label.as_str() == name)
    }

    /// Returns the index of the label's weight in a row of the table, `0..LABEL_LANES`.
    pub fn lane(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Label;

    #[test]
    fn labels_parse_back_and_keep_their_lanes() {
        for (lane, label) in Label::ALL.into_iter().enumerate() {
            assert_eq!(Label::parse(label.as_str()), Some(label));
            assert_eq!(label.lane(), lane);
        }
        assert_eq!(Label::parse("Spam"), None);
    }
}
