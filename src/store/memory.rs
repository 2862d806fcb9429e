//! The memory engine: nothing is kept beyond the process, and of what was decided only the newest. For trying Gatepost,
//! and for measuring what a verdict costs beside its store.

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

/// How many comments are kept, the held ones not counted: some 10 MB.
const MAX_COMMENTS: usize = 5_000;
/// How many held ones are kept beside them.
const MAX_HELD: usize = 100_000;
/// How many bytes all comments may take.
const MAX_BYTES: usize = 128 << 20;
/// How many comments of a site may be on their way.
const MAX_RESERVED: usize = 1_024;

/// The engine.
pub(super) struct Memory {
    state: Mutex<State>,
    /// The number of the newest change of any site.
    newest: signal::Sender<i64>,
    keep_events: usize,
}

/// All that there is.
struct State {
    records: HashMap<RecordKind, BTreeMap<String, Vec<u8>>>,
    sites: HashMap<Site, SiteState>,
    limits: LimitCounts,
    /// In the order in which they came, to forget the oldest first.
    order: VecDeque<(Site, CommentId)>,
    /// How many bytes all comments take.
    bytes: Arc<AtomicUsize>,
}

impl Memory {
    /// An empty one.
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

    pub fn ping(&self) -> Result<(), Error> {
        self.state().map(drop)
    }
}
