//! Says when Redis is set up so that it can lose what is held.

use super::connection::Connection;

/// Logs a warning for each setting that lets Redis forget. A server that does not tell its settings is left alone.
pub(super) async fn warn(connection: &Connection) {
    let setting = async |name: &str| -> Option<String> {
        let mut ask = ::redis::cmd("CONFIG");
        ask.arg("GET").arg(name);
        let pairs: Vec<(String, String)> = ask.query_async(&mut connection.clone()).await.ok()?;
        pairs.into_iter().next().map(|(_, value)| value)
    };
    if let (Some(appendonly), Some(save)) = (setting("appendonly").await, setting("save").await)
        && appendonly == "no"
    {
        if save.is_empty() {
            tracing::warn!("redis keeps nothing on disk: what is held is lost when it restarts; set appendonly yes");
        } else {
            tracing::warn!(save, "redis writes to disk only now and then: set appendonly yes to lose at most a second");
        }
    }
    if let Some(policy) = setting("maxmemory-policy").await
        && policy != "noeviction"
        && setting("maxmemory").await.is_some_and(|most| most != "0")
    {
        tracing::warn!(policy, "redis throws away what is held when its memory is full: set maxmemory-policy noeviction");
    }
}
