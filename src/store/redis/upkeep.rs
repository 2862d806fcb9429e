//! Periodic background upkeep of a site's indexes. An index is a single key whose members do not expire by themselves.

use ::redis::RedisResult;

use super::Redis;
use super::connection::Connection;
use super::keys::Keys;
use super::millis::millis;
use super::script::{call, run};
use crate::comment::Site;
use crate::error::Error;
use crate::store::clock::ago;
use crate::verdict::Decision;

/// Number of old comments checked by each upkeep: twice the number received since the last, so that expired ones do not
/// accumulate.
const CHUNK: u64 = 1_024;

impl Redis {
    /// Counts a comment, and starts upkeep of its site if it is due.
    pub(super) fn maintain_indexes(&self, site: &Site) {
        let Some(turn) = self.upkeep_schedule.turn(site) else { return };
        let (connection, script, keys) = (self.connection.clone(), self.scripts.upkeep.clone(), self.keys(site));
        // The index must outlive its last comment, no matter when that arrived between two upkeeps.
        let retention = self.retention.for_site(site);
        let lifetime = millis(retention.for_decision(Decision::Hold) * 2);
        // The clocks of this server and Redis may differ. That is harmless, because the script checks that each comment is
        // gone.
        let oldest = ago(retention.shortest());
        tokio::spawn(async move {
            let upkeep = async {
                let ids = expired_candidates(&connection, &keys, oldest, turn).await?;
                let mut names = vec![keys.all_by_time(), keys.all_by_risk(), keys.held_by_time()];
                names.extend(ids.iter().map(|id| keys.comment_named(id)));
                let mut command = call(&script, &names);
                command.arg(lifetime).arg(ids);
                run(&connection, &script, &command).await
            };
            // The next upkeep makes up for a failed one. Other commands report a failing Redis.
            let _: Result<_, Error> = upkeep.await;
        });
    }
}

/// Returns ids of comments old enough to have expired. Held comments among them have not expired, so each turn checks
/// another part of the index.
async fn expired_candidates(connection: &Connection, keys: &Keys, oldest: i64, turn: u64) -> RedisResult<Vec<String>> {
    let (mut connection, index) = (connection.clone(), keys.all_by_time());
    let count: u64 = ::redis::cmd("ZCOUNT").arg(&index).arg("-inf").arg(oldest).query_async(&mut connection).await?;
    let turns = count.div_ceil(CHUNK).max(1);
    let mut range = ::redis::cmd("ZRANGE");
    range.arg(&index).arg("-inf").arg(oldest).arg("BYSCORE").arg("LIMIT").arg(turn % turns * CHUNK).arg(CHUNK);
    range.query_async(&mut connection).await
}
