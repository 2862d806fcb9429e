//! GetModelInfo and UpdateLearning: what a site has learned, and what an operator may do about it.

mod report;
mod source;

use crate::comment::Site;
use crate::error::{Error, Violation};
use crate::keys::Caller;
use crate::learning::Learning;
use crate::pb;
use report::{site_learning, trials};

pub use source::{ModelStatus, ModelStatusSource};

/// Tells of the model, and of what a site has learned.
///
/// # Errors
/// A site that is none; the store being away.
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
    let about = source.model_status(Some(&site));
    let (head, learned) = learning.read_fully(&site).await?;
    Ok(pb::GetModelInfoResponse {
        learning: Some(site_learning(&head, &learned, &about)),
        model_version: about.version,
        labels: about.labels,
        trials: trials(&learned),
    })
}

/// Stops learning, has it go on, go back or begin anew.
///
/// # Errors
/// What is wrong with the request; the store being away.
pub async fn update(
    learning: &Learning,
    source: &dyn ModelStatusSource,
    caller: &Caller,
    request: pb::UpdateLearningRequest,
) -> Result<pb::UpdateLearningResponse, Error> {
    let site = Site::parse("site", &request.site)?;
    let (head, _) = learning.read_fully(&site).await?;
    let (from, to, what) = match request.change() {
        pb::LearningChange::Freeze => (head.from, Some(head.to.unwrap_or(head.newest)), "frozen".to_owned()),
        // What stands still goes on from where a reset has put it; what goes on already takes back the reset.
        pb::LearningChange::Thaw if head.to.is_some() => (head.from, None, "goes on".to_owned()),
        pb::LearningChange::Thaw => (0, None, "goes on, with all that the log holds".to_owned()),
        pb::LearningChange::Reset => (head.newest, None, "begins anew".to_owned()),
        pb::LearningChange::Rollback if request.to <= head.newest => {
            let from = if request.to > head.from { head.from } else { 0 };
            (from, Some(request.to), format!("back to what it was after outcome {}", request.to))
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
        learning.set_bounds(&site, from, to, &caller.audit_event("LEARNING_CHANGED", what)).await?;
    }
    let (head, learned) = learning.read_fully(&site).await?;
    Ok(pb::UpdateLearningResponse { learning: Some(site_learning(&head, &learned, &source.model_status(Some(&site)))) })
}
