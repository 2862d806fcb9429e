//! The sites' secrets in Redis.

use std::sync::Arc;

use ::redis::Pipeline;

use super::Redis;
use super::script::call;
use crate::comment::Site;
use crate::error::Error;
use crate::store::secrets::Secrets;

impl Redis {
    /// Returns a site's secrets. Stores `fallback` first if there are none.
    pub async fn secrets(self: &Arc<Self>, site: &Site, fallback: &Secrets) -> Result<Secrets, Error> {
        let key = self.keys(site).secret();
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("SET").arg(&key).arg(fallback.to_bytes()).arg("NX").ignore().cmd("GET").arg(&key);
        let mut connection = self.connection.clone();
        let (secrets,): (Vec<u8>,) =
            self.with_breaker(site, async { Ok(pipeline.query_async(&mut connection).await?) }).await?;
        Secrets::from_bytes(&secrets).ok_or_else(|| Error::store(format!("the secrets of {:?} are damaged", site.as_str())))
    }

    /// Replaces a site's secrets if they still equal `old`, and adds the act to the audit. Returns whether it did.
    pub async fn swap_secrets(self: &Arc<Self>, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        self.check_reachable(site)?;
        let keys = self.keys(site);
        let mut command = call(&self.scripts.swap, &[keys.secret(), keys.unsealed()]);
        command.arg(old.to_bytes()).arg(new.to_bytes()).arg(act).arg(self.audit_lifetime(site));
        let reply = self.run_within_answer_timeout(&self.scripts.swap, &command).await?;
        match reply.word() {
            "swapped" => {
                self.schedule_seal(site);
                Ok(true)
            }
            "moved" => Ok(false),
            _ => Err(reply.unexpected()),
        }
    }
}
