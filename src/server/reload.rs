//! Reloads changed files: policies, the model and certificates. Each kind is reloaded as a whole or not at all.

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

/// Time between two checks of the files. A change must be seen twice, so that half-written files are not read.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The files that a server depends on, and what was loaded from them.
pub struct ReloadableFiles {
    /// The model file, or `None` for the built-in model.
    pub model: Option<PathBuf>,
    /// The directory of policies, or `None` for the built-in policy.
    pub policy_dir: Option<PathBuf>,
    /// The judge with the loaded model and policies.
    pub judge: Arc<SharedJudge>,
    /// The certificates, or `None` without TLS.
    pub tls: Option<Arc<Tls>>,
}

/// The path, size, modification time in seconds and nanoseconds, and inode of each file: enough to detect a change.
type FileStamps = Vec<(PathBuf, u64, i64, i64, u64)>;

impl ReloadableFiles {
    /// Reloads the model and the policies. Returns the versions of the policies.
    ///
    /// # Errors
    /// Returns an error if a file is invalid; then the old model and policies stay in force.
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

    /// Reloads files when they change, and all files on SIGHUP, for as long as it is polled.
    ///
    /// # Errors
    /// Returns an error if the SIGHUP handler cannot be installed.
    pub async fn watch(self: Arc<Self>) -> std::io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let (mut judge_stamps, mut certificate_stamps) = (self.judge_stamps(), self.certificate_stamps());
        let (mut judge_changes, mut certificate_changes) = (None, None);
        loop {
            let is_forced = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(POLL_INTERVAL) => false,
            };
            if has_settled(&mut judge_stamps, &mut judge_changes, self.judge_stamps()) || is_forced {
                // Failures are logged there.
                let _ = self.reload_judge();
            }
            if has_settled(&mut certificate_stamps, &mut certificate_changes, self.certificate_stamps()) || is_forced {
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

/// Returns whether the files have changed and then stayed the same between two checks.
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
    let stamp = |path: &Path| {
        // Follows symbolic links, since mounted secrets are updated by changing a link.
        let data = std::fs::metadata(path).ok()?;
        Some((path.to_owned(), data.len(), data.mtime(), data.mtime_nsec(), data.ino()))
    };
    let mut stamps: FileStamps = paths.filter_map(stamp).collect();
    stamps.sort();
    stamps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_when_it_has_settled() {
        let stamps = |size| vec![(PathBuf::from("a"), size, 0, 0, 0)];
        let (mut known, mut changing) = (stamps(1), None);
        assert!(!has_settled(&mut known, &mut changing, stamps(1)));
        assert!(!has_settled(&mut known, &mut changing, stamps(2)), "it may be half written");
        assert!(!has_settled(&mut known, &mut changing, stamps(3)), "and was");
        assert!(has_settled(&mut known, &mut changing, stamps(3)));
        assert!(!has_settled(&mut known, &mut changing, stamps(3)), "once is enough");
    }
}
