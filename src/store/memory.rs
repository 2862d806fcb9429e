//! The memory store: keeps everything in the process and only the newest comments. For trying out Gatepost, and for measuring
//! the cost of a verdict without that of a store.

mod audit;
mod comments;
mod entry;
mod eviction;
mod forget;
mod list_entries;
mod outcome_log;
mod outcomes;
mod secrets;
mod site;
mod watch;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch as signal;

use super::limits::LimitCounts;
use super::lock::lock;
use super::records::RecordKind;
use super::settings::StoreSettings;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use site::SiteState;

pub(super) use watch::Watch;

/// Maximum number of comments kept, not counting the held ones: some 10 MB.
const MAX_COMMENTS: usize = 5_000;
/// Maximum number of held comments kept in addition.
const MAX_HELD: usize = 100_000;
/// Maximum size of all comments, in bytes.
const MAX_BYTES: usize = 128 << 20;
/// Maximum number of reserved comments of a site.
const MAX_RESERVED: usize = 1_024;

/// A store that keeps its data in memory.
pub(super) struct Memory {
    state: Mutex<State>,
    /// Number of the newest change of any site.
    newest: signal::Sender<i64>,
    keep_events: usize,
}

/// The contents of the store.
struct State {
    records: HashMap<RecordKind, BTreeMap<String, Vec<u8>>>,
    sites: HashMap<Site, SiteState>,
    limits: LimitCounts,
    /// The comments in the order of their arrival, for eviction.
    order: VecDeque<(Site, CommentId)>,
    /// Size of all comments, in bytes.
    bytes: Arc<AtomicUsize>,
}

impl Memory {
    /// Returns an empty store.
    pub fn new(settings: &StoreSettings) -> Self {
        let state = State {
            records: HashMap::new(),
            sites: HashMap::new(),
            limits: LimitCounts::new(),
            order: VecDeque::new(),
            bytes: Arc::default(),
        };
        Self {
            state: Mutex::new(state),
            newest: signal::channel(0).0,
            keep_events: usize::try_from(settings.keep_events).unwrap_or(usize::MAX),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        lock(&self.state)
    }

    /// Returns an error if the state's lock is poisoned.
    pub fn ping(&self) -> Result<(), Error> {
        self.state().map(drop)
    }
}
