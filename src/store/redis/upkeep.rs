//! Looks after a site's indexes in the background, now and then: an index is one key, and its members do not expire.

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

/// At how many old comments each turn looks: twice as many as came since, so that the expired ones stay the smaller part.
const CHUNK: u64 = 1_024;

impl Redis {
    /// Counts a comment, and looks after its site if it is time.
    pub(super) fn maintain_indexes(&self, site: &Site) {
        let Some(turn) = self.upkeep_schedule.turn(site) else { return };
        let (connection, script, keys) = (self.connection.clone(), self.scripts.upkeep.clone(), self.keys(site));
        // An index outlives its last comment, whenever in the hour that came.
        let retention = self.retention.for_site(site);
        let lifetime = millis(retention.for_decision(Decision::Hold) * 2);
        // Our clock and Redis's may differ; nothing is lost by it, since the script asks whether each is gone.
        let oldest = ago(retention.shortest());
        tokio::spawn(async move {
            let upkeep = async {
                let ids = expired_candidates(&connection, &keys, oldest, turn).await?;
                let mut names = vec![keys.all_by_time(), keys.all_by_risk(), keys.held_by_time()];
                names.extend(ids.iter().map(|id| keys.comment_named(id)));
                let mut ask = call(&script, &names);
                ask.arg(lifetime).arg(ids);
                run(&connection, &script, &ask).await
            };
            // What fails now is done the next time; whoever needs Redis meets the same trouble and reports it.
            let _: Result<_, Error> = upkeep.await;
        });
    }
}

/// Some of the comments received so long ago that they may have expired. Held ones among them have not, so that each
/// turn looks somewhere else.
async fn expired_candidates(connection: &Connection, keys: &Keys, oldest: i64, turn: u64) -> RedisResult<Vec<String>> {
    let (mut connection, index) = (connection.clone(), keys.all_by_time());
    let count: u64 = ::redis::cmd("ZCOUNT").arg(&index).arg("-inf").arg(oldest).query_async(&mut connection).await?;
    let turns = count.div_ceil(CHUNK).max(1);
    let mut range = ::redis::cmd("ZRANGE");
    range.arg(&index).arg("-inf").arg(oldest).arg("BYSCORE").arg("LIMIT").arg(turn % turns * CHUNK).arg(CHUNK);
    range.query_async(&mut connection).await
}
