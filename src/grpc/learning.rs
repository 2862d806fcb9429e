//! GetModelInfo and UpdateLearning: report and control what a site has learned.

mod report;
mod source;

use crate::comment::Site;
use crate::error::{Error, Violation};
use crate::keys::Caller;
use crate::learning::Learning;
use crate::pb;
use report::{site_learning, trials};

pub use source::{ModelStatus, ModelStatusSource};

/// Returns information about the model, and about what a site has learned if the request names one.
///
/// # Errors
/// Returns an error if the site is invalid or the store is unavailable.
pub async fn info(
    learning: &Learning,
    source: &dyn ModelStatusSource,
    request: pb::GetModelInfoRequest,
) -> Result<pb::GetModelInfoResponse, Error> {
    if request.site.is_empty() {
        let ModelStatus { version, labels, .. } = source.model_status(None);
        return Ok(pb::GetModelInfoResponse { model_version: version, labels, learning: None, trials: Vec::new() });
    }
    let site = Site::parse("site", &request.site)?;
    let status = source.model_status(Some(&site));
    let (head, learned) = learning.read_fully(&site).await?;
    Ok(pb::GetModelInfoResponse {
        learning: Some(site_learning(&head, &learned, &status)),
        model_version: status.version,
        labels: status.labels,
        trials: trials(&learned),
    })
}

/// Freezes, resumes, rolls back or resets a site's learning.
///
/// # Errors
/// Returns an error if the request is invalid or the store is unavailable.
pub async fn update(
    learning: &Learning,
    source: &dyn ModelStatusSource,
    caller: &Caller,
    request: pb::UpdateLearningRequest,
) -> Result<pb::UpdateLearningResponse, Error> {
    let site = Site::parse("site", &request.site)?;
    let (head, _) = learning.read_fully(&site).await?;
    let (from, to, description) = match request.change() {
        pb::LearningChange::Freeze => (head.from, Some(head.to.unwrap_or(head.newest)), "frozen".to_owned()),
        // A frozen log resumes from where the last reset has put it; one that is not frozen undoes the reset.
        pb::LearningChange::Thaw if head.to.is_some() => (head.from, None, "resumed".to_owned()),
        pb::LearningChange::Thaw => (0, None, "resumed, with all outcomes of the log".to_owned()),
        pb::LearningChange::Reset => (head.newest, None, "reset".to_owned()),
        pb::LearningChange::Rollback if request.to <= head.newest => {
            let from = if request.to > head.from { head.from } else { 0 };
            (from, Some(request.to), format!("rolled back to outcome {}", request.to))
        }
        pb::LearningChange::Rollback => {
            let problem = format!("must be the number of an outcome: the newest is {}", head.newest);
            return Err(Error::invalid("to", problem));
        }
        pb::LearningChange::Unspecified => {
            return Err(Violation::new("change", "is required: freeze, thaw, rollback or reset").into());
        }
    };
    if (from, to) != (head.from, head.to) {
        learning.set_bounds(&site, from, to, &caller.audit_event("LEARNING_CHANGED", description)).await?;
    }
    let (head, learned) = learning.read_fully(&site).await?;
    Ok(pb::UpdateLearningResponse { learning: Some(site_learning(&head, &learned, &source.model_status(Some(&site)))) })
}
