//! Killed at any moment, nothing that was answered is lost.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gatepost::pb::Decision;

use crate::harness::{HOLD_ALL, Server, check, comment};

/// How often the server is killed. The issue of every kill is the same, so more only take longer.
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn no_answered_hold_is_lost_over_twenty_kills_under_load() {
    let mut server = Server::start_with(HOLD_ALL, &[]).await;
    let mut answered: HashMap<String, String> = HashMap::new();
    for kill in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..4 {
            let (mut host, stop) = (server.host(), stop.clone());
            callers.spawn(async move {
                let mut held = Vec::new();
                for call in 0.. {
                    let id = format!("k{kill}-{caller}-{call}");
                    match check(&mut host, comment(&id, "hello there")).await {
                        Ok(verdict) if verdict.decision() == Decision::Hold => held.push((id, verdict.verdict_id)),
                        // The kill: nothing was promised for this one.
                        _ => break,
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
                held
            });
        }
        // At another moment of the load each time.
        tokio::time::sleep(Duration::from_millis(15 + 7 * (kill as u64 % 5))).await;
        server.kill();
        stop.store(true, Ordering::Relaxed);
        answered.extend(callers.join_all().await.into_iter().flatten());
        server.start_again();
    }

    let kept = server.held().await;
    assert!(answered.len() > KILLS, "there was load: {}", answered.len());
    let lost: HashSet<_> = answered.iter().filter(|(id, verdict)| kept.get(*id) != Some(verdict)).collect();
    assert!(lost.is_empty(), "{} of {} answered comments are lost or changed: {lost:?}", lost.len(), answered.len());
}
