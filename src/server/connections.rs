//! The connections that are open, and which of them makes room when there are as many as there may be.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::grpc::ConnectionUse;

/// How long a new connection waits for those that were told to leave.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// All open connections. Clones share them.
#[derive(Clone)]
pub struct OpenConnections {
    max_connections: usize,
    table: Arc<Mutex<ConnectionTable>>,
    /// A permit for each connection that is not open.
    closed: Arc<Semaphore>,
}

#[derive(Default)]
struct ConnectionTable {
    newest: u64,
    connections: HashMap<u64, OpenConnection>,
}

struct OpenConnection {
    ip: IpAddr,
    state: ConnectionUse,
    leave: Arc<Notify>,
}

/// A connection's place. Given back when it is dropped.
pub struct ConnectionPlace {
    open: OpenConnections,
    number: u64,
    state: ConnectionUse,
    leave: Arc<Notify>,
    _permit: Option<tokio::sync::OwnedSemaphorePermit>,
}

impl OpenConnections {
    /// Lets so many connections be open at once.
    pub fn new(most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS / 2);
        // Those that were told to leave have not all left when the next come.
        Self { max_connections: most, table: Arc::default(), closed: Arc::new(Semaphore::new(2 * most)) }
    }

    /// Takes a place for a connection. When all are taken, one on which nobody has a call open that was let in makes room:
    /// the oldest of the address that has most of them, so that whoever opens many closes his own. Waits while many are
    /// still leaving. Returns `None` if all are in use.
    pub async fn take(&self, ip: IpAddr) -> Option<ConnectionPlace> {
        let permit = timeout(MAX_WAIT, Arc::clone(&self.closed).acquire_owned()).await.ok()?.ok()?;
        let mut known = self.table.lock().ok()?;
        if known.connections.len() >= self.max_connections {
            let mut by_address: HashMap<IpAddr, usize> = HashMap::new();
            for peer in known.connections.values() {
                *by_address.entry(peer.ip).or_default() += 1;
            }
            let idle = known.connections.iter().filter(|(_, peer)| !peer.state.is_busy());
            // Numbers rise, so that the lowest is the oldest.
            let (number, _) = idle.max_by_key(|(number, peer)| (by_address.get(&peer.ip), std::cmp::Reverse(**number)))?;
            let number = *number;
            if let Some(peer) = known.connections.remove(&number) {
                peer.leave.notify_one();
            }
        }
        known.newest += 1;
        let (number, state, leave) = (known.newest, ConnectionUse::default(), Arc::new(Notify::new()));
        let peer = OpenConnection { ip, state: state.clone(), leave: Arc::clone(&leave) };
        known.connections.insert(number, peer);
        drop(known);
        Some(ConnectionPlace { open: self.clone(), number, state, leave, _permit: Some(permit) })
    }

    /// Waits until no connection is open.
    pub async fn all_closed(&self) {
        let all = u32::try_from(2 * self.max_connections).unwrap_or(u32::MAX);
        // It is never closed.
        let _ = self.closed.acquire_many(all).await;
    }
}

impl ConnectionPlace {
    /// Returns the connection as its calls know it.
    pub fn connection(&self) -> ConnectionUse {
        self.state.clone()
    }

    /// Waits until the connection has to make room for another.
    pub async fn close_requested(&self) {
        self.leave.notified().await;
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        if let Ok(mut known) = self.open.table.lock() {
            known.connections.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));
    const BLOG: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));

    async fn leaves(place: &ConnectionPlace) -> bool {
        tokio::time::timeout(Duration::from_millis(10), place.close_requested()).await.is_ok()
    }

    #[tokio::test]
    async fn whoever_opens_many_connections_closes_his_own() {
        let open = OpenConnections::new(4);
        let blog = open.take(BLOG).await.unwrap();
        let mut flood = Vec::new();
        for _ in 0..3 {
            flood.push(open.take(FLOOD).await.unwrap());
        }
        let _more = open.take(FLOOD).await.unwrap();
        assert!(leaves(&flood[0]).await);
        assert!(!leaves(&blog).await);
        assert!(!leaves(&flood[1]).await);
    }

    #[tokio::test]
    async fn a_connection_in_use_is_not_closed_for_another() {
        let open = OpenConnections::new(1);
        let blog = open.take(BLOG).await.unwrap();
        let call = blog.connection().count_call();
        assert!(open.take(FLOOD).await.is_none());
        drop(call);
        assert!(open.take(FLOOD).await.is_some());
        assert!(leaves(&blog).await);
    }

    #[tokio::test]
    async fn a_new_connection_waits_for_those_that_leave() {
        let open = OpenConnections::new(1);
        let (first, second) = (open.take(FLOOD).await.unwrap(), open.take(FLOOD).await.unwrap());
        let third = open.take(BLOG);
        let leaving = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(first);
        };
        let (third, ()) = tokio::join!(third, leaving);
        assert!(third.is_some());
        drop(second);
    }
}
