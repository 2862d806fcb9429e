//! Reads changed files again: policies, the model, certificates. Each kind as a whole, or not at all.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::load::judge;
use super::tls::Tls;
use crate::error::BoxError;
use crate::judge::SharedJudge;
use crate::telemetry::METRICS;

/// How often the files are looked at. A change counts when it has been there twice, so that none is read half written.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The files that a server depends on, and what is made of them.
pub struct ReloadableFiles {
    /// A model file. `None`: the compiled-in one.
    pub model: Option<PathBuf>,
    /// A folder of policies. `None`: the compiled-in one.
    pub policy_dir: Option<PathBuf>,
    /// What was made of both.
    pub judge: Arc<SharedJudge>,
    /// Certificates.
    pub tls: Option<Arc<Tls>>,
}

/// What a file looked like: enough to see that it is another one.
type FileStamps = Vec<(PathBuf, u64, i64, i64, u64)>;

impl ReloadableFiles {
    /// Reads model and policies again. Returns the policies' versions.
    ///
    /// # Errors
    /// Whatever is wrong; then nothing has changed.
    pub fn reload_judge(&self) -> Result<Vec<(String, String)>, BoxError> {
        let read = judge(self.model.as_deref(), self.policy_dir.as_deref());
        METRICS.reloaded("policy", read.is_ok());
        if self.model.is_some() {
            METRICS.reloaded("model", read.is_ok());
        }
        match read {
            Ok(judge) => {
                let versions = judge.policy_versions();
                tracing::info!(model = judge.model().version(), policies = versions.len(), "policies and model are in force");
                self.judge.store(Arc::new(judge));
                Ok(versions)
            }
            Err(error) => {
                tracing::error!(%error, "policies and model stay as they were");
                Err(error)
            }
        }
    }

    fn reload_certificates(&self) {
        let Some(tls) = &self.tls else { return };
        let read = tls.reload();
        METRICS.reloaded("certificate", read.is_ok());
        match read {
            Ok(()) => tracing::info!("certificates are in force for new connections"),
            Err(error) => tracing::error!(%error, "certificates stay as they were"),
        }
    }

    /// Reads again what changes, and everything on SIGHUP, for as long as it is polled.
    ///
    /// # Errors
    /// When the system does not hand on signals.
    pub async fn watch(self: Arc<Self>) -> std::io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let (mut judged, mut shown) = (self.judge_stamps(), self.certificate_stamps());
        let (mut judge_changes, mut certificate_changes) = (None, None);
        loop {
            let told = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(POLL_INTERVAL) => false,
            };
            if has_settled(&mut judged, &mut judge_changes, self.judge_stamps()) || told {
                // Said in the log.
                let _ = self.reload_judge();
            }
            if has_settled(&mut shown, &mut certificate_changes, self.certificate_stamps()) || told {
                self.reload_certificates();
            }
        }
    }

    fn judge_stamps(&self) -> FileStamps {
        let mut paths: Vec<PathBuf> = self.model.iter().cloned().collect();
        if let Some(folder) = &self.policy_dir
            && let Ok(entries) = std::fs::read_dir(folder)
        {
            let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
            paths.extend(files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")));
        }
        file_stamps(paths.iter().map(PathBuf::as_path))
    }

    fn certificate_stamps(&self) -> FileStamps {
        self.tls.as_ref().map(|tls| file_stamps(tls.files())).unwrap_or_default()
    }
}

/// Whether files have changed and stayed so since the last look.
fn has_settled(known: &mut FileStamps, changing: &mut Option<FileStamps>, now: FileStamps) -> bool {
    if *known == now {
        *changing = None;
        return false;
    }
    if changing.as_ref() != Some(&now) {
        *changing = Some(now);
        return false;
    }
    *known = now;
    *changing = None;
    true
}

fn file_stamps<'p>(paths: impl Iterator<Item = &'p Path>) -> FileStamps {
    let seen = |path: &Path| {
        // Follows links, as a mounted secret is one that is turned to another file.
        let data = std::fs::metadata(path).ok()?;
        Some((path.to_owned(), data.len(), data.mtime(), data.mtime_nsec(), data.ino()))
    };
    let mut look: FileStamps = paths.filter_map(seen).collect();
    look.sort();
    look
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_when_it_has_settled() {
        let look = |size| vec![(PathBuf::from("a"), size, 0, 0, 0)];
        let (mut known, mut changing) = (look(1), None);
        assert!(!has_settled(&mut known, &mut changing, look(1)));
        assert!(!has_settled(&mut known, &mut changing, look(2)), "it may be half written");
        assert!(!has_settled(&mut known, &mut changing, look(3)), "and was");
        assert!(has_settled(&mut known, &mut changing, look(3)));
        assert!(!has_settled(&mut known, &mut changing, look(3)), "once is enough");
    }
}
