//! Takes expired comments out of the indexes, a few now and then: an index is one key, and its members do not expire.

use std::sync::atomic::Ordering;

use ::redis::RedisResult;
use ::redis::aio::ConnectionManager;

use super::Redis;
use super::keys::Keys;
use super::script::{call, run};
use crate::comment::Site;
use crate::error::Error;
use crate::store::record::now_micros;

/// One admission in so many looks for expired comments, in its own site: the busier the site, the more often.
const EVERY: u32 = 512;
/// At how many it looks: twice as many as came since, so that the expired ones stay the smaller part.
const LOOKED_AT: u64 = 1_024;

impl Redis {
    /// Counts an admission, and with some of them prunes in the background.
    pub(super) fn prune_now_and_then(&self, site: &Site) {
        let admission = self.admissions.fetch_add(1, Ordering::Relaxed);
        if admission % EVERY != EVERY - 1 {
            return;
        }
        let (connection, script, keys) = (self.connection.clone(), self.scripts.prune.clone(), self.keys(site));
        // Our clock and Redis's may differ; nothing is lost by it, since the script asks whether each is gone.
        let oldest = now_micros().saturating_sub(i64::try_from(self.keep.as_micros()).unwrap_or(i64::MAX));
        let turn = u64::from(admission / EVERY);
        tokio::spawn(async move {
            let pruned = async {
                let ids = old(&connection, &keys, oldest, turn).await?;
                let mut names = vec![keys.all_by_time(), keys.all_by_risk()];
                names.extend(ids.iter().map(|id| keys.comment_named(id)));
                let mut ask = call(&script, &names);
                ask.arg(ids);
                run(&connection, &script, &ask).await
            };
            // What could not be pruned now will be later; whoever needs Redis meets the same trouble and reports it.
            let _: Result<_, Error> = pruned.await;
        });
    }
}

/// Some of the comments received so long ago that they may have expired. Held ones among them have not, so that each
/// turn looks somewhere else.
async fn old(connection: &ConnectionManager, keys: &Keys, oldest: i64, turn: u64) -> RedisResult<Vec<String>> {
    let (mut connection, index) = (connection.clone(), keys.all_by_time());
    let count: u64 = ::redis::cmd("ZCOUNT").arg(&index).arg("-inf").arg(oldest).query_async(&mut connection).await?;
    let turns = count.div_ceil(LOOKED_AT).max(1);
    let offset = turn % turns * LOOKED_AT;
    let mut range = ::redis::cmd("ZRANGE");
    range.arg(&index).arg("-inf").arg(oldest).arg("BYSCORE").arg("LIMIT").arg(offset).arg(LOOKED_AT);
    range.query_async(&mut connection).await
}
