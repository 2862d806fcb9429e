//! The embedded store: one SQLite database in a file, for one process.
//!
//! All writing is done by one thread ([`writer`]), which answers a call when what it wrote is on disk. Reading needs no
//! turn there.

mod audit;
mod checkpoint;
mod engine;
mod erase;
mod open;
mod outcomes;
mod read;
mod readers;
mod records;
mod snapshot;
mod sweep;
mod watch;
mod wipe;
mod writer;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::watch as signal;

use super::change::Change;
use super::cursor::Cursor;
use super::entry::{Admission, Admitted, Kept, Queue};
use super::page::{Filling, ListPage, ListQuery};
use super::person::Person;
use super::record::{self, Draft, Ruling};
use super::secrets::Secrets;
use super::settings::StoreSettings;
use super::versions::Versions;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{Facts, History};
use crate::verdict::Verdict;

use checkpoint::Checkpoints;
use engine::{Engine, Found, Stands};
use readers::{Extent, Readers};
use writer::{Chores, Writer};

pub(super) use snapshot::take;
pub(super) use watch::Watch;

/// A store in this process.
pub(super) struct Embedded {
    writer: Writer,
    readers: Arc<Readers>,
    /// The number of the newest change of any site.
    newest: signal::Receiver<i64>,
    /// `None`: closed.
    checkpoints: Mutex<Option<Checkpoints>>,
}

impl Embedded {
    /// Opens or creates the file in the data directory, and keeps other processes out. Raises the versions with each
    /// commit that changes something.
    pub async fn open(settings: &StoreSettings, versions: Arc<Versions>) -> Result<Self, Error> {
        let settings = settings.clone();
        blocking(move || {
            let lock = open::lock(&settings.data_dir)?;
            let path = settings.data_dir.join("gatepost.db");
            let connection = open::writable(&path)?;
            let readers = Arc::new(Readers::open(&path)?);
            let keeps_log = Arc::<AtomicBool>::default();
            let wipe = wipe::Wipe::new(&path, &connection, Arc::clone(&keeps_log))?;
            let chores = Chores { sweep: sweep::Sweep::new(&settings, Arc::clone(&versions)), wipe };
            let (signal, newest) = signal::channel(read::newest_event(&connection)?);
            let writer = Writer::start(Engine::new(connection, versions), chores, signal, lock)?;
            let checkpoints = checkpoint::start(&path, keeps_log, writer.ticker())?;
            Ok(Self { writer, readers, newest, checkpoints: Mutex::new(Some(checkpoints)) })
        })
        .await
    }

    pub async fn ping(&self) -> Result<(), Error> {
        self.writer.run(|engine| engine.ping()).await
    }

    /// The site's secrets: `ours` if it has none yet.
    pub async fn secrets(&self, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        let (site, ours) = (site.clone(), ours.to_bytes());
        let bytes = self.writer.run(move |engine| engine.secrets(&site, &ours)).await?;
        Secrets::from_bytes(&bytes).ok_or_else(|| Error::store("a site's secrets are damaged"))
    }

    /// Puts others in the place of a site's secrets, if those are still the same.
    pub async fn swap_secrets(&self, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        let (site, old, new, act) = (site.clone(), old.to_bytes(), new.to_bytes(), act.to_vec());
        let swap = self.writer.run(move |engine| {
            let swapped = engine.swap_secrets(&site, &old, &new)?;
            if swapped {
                engine.log_act(&site, act.clone())?;
            }
            Ok(swapped)
        });
        swap.await
    }

    pub async fn admit(&self, admission: &Admission<'_>) -> Result<Admitted, Error> {
        let (draft, limits) = (Draft::new(admission, admission.tentative), admission.counted());
        let trust = admission.trust;
        let found = self.writer.run(move |engine| engine.admit(&draft, &limits, trust)).await?;
        Ok(match found {
            Found::New(tightest) => Admitted::Recorded(record::with_limit(admission.tentative, tightest.as_ref())),
            Found::Known(verdict) => Admitted::Seen(record::verdict(&verdict)?),
            Found::Open { facts, verdict_id, revision } => Admitted::Undecided { facts, verdict_id, revision },
        })
    }

