//! Stores the state of all sites: comments and their verdicts, the queue, rate limits, author histories and changes.
//!
//! One of three engines keeps the state: `embedded` in an SQLite file for a single process, `redis` in a Redis that many
//! servers share, and `memory` in the process, which loses it at exit. The conformance suite `tests/it/store.rs` requires
//! the same results from all three. `dispatch` passes each call to the configured engine. The other modules hold what
//! `dispatch` and the engines share, and depend on no engine.

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
