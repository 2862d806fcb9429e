//! Looks after a site's indexes in the background, now and then: an index is one key, and its members do not expire.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use ::redis::RedisResult;
use lru::LruCache;

use super::Redis;
use super::connection::Connection;
use super::keys::Keys;
use super::script::{call, run};
use crate::comment::Site;
use crate::error::Error;
use crate::store::record::now_micros;
use crate::verdict::Decision;

/// A site is looked after when this server first hears of it, and again when so much time
const EVERY: Duration = Duration::from_secs(3600);
/// or so many of its comments have passed.
const COMMENTS: u32 = 512;
/// At how many old comments each turn looks: twice as many as came since, so that the expired ones stay the smaller part.
const LOOKED_AT: u64 = 1_024;
/// How many sites are remembered.
const SITES: usize = 10_000;

/// When a site was looked after, and what came since.
pub(super) struct Kept {
    last: Instant,
    comments: u32,
    turn: u64,
}

/// What remembers the sites that were looked after, those to which a comment came last.
pub(super) fn cache() -> LruCache<Site, Kept> {
    LruCache::new(NonZeroUsize::new(SITES).unwrap_or(NonZeroUsize::MIN))
}

impl Redis {
    /// Counts a comment, and looks after its site if it is time.
    pub(super) fn keep_up(&self, site: &Site) {
        let Some(turn) = self.turn(site) else { return };
        let (connection, script, keys) = (self.connection.clone(), self.scripts.upkeep.clone(), self.keys(site));
        // An index outlives its last comment, whenever in the hour that came.
        let retention = self.retention.of(site);
        let lifetime = u64::try_from((retention.of(Decision::Hold) * 2).as_millis()).unwrap_or(u64::MAX);
        // Our clock and Redis's may differ; nothing is lost by it, since the script asks whether each is gone.
        let oldest = now_micros().saturating_sub(i64::try_from(retention.shortest().as_micros()).unwrap_or(i64::MAX));
        tokio::spawn(async move {
            let upkeep = async {
                let ids = old(&connection, &keys, oldest, turn).await?;
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

    /// Which turn it is for the site. `None`: it is not time.
    fn turn(&self, site: &Site) -> Option<u64> {
        let mut sites = self.upkeep.lock().ok()?;
        if let Some(kept) = sites.get_mut(site) {
            kept.comments += 1;
            if kept.comments < COMMENTS && kept.last.elapsed() < EVERY {
                return None;
            }
            *kept = Kept { last: Instant::now(), comments: 0, turn: kept.turn + 1 };
            return Some(kept.turn);
        }
        sites.put(site.clone(), Kept { last: Instant::now(), comments: 0, turn: 0 });
        Some(0)
    }
}

/// Some of the comments received so long ago that they may have expired. Held ones among them have not, so that each
/// turn looks somewhere else.
async fn old(connection: &Connection, keys: &Keys, oldest: i64, turn: u64) -> RedisResult<Vec<String>> {
    let (mut connection, index) = (connection.clone(), keys.all_by_time());
    let count: u64 = ::redis::cmd("ZCOUNT").arg(&index).arg("-inf").arg(oldest).query_async(&mut connection).await?;
    let turns = count.div_ceil(LOOKED_AT).max(1);
    let mut range = ::redis::cmd("ZRANGE");
    range.arg(&index).arg("-inf").arg(oldest).arg("BYSCORE").arg("LIMIT").arg(turn % turns * LOOKED_AT).arg(LOOKED_AT);
    range.query_async(&mut connection).await
}