    pub async fn look(&self, admission: &Admission<'_>) -> Result<Facts, Error> {
        let (draft, limits) = (Draft::new(admission, admission.tentative), admission.counted());
        self.writer.run(move |engine| engine.look(&draft, &limits)).await
    }

    pub async fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        let draft = Draft::new(admission, verdict);
        match self.writer.run(move |engine| engine.record(&draft)).await? {
            Stands::New => Ok(verdict.clone()),
            Stands::Earlier(verdict) => record::verdict(&verdict),
        }
    }

    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<Kept>, Error> {
        let (site, id) = (site.clone(), id.clone());
        let row = self.read(Extent::Short, move |connection| read::comment(connection, &site, &id)).await?;
        row.map(record::Row::kept).transpose()
    }

    pub async fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        let (site, author) = (site.clone(), *author);
        self.read(Extent::Short, move |connection| read::history(connection, &site, author)).await
    }

    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        let mut filling = Filling::new(query)?;
        while let Some((after, count)) = filling.wants() {
            let (site, after, order) = (site.clone(), after.cloned(), query.order);
            let which = (query.decision, query.spot_checks);
            let page = move |connection: &Connection| read::list(connection, &site, which, order, after.as_ref(), count);
            let rows = self.read(Extent::Long, page).await?;
            let rows = rows.into_iter().map(|(place, row)| Ok((place, Some(row.kept()?))));
            filling.take(count, rows.collect::<Result<_, Error>>()?);
        }
        Ok(filling.page())
    }

    pub async fn queue(&self, site: &Site) -> Result<Queue, Error> {
        let site = site.clone();
        let (comments, oldest) = self.read(Extent::Long, move |connection| read::queue(connection, &site)).await?;
        Ok(Queue { comments: comments.unsigned_abs(), oldest: oldest.map(record::from_micros).transpose()? })
    }

    pub async fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        let (site, id, expected) = (site.clone(), id.clone(), change.expected_revision);
        let (ruling, event) = (Ruling::new(change.verdict), prost::Message::encode_to_vec(&change.event));
        let teaching = change.teaching.clone();
        let replace = move |engine: &mut Engine| {
            let replaced = engine.replace(&site, &id, expected, &ruling, &event)?;
            if replaced {
                engine.teach_site(&site, &teaching)?;
            }
            Ok(replaced)
        };
        self.writer.run(replace).await
    }

    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        let site = site.clone();
        self.read(Extent::Short, move |connection| read::latest_event(connection, &site)).await.map(Cursor::number)
    }

    /// Before which cursor changes were forgotten, if any were.
    pub async fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        let site = site.clone();
        let forgotten = self.read(Extent::Short, move |connection| read::forgotten_events(connection, &site)).await?;
        Ok((forgotten > 0).then(|| Cursor::number(forgotten)))
    }

    pub fn watch(self: &Arc<Self>, site: &Site, after: Cursor) -> Watch {
        Watch::new(Arc::clone(self), site.clone(), after.as_number())
    }

    pub async fn close(&self) {
        let checkpoints = self.checkpoints.lock().ok().and_then(|mut checkpoints| checkpoints.take());
        // Before the writer: SQLite leaves one file, without a log beside it, if who closes it last may write. Either may be
        // in the middle of something.
        let _ = tokio::task::spawn_blocking(move || drop(checkpoints)).await;
        self.readers.close().await;
        self.writer.stop().await;
    }

    /// Reads from the file.
    async fn read<T: Send + 'static>(
        &self,
        extent: Extent,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.run(extent, work).await
    }
}

/// Runs what may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::store)?
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::store(error)
    }
}
