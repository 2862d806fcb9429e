//! Decisions on all comments that match a filter: shown and counted first, confirmed, and applied at the revisions shown.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::confirm::{can_ask, confirm};
use super::connect::Connection;
use super::failure::Failure;
use super::output::{Format, Printer, Record};
use super::review_ids::{MAX_IDS_PER_CALL, Results};
use super::terminal::{self, TerminalOutput};
use super::text;
use super::verdict_view::top_score;
use crate::pb;
use crate::verdict::Decision;

/// Comments per list request.
const PAGE_SIZE: i32 = 500;
/// Maximum number of comments shown before the question.
const MAX_PREVIEW: usize = 10;
/// Maximum number of comments in one act.
const MAX_COMMENTS: usize = 100_000;

/// Options that select comments by a filter.
#[derive(Debug, clap::Args)]
pub struct BulkArgs {
    /// All comments that match these terms, as for `gatepost queue`; shows how many there are, and asks
    #[arg(long, value_name = "TERMS")]
    filter: Option<String>,
    /// Do not ask for confirmation
    #[arg(long, requires = "filter")]
    yes: bool,
    /// Only print which comments would be decided
    #[arg(long, requires = "filter", conflicts_with = "yes")]
    dry_run: bool,
}

/// A selected comment, with the revision at which it was shown.
pub struct Selected {
    id: String,
    revision: u32,
}

impl BulkArgs {
    /// Returns whether a filter was given.
    pub fn is_given(&self) -> bool {
        self.filter.is_some()
    }

    /// Finds the comments and asks for confirmation. Returns `None` if nothing is to be done.
    pub async fn select(
        &self,
        connection: &Connection,
        site: &str,
        decision: Decision,
        format: Format,
    ) -> Result<Option<Vec<Selected>>, Failure> {
        let needs_confirmation = !self.yes && !self.dry_run;
        if needs_confirmation && !can_ask() {
            return Err(Failure::usage(
                "cannot ask without a terminal; give --yes, or --dry-run to see which comments would be decided",
            ));
        }
        let found = self.find(connection, site, format).await?;
        let (count, verb) = (found.len(), if decision == Decision::Approve { "approved" } else { "rejected" });
        let comments = if count == 1 { "1 comment".to_owned() } else { format!("{count} comments") };
        if count == 0 || self.dry_run {
            terminal::log_line(&if count == 0 {
                "no comment matches".to_owned()
            } else {
                format!("{comments} would be {verb}")
            });
            return Ok(None);
        }
        if !needs_confirmation {
            return Ok(Some(found));
        }
        if count > MAX_PREVIEW {
            terminal::log_line(&format!("… and {} more", count - MAX_PREVIEW));
        }
        if confirm(&format!("{comments} would be {verb}, as one act that can be undone. Continue?"))? {
            return Ok(Some(found));
        }
        terminal::log_line("nothing was decided");
        Ok(None)
    }

    /// Finds the comments page by page. A dry run prints all of them; before a question, the first ones are shown.
    async fn find(&self, connection: &Connection, site: &str, format: Format) -> Result<Vec<Selected>, Failure> {
        let filter = self.filter.clone().unwrap_or_default();
        if filter.trim().is_empty() && self.yes {
            return Err(Failure::usage(
                "an empty filter matches the whole queue; give --filter decision=hold if that is intended",
            ));
        }
        let (mut found, mut page_token) = (Vec::new(), String::new());
        let (mut screen, mut printer) = (TerminalOutput::new(), Printer::new(format));
        loop {
            let request = pb::ListCommentsRequest {
                site: site.to_owned(),
                filter: filter.clone(),
                order_by: "risk".to_owned(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let page = connection.review().list_comments(request).await;
            let page = page.map_err(|status| connection.failure(&status))?.into_inner();
            for comment in &page.comments {
                if self.dry_run {
                    printer.print(&mut screen, comment)?;
                } else if found.len() < MAX_PREVIEW && !self.yes {
                    show(comment);
                }
                let revision = comment.verdict.as_ref().map_or(0, |verdict| verdict.revision);
                found.push(Selected { id: comment.id().to_owned(), revision });
            }
            if found.len() > MAX_COMMENTS {
                return Err(Failure::usage(format!(
                    "more than {MAX_COMMENTS} comments match; narrow the filter with another term, e.g. age>7d"
                )));
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
            screen.flush()?;
        }
        if self.dry_run {
            printer.finish(&mut screen)?;
        }
        Ok(found)
    }
}

fn show(comment: &pb::ModeratedComment) {
    let score =
        comment.verdict.as_ref().and_then(top_score).map_or(String::new(), |(label, score)| format!("{label} {score:.2}"));
    let body = comment.comment.as_ref().map_or("", |comment| comment.body.as_str());
    terminal::log_line(&format!(
        "{}  {}  {}",
        text::escape_line(comment.id(), 60),
        text::escape_line(&score, 40),
        text::escape_line(body, 70)
    ));
}

/// Decides comments at the revisions at which they were shown.
///
/// A comment that has changed in the meantime is reported as a conflict.
pub async fn decide(
    found: Vec<Selected>,
    format: Format,
    mut call: impl AsyncFnMut(Vec<String>, Option<u32>) -> Result<Vec<pb::ReviewResult>, Failure>,
) -> Result<ExitCode, Failure> {
    let all = found.len();
    let mut by_revision: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for Selected { id, revision } in found {
        by_revision.entry(revision).or_default().push(id);
    }
    let (mut results, mut broken) = (Results::new(format), None);
    'all: for (revision, ids) in by_revision {
        for ids in ids.chunks(MAX_IDS_PER_CALL) {
            match call(ids.to_vec(), Some(revision)).await {
                Ok(some) => results.print(&some)?,
                Err(failure) => {
                    broken = Some(failure);
                    break 'all;
                }
            }
        }
    }
    results.finish(all, broken)
}
