//! Opens the store: the lock, the connections, the writer's thread and the checkpoint thread.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tokio::sync::watch as signal;

use super::blocking::blocking;
use super::engine::Database;
use super::readers::ReadPool;
use super::sweep::Sweep;
use super::wipe::Wipe;
use super::writer::{Chores, Writer};
use super::{Embedded, checkpoint, connection, data_dir, read};
use crate::error::Error;
use crate::store::settings::StoreSettings;
use crate::store::versions::Versions;

impl Embedded {
    /// Opens or creates the database in the data directory, and locks the directory against other processes. Each commit
    /// raises the versions of what it changes.
    pub async fn open(settings: &StoreSettings, versions: Arc<Versions>) -> Result<Self, Error> {
        let settings = settings.clone();
        blocking(move || {
            let lock = data_dir::lock(&settings.data_dir)?;
            let path = settings.data_dir.join("gatepost.db");
            let connection = connection::writable(&path)?;
            let readers = Arc::new(ReadPool::open(&path)?);
            let keeps_log = Arc::<AtomicBool>::default();
            let wipe = Wipe::new(&path, &connection, Arc::clone(&keeps_log))?;
            let chores = Chores { sweep: Sweep::new(&settings, Arc::clone(&versions)), wipe };
            let (signal, newest) = signal::channel(read::newest_event(&connection)?);
            let writer = Writer::start(Database::new(connection, versions), chores, signal, lock)?;
            let checkpoints = checkpoint::start(&path, keeps_log, writer.ticker())?;
            Ok(Self { writer, readers, newest, checkpoints: Mutex::new(Some(checkpoints)) })
        })
        .await
    }
}
