//! Tells the other servers which comments came here, and hears which came there, so that a campaign over many sites is
//! seen whichever servers it comes to. Beside the way of a comment, a second late at most, and bounded on both sides.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::streams::StreamReadReply;
use ::redis::{Pipeline, RedisResult, Value};

use super::Redis;
use super::millis::millis;
use crate::store::clock::ago;
use crate::store::near_duplicates::{MAX_UNSENT, Sighting, WINDOW};

/// How often.
const INTERVAL: Duration = Duration::from_millis(500);
/// How many messages are kept for servers that start later.
const MAX_MESSAGES: usize = 4_096;
/// How many are read at once.
const CHUNK: usize = 256;
/// The name of the field.
const FIELD: &str = "l";

/// Begins to tell and to hear, for as long as the store lives.
pub(super) fn start(redis: &Arc<Redis>) {
    let mut own = [0; 8];
    // A server that cannot tell itself from others would count twice; it had better say nothing.
    if getrandom::fill(&mut own).is_err() {
        return;
    }
    redis.near_duplicates.take_unsent();
    tokio::spawn(gossip(Arc::downgrade(redis), own));
}

async fn gossip(redis: Weak<Redis>, own: [u8; 8]) {
    let mut after = format!("{}-0", ago(WINDOW) / 1_000);
    let mut untold = Vec::new();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(redis) = redis.upgrade() else { return };
        if !redis.connection.is_connected() || redis.breaker.is_open("") {
            continue;
        }
        keep_newest(&mut untold, redis.near_duplicates.take_unsent());
        // What fails is told the next time; whoever needs Redis meets the same trouble and reports it.
        if redis.send_sightings(&own, &untold).await.is_ok() {
            untold.clear();
        }
        while let Ok(heard) = redis.receive_sightings(&own, &mut after).await {
            if heard < CHUNK {
                break;
            }
        }
    }
}

/// Adds what came, and drops the oldest beyond the bound: the node that keeps the stream may be away for long.
fn keep_newest(untold: &mut Vec<Sighting>, came: Vec<Sighting>) {
    untold.extend(came);
    untold.drain(..untold.len().saturating_sub(MAX_UNSENT));
}

impl Redis {
    fn gossip_key(&self) -> String {
        // No braces: it belongs to no site.
        format!("{}likes", self.prefix)
    }

    async fn send_sightings(&self, own: &[u8; 8], sightings: &[Sighting]) -> RedisResult<()> {
        if sightings.is_empty() {
            return Ok(());
        }
        let key = self.gossip_key();
        let mut tell = Pipeline::with_capacity(2);
        tell.cmd("XADD")
            .arg(&key)
            .arg("MAXLEN")
            .arg("~")
            .arg(MAX_MESSAGES)
            .arg("*")
            .arg(FIELD)
            .arg(encode(own, sightings))
            .ignore();
        tell.cmd("PEXPIRE").arg(&key).arg(millis(WINDOW)).ignore();
        tell.query_async(&mut self.connection.clone()).await
    }

    /// Counts what others told after a message, and tells how many messages there were.
    async fn receive_sightings(&self, own: &[u8; 8], after: &mut String) -> RedisResult<usize> {
        let mut read = ::redis::cmd("XREAD");
        read.arg("COUNT").arg(CHUNK).arg("STREAMS").arg(self.gossip_key()).arg(&*after);
        let reply: Option<StreamReadReply> = read.query_async(&mut self.connection.clone()).await?;
        let mut heard = 0;
        for message in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids) {
            heard += 1;
            if let Some(Value::BulkString(bytes)) = message.map.get(FIELD) {
                self.near_duplicates.add_remote(decode(own, bytes));
            }
            *after = message.id;
        }
        Ok(heard)
    }
}

/// Who tells, and then site and bands of each, as numbers of eight bytes.
fn encode(own: &[u8; 8], sightings: &[Sighting]) -> Vec<u8> {
    let numbers = sightings.iter().flat_map(|sighting| [sighting.site].into_iter().chain(sighting.bands));
    own.iter().copied().chain(numbers.flat_map(u64::to_be_bytes)).collect()
}

/// Reads back what another server wrote. What was written by oneself, or by a version that writes otherwise, is nothing.
fn decode(own: &[u8; 8], bytes: &[u8]) -> Vec<Sighting> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let Some((_, numbers)) = numbers.split_first().filter(|(by, _)| rest.is_empty() && *by != own) else { return Vec::new() };
    let numbers: Vec<u64> = numbers.iter().copied().map(u64::from_be_bytes).collect();
    let (sightings, _) = numbers.as_chunks::<{ 1 + crate::classify::BANDS }>();
    sightings.iter().map(|&[site, ref bands @ ..]| Sighting { site, bands: *bands }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_told_is_heard_or_passed_over(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(&[0; 8], &bytes).len() <= bytes.len() / 40);
        }
    }

    #[test]
    fn what_cannot_be_told_is_bounded_and_the_newest_is_kept() {
        let mut untold = Vec::new();
        for round in 0..10 {
            let came = (0..MAX_UNSENT as u64 / 3).map(|n| Sighting { site: round, bands: [n; 4] }).collect();
            keep_newest(&mut untold, came);
            assert!(untold.len() <= MAX_UNSENT);
        }
        assert_eq!((untold.len(), untold.last().map(|last| last.site)), (MAX_UNSENT, Some(9)));
        assert_eq!(untold.first().map(|first| first.site), Some(6));
    }

    #[test]
    fn what_others_tell_is_heard_and_ones_own_is_not() {
        let sightings = [Sighting { site: 7, bands: [1, 2, 3, 4] }, Sighting { site: 8, bands: [5, 6, 7, u64::MAX] }];
        let message = encode(&[1; 8], &sightings);
        assert_eq!(decode(&[2; 8], &message), sightings);
        assert_eq!(decode(&[1; 8], &message), []);
        assert_eq!(decode(&[2; 8], &message[..message.len() - 1]), []);
        assert_eq!(decode(&[2; 8], &[]), []);
    }
}
