//! State: what was decided on which comment, the queue, limits, histories and changes, kept by one of three engines.
//!
//! `embedded` keeps it in one SQLite file, for one process; `redis` keeps it where many servers share it; `memory` keeps
//! nothing beyond the process. One conformance suite, `tests/it/store.rs`, holds all to the same answers. `dispatch` sends a
//! call to its engine; all other files are what the engines and it have in common, and use neither.

mod act;
mod audit;
mod breaker;
mod change;
mod claims;
mod clock;
mod cursor;
mod disk_breaker;
mod dispatch;
mod draft;
mod embedded;
mod entry;
mod erasure_counts;
mod erasures;
mod facts;
mod limits;
mod local_limits;
mod lock;
mod memory;
mod near_duplicates;
mod outcomes;
mod page;
mod person;
mod records;
mod redis;
mod row;
mod secret_cache;
mod secrets;
mod settings;
mod snapshot;
mod versions;

pub use audit::{AuditPage, AuditRecord, ChainPosition};
pub use change::{Change, ChangeEvent};
pub use claims::{Claim, ClaimOutcome, ClaimRequest, MAX_CLAIMS};
pub use cursor::Cursor;
pub use dispatch::{Store, Watcher, snapshot};
pub use entry::{Admission, AdmissionOutcome, PastVerdict, QueueSummary, StoredComment, TrustRule};
pub use erasure_counts::ErasureCounts;
pub use outcomes::{OutcomeLogState, OutcomeUpdate};
pub use page::{ListPage, ListQuery, Order};
pub use person::{Identity, Person, Persons};
pub use records::{RecordKind, Records, RecordsUpdate};
pub use secrets::Secrets;
pub use settings::StoreSettings;
pub use snapshot::Snapshot;
