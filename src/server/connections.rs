//! The open connections, and the choice of one to close when the maximum is reached.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::grpc::ConnectionUse;

/// Maximum time that a new connection waits for those that were asked to close.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The set of open connections. Clones share it.
#[derive(Clone)]
pub struct OpenConnections {
    max_connections: usize,
    table: Arc<Mutex<ConnectionTable>>,
    /// A permit for each connection that may still be opened.
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

/// The place of an open connection, which is freed when this is dropped.
pub struct ConnectionPlace {
    open: OpenConnections,
    id: u64,
    state: ConnectionUse,
    leave: Arc<Notify>,
    _permit: Option<tokio::sync::OwnedSemaphorePermit>,
}

impl OpenConnections {
    /// Returns a set that holds at most `max_connections` connections.
    pub fn new(max_connections: u32) -> Self {
        let max_connections = usize::try_from(max_connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS / 2);
        // Twice as many, since connections that were asked to close may still be open when the next ones arrive.
        Self { max_connections, table: Arc::default(), closed: Arc::new(Semaphore::new(2 * max_connections)) }
    }

    /// Takes a place for a connection. If all are taken, asks a connection without open calls to close: the oldest one of the
    /// address that has the most, so that clients with many connections close their own. Waits while many connections are
    /// still closing. Returns `None` if all connections are in use.
    pub async fn take(&self, ip: IpAddr) -> Option<ConnectionPlace> {
        let permit = timeout(MAX_WAIT, Arc::clone(&self.closed).acquire_owned()).await.ok()?.ok()?;
        let mut table = self.table.lock().ok()?;
        if table.connections.len() >= self.max_connections {
            let mut by_address: HashMap<IpAddr, usize> = HashMap::new();
            for peer in table.connections.values() {
                *by_address.entry(peer.ip).or_default() += 1;
            }
            let idle = table.connections.iter().filter(|(_, peer)| !peer.state.is_busy());
            // Numbers only rise, so the lowest is the oldest.
            let (id, _) = idle.max_by_key(|(id, peer)| (by_address.get(&peer.ip), std::cmp::Reverse(**id)))?;
            let id = *id;
            if let Some(peer) = table.connections.remove(&id) {
                peer.leave.notify_one();
            }
        }
        table.newest += 1;
        let (id, state, leave) = (table.newest, ConnectionUse::default(), Arc::new(Notify::new()));
        let peer = OpenConnection { ip, state: state.clone(), leave: Arc::clone(&leave) };
        table.connections.insert(id, peer);
        drop(table);
        Some(ConnectionPlace { open: self.clone(), id, state, leave, _permit: Some(permit) })
    }

    /// Waits until no connection is open.
    pub async fn all_closed(&self) {
        let all = u32::try_from(2 * self.max_connections).unwrap_or(u32::MAX);
        // The semaphore is never closed, so this cannot fail.
        let _ = self.closed.acquire_many(all).await;
    }
}

impl ConnectionPlace {
    /// Returns the count of the connection's open calls.
    pub fn connection(&self) -> ConnectionUse {
        self.state.clone()
    }

    /// Waits until the connection is asked to close.
    pub async fn close_requested(&self) {
        self.leave.notified().await;
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        if let Ok(mut table) = self.open.table.lock() {
            table.connections.remove(&self.id);
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
