//! One request at a time works on an upload; the newest asks the one before it to leave.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::catalogue::UploadId;

/// So long a request waits for the one before it to make durable what it holds.
const WAIT: Duration = Duration::from_secs(15);

/// Whose turn it is, upload by upload, in this process. Across processes the ledger's compare-and-set decides.
///
/// A client whose connection was cut comes back before the server has noticed: without the hand-over it would be told
/// an offset that the old request is about to move, and send those bytes again.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    uploads: Mutex<HashMap<UploadId, Arc<Turn>>>,
}

#[derive(Debug, Default)]
struct Turn {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// Raised when the holder should make way.
    leave: Mutex<CancellationToken>,
    waiting: AtomicUsize,
}

/// A turn that is being taken; it ends when this is dropped.
pub(super) struct Held {
    id: UploadId,
    turns: Arc<Turns>,
    turn: Arc<Turn>,
    /// Raised when another request waits.
    pub(super) leave: CancellationToken,
    _guard: OwnedMutexGuard<()>,
}

impl Turns {
    /// Waits for the turn, asking its holder to leave.
    pub(super) async fn take(self: &Arc<Self>, id: UploadId) -> Result<Held, Error> {
        let turn = self.locked().entry(id).or_default().clone();
        turn.waiting.fetch_add(1, Ordering::SeqCst);
        lock(&turn.leave).cancel();
        let got = tokio::time::timeout(WAIT, turn.lock.clone().lock_owned()).await;
        let others = turn.waiting.fetch_sub(1, Ordering::SeqCst) - 1;
        let guard = got.map_err(|_| Error::UploadBusy)?;
        let leave = CancellationToken::new();
        *lock(&turn.leave) = leave.clone();
        if others > 0 || turn.waiting.load(Ordering::SeqCst) > 0 {
            // They asked the holder before this one.
            leave.cancel();
        }
        Ok(Held {
            id,
            turns: self.clone(),
            turn,
            leave,
            _guard: guard,
        })
    }

    /// Whether any turn is being taken.
    #[cfg(test)]
    pub(crate) fn is_taken(&self) -> bool {
        !self.locked().is_empty()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<UploadId, Arc<Turn>>> {
        lock(&self.uploads)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut uploads = self.turns.locked();
        // The map's and this one: nobody waits.
        if Arc::strong_count(&self.turn) == 2 {
            uploads.remove(&self.id);
        }
    }
}

/// What a panic left is still what it was: the values are replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_is_let_in_when_the_holder_leaves() {
        let turns = Arc::new(Turns::default());
        let id = UploadId::fresh();
        let first = turns.take(id).await.unwrap();
        assert!(!first.leave.is_cancelled());
        let holder = tokio::spawn(async move {
            first.leave.cancelled().await;
        });
        let second = turns.take(id).await.unwrap();
        holder.await.unwrap();
        let other = turns.take(UploadId::fresh()).await.unwrap();
        assert!(!second.leave.is_cancelled() && !other.leave.is_cancelled());
        drop((second, other));
        assert!(turns.locked().is_empty());
    }

    #[tokio::test]
    async fn of_several_that_wait_each_makes_way_for_the_next() {
        let turns = Arc::new(Turns::default());
        let id = UploadId::fresh();
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let turns = turns.clone();
            crowd.spawn(async move {
                let held = turns.take(id).await.unwrap();
                // Nobody leaves of their own accord but the last, after whom nobody comes.
                let _ =
                    tokio::time::timeout(Duration::from_millis(500), held.leave.cancelled()).await;
            });
        }
        tokio::time::timeout(Duration::from_secs(10), crowd.join_all())
            .await
            .unwrap();
        assert!(turns.locked().is_empty());
    }
}
