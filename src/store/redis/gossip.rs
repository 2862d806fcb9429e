//! Exchanges sightings of comments with other servers, so that a campaign across many sites is detected no matter which
//! servers receive it. The exchange uses a capped Redis stream, off the request path, with a delay of at most a second. Both
//! the stream and the queue of unsent sightings are bounded.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::streams::StreamReadReply;
use ::redis::{Pipeline, RedisResult, Value};

use super::Redis;
use super::millis::millis;
use crate::store::clock::ago;
use crate::store::near_duplicates::{MAX_UNSENT, Sighting, WINDOW};

/// Interval between exchanges.
const INTERVAL: Duration = Duration::from_millis(500);
/// Approximate maximum number of messages in the stream, which servers read when they start.
const MAX_MESSAGES: usize = 4_096;
/// Maximum number of messages read at once.
const CHUNK: usize = 256;
/// Name of the stream entries' only field.
const FIELD: &str = "l";

/// Starts a task that exchanges sightings until the store is dropped.
pub(super) fn start(redis: &Arc<Redis>) {
    let mut own_id = [0; 8];
    // Without an id of its own, a server would count its own sightings twice, so it takes no part.
    if getrandom::fill(&mut own_id).is_err() {
        return;
    }
    redis.near_duplicates.take_unsent();
    tokio::spawn(gossip(Arc::downgrade(redis), own_id));
}

async fn gossip(redis: Weak<Redis>, own_id: [u8; 8]) {
    let mut after = format!("{}-0", ago(WINDOW) / 1_000);
    let mut unsent = Vec::new();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(redis) = redis.upgrade() else { return };
        if !redis.connection.is_connected() || redis.breaker.is_open("") {
            continue;
        }
        keep_newest(&mut unsent, redis.near_duplicates.take_unsent());
        // Failed sightings are sent with the next exchange. Other commands report a failing Redis.
        if redis.send_sightings(&own_id, &unsent).await.is_ok() {
            unsent.clear();
        }
        while let Ok(received) = redis.receive_sightings(&own_id, &mut after).await {
            if received < CHUNK {
                break;
            }
        }
    }
}

/// Adds new sightings and drops the oldest above [`MAX_UNSENT`], because the stream may be unavailable for long.
fn keep_newest(unsent: &mut Vec<Sighting>, new: Vec<Sighting>) {
    unsent.extend(new);
    unsent.drain(..unsent.len().saturating_sub(MAX_UNSENT));
}

impl Redis {
    /// Returns the key of the stream.
    fn gossip_key(&self) -> String {
        // The key has no braces, because it belongs to no site.
        format!("{}likes", self.prefix)
    }

    /// Appends sightings to the stream, which expires after [`WINDOW`].
    async fn send_sightings(&self, own_id: &[u8; 8], sightings: &[Sighting]) -> RedisResult<()> {
        if sightings.is_empty() {
            return Ok(());
        }
        let key = self.gossip_key();
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline
            .cmd("XADD")
            .arg(&key)
            .arg("MAXLEN")
            .arg("~")
            .arg(MAX_MESSAGES)
            .arg("*")
            .arg(FIELD)
            .arg(encode(own_id, sightings))
            .ignore();
        pipeline.cmd("PEXPIRE").arg(&key).arg(millis(WINDOW)).ignore();
        pipeline.query_async(&mut self.connection.clone()).await
    }

    /// Counts the sightings that other servers sent after a message. Returns the number of messages read.
    async fn receive_sightings(&self, own_id: &[u8; 8], after: &mut String) -> RedisResult<usize> {
        let mut command = ::redis::cmd("XREAD");
        command.arg("COUNT").arg(CHUNK).arg("STREAMS").arg(self.gossip_key()).arg(&*after);
        let reply: Option<StreamReadReply> = command.query_async(&mut self.connection.clone()).await?;
        let mut received = 0;
        for message in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids) {
            received += 1;
            if let Some(Value::BulkString(bytes)) = message.map.get(FIELD) {
                self.near_duplicates.add_remote(decode(own_id, bytes));
            }
            *after = message.id;
        }
        Ok(received)
    }
}

/// Encodes the sender's id, followed by site and bands of each sighting, as big-endian numbers of eight bytes.
fn encode(own_id: &[u8; 8], sightings: &[Sighting]) -> Vec<u8> {
    let numbers = sightings.iter().flat_map(|sighting| [sighting.site].into_iter().chain(sighting.bands));
    own_id.iter().copied().chain(numbers.flat_map(u64::to_be_bytes)).collect()
}

/// Decodes the sightings of another server. Returns none for a message of this server or of an unknown format.
fn decode(own_id: &[u8; 8], bytes: &[u8]) -> Vec<Sighting> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let Some((_, numbers)) = numbers.split_first().filter(|(sender, _)| rest.is_empty() && *sender != own_id) else {
        return Vec::new();
    };
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
        let mut unsent = Vec::new();
        for round in 0..10 {
            let new = (0..MAX_UNSENT as u64 / 3).map(|n| Sighting { site: round, bands: [n; 4] }).collect();
            keep_newest(&mut unsent, new);
            assert!(unsent.len() <= MAX_UNSENT);
        }
        assert_eq!((unsent.len(), unsent.last().map(|last| last.site)), (MAX_UNSENT, Some(9)));
        assert_eq!(unsent.first().map(|first| first.site), Some(6));
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
