//! Errors of training.

use crate::classify::Label;
use crate::classify::learn::LearnError;
use crate::classify::rows::RowsError;

/// An error of training.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum TrainError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(transparent)]
    Learn(#[from] LearnError),
    #[error("cannot calibrate {label}: {reason}")]
    Calibrate { label: Label, reason: String },
    #[error("the learned weights do not fit into a weight table")]
    Table,
    #[error("a training thread panicked")]
    Panic,
}
