//! What a site has learned from the decisions of archives, for the end of an import's summary.

use crate::classify::site::Outcome as SiteOutcome;
use crate::classify::site::training_example::OutcomeSource;
use crate::cli::connect::Connection;
use crate::pb;

/// Returns what the site has learned from archives and what it has not, a line each.
pub async fn learned_lines(connection: &Connection, site: &str) -> Vec<String> {
    let asked = connection.admin().get_model_info(pb::GetModelInfoRequest { site: site.to_owned() }).await;
    let Ok(Some(learning)) = asked.map(|answer| answer.into_inner().learning) else {
        return vec![format!("What was learned from it: `gatepost model info --site {site}`, with a key for administrators.")];
    };
    let imported = learning.by_source.get(OutcomeSource::Import.as_str()).copied().unwrap_or_default();
    if imported == 0 {
        return vec!["Nothing was learned from it: none of its decisions says what is harmless or bad here.".to_owned()];
    }
    let mut lines = vec![format!(
        "Learned from {imported} decisions of archives (at most 500): what is at home on this blog, its words, authors and domains."
    )];
    for (outcome, what) in [(SiteOutcome::Spam, "spam"), (SiteOutcome::Toxic, "abuse")] {
        if learning.by_outcome.get(outcome.as_str()).copied().unwrap_or_default() == 0 {
            lines.push(format!(
                "Not learned: what {what} looks like, as there was none. Approved comments alone clear only what is like them; \
                 {what} of other kinds is held as before."
            ));
        }
    }
    lines.extend(learning.labels.iter().map(|label| format!("{}: {}", label.label, label.why)));
    lines
}
