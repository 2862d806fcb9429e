//! Warnings about Redis settings that can lose held comments.

use super::connection::Connection;

/// Logs a warning for each setting with which Redis can lose data. Does nothing if the server does not reveal its settings.
pub(super) async fn warn(connection: &Connection) {
    let setting = async |name: &str| -> Option<String> {
        let mut command = ::redis::cmd("CONFIG");
        command.arg("GET").arg(name);
        let pairs: Vec<(String, String)> = command.query_async(&mut connection.clone()).await.ok()?;
        pairs.into_iter().next().map(|(_, value)| value)
    };
    if let (Some(appendonly), Some(save)) = (setting("appendonly").await, setting("save").await)
        && appendonly == "no"
    {
        if save.is_empty() {
            tracing::warn!("redis keeps nothing on disk: what is held is lost when it restarts; set appendonly yes");
        } else {
            tracing::warn!(save, "redis writes to disk only from time to time: set appendonly yes to lose at most one second");
        }
    }
    if let Some(policy) = setting("maxmemory-policy").await
        && policy != "noeviction"
        && setting("maxmemory").await.is_some_and(|bytes| bytes != "0")
    {
        tracing::warn!(policy, "redis throws away what is held when its memory is full: set maxmemory-policy noeviction");
    }
}
