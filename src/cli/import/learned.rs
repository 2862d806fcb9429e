//! The learning results of a site, for the end of an import's summary.

use crate::classify::site::Outcome as SiteOutcome;
use crate::classify::site::training_example::OutcomeSource;
use crate::cli::connect::Connection;
use crate::pb;

/// Returns lines that describe what the site has learned from imported decisions, and what it has not.
pub async fn learned_lines(connection: &Connection, site: &str) -> Vec<String> {
    let info = connection.admin().get_model_info(pb::GetModelInfoRequest { site: site.to_owned() }).await;
    let Ok(Some(learning)) = info.map(|answer| answer.into_inner().learning) else {
        return vec![format!("To see what was learned, run `gatepost model info --site {site}` with an administrator's key.")];
    };
    let imported = learning.by_source.get(OutcomeSource::Import.as_str()).copied().unwrap_or_default();
    if imported == 0 {
        return vec![
            "Nothing was learned: none of the imported decisions shows what is harmless or bad on this site.".to_owned(),
        ];
    }
    let mut lines = vec![format!(
        "Learned from {imported} decisions of archives (at most 500): the usual words, authors and domains of this blog."
    )];
    for (outcome, what) in [(SiteOutcome::Spam, "spam"), (SiteOutcome::Toxic, "abuse")] {
        if learning.by_outcome.get(outcome.as_str()).copied().unwrap_or_default() == 0 {
            lines.push(format!(
                "Not learned: what {what} looks like, because there was none. Approved comments alone clear only comments \
                 like them; {what} is held as before."
            ));
        }
    }
    lines.extend(learning.labels.iter().map(|label| format!("{}: {}", label.label, label.why)));
    lines
}
